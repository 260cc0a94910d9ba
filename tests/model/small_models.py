"""Small transformers of every variant, with parameters and batches that exercise every term."""

from typing import NamedTuple

import numpy as np

from model import Transformer, TransformerConfig

_SIZES = {"layers": 2, "width": 8, "heads": 2, "hidden": 12, "length": 7}
_REAL = {"input_kind": "vectors", "loss": "squared", "inputs": 4, "outputs": 1}

VARIANTS = {
    "dice": TransformerConfig(inputs=6, outputs=5, **_SIZES),
    "regression": TransformerConfig(activation="gelu", final_norm=True, attention_bias=True, **_REAL, **_SIZES),
    "without-biases": TransformerConfig(
        inputs=5, outputs=5, activation="gelu", final_norm=True, mlp_bias=False, output_bias=False, **_SIZES
    ),
    "vectors-to-symbols": TransformerConfig(inputs=3, outputs=4, input_kind="vectors", attention_bias=True, **_SIZES),
    "one-head": TransformerConfig(inputs=3, outputs=3, layers=1, width=6, heads=1, hidden=5, length=7),
}


class Arrays(NamedTuple):
    inputs: np.ndarray
    targets: np.ndarray
    positions: np.ndarray


def arrays_for(config, sequences=3, length=None, seed=0):
    """A batch; the squared loss predicts at every other position, as regression does."""
    rng = np.random.default_rng(seed)
    length = length or config.length
    if config.input_kind == "tokens":
        inputs = rng.integers(config.inputs, size=(sequences, length))
    else:
        inputs = rng.standard_normal((sequences, length, config.inputs)).astype(np.float32)
    positions = np.arange(0, length, 2 if config.loss == "squared" else 1)
    if config.loss == "squared":
        targets = rng.standard_normal((sequences, len(positions))).astype(np.float32)
    else:
        targets = rng.integers(config.outputs, size=(sequences, len(positions)))
    return Arrays(inputs, targets, positions)


def model_for(config, backend="numpy", dtype=np.float64, spread=0.4):
    """A transformer far from its initial values, so that no gradient is small and no gain is one."""
    model = Transformer(config, seed=1, backend=backend, dtype=dtype)
    model.buffer[:] += spread * np.random.default_rng(2).standard_normal(model.buffer.shape)
    return model
