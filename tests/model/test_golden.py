"""A stored loss trajectory: any change of the function, its gradient, the optimizer or the schedule shows here.

Parameters and batches are closed formulas, so no random generator is involved. Losses are those of the float64
reference; both backends must follow them to 1e-9 over 30 updates (float64 sums in another order differ by 1e-16 a
step, which training amplifies by orders of magnitude), the float32 backend to 1e-3.

After a deliberate change, write the file anew with

    python tests/model/test_golden.py
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_models import VARIANTS, Arrays

from model import TrainingConfig, Transformer, train

GOLDEN = Path(__file__).with_name("golden_losses.json")
NAMES = ("dice", "regression", "dice muon")
TRAINING = TrainingConfig(steps=30, peak_rate=0.01, weight_decay=0.1, clip_norm=1.0, record_every=1)


def batch(config, step):
    row, column = np.arange(4)[:, None], np.arange(config.length)
    if config.input_kind == "tokens":
        inputs = (row * row + column * (row + 1) + 3 * step) % config.inputs
    else:
        inputs = np.cos(1.0 + row[..., None] + 2.0 * column[:, None] * np.arange(1, config.inputs + 1) + step)
    positions = np.arange(1, config.length)
    if config.loss == "squared":
        return Arrays(inputs, np.sin(1.0 + row + positions + step), positions)
    return Arrays(inputs, (row + positions * (row + 2) + step) % config.outputs, positions)


def losses(name, backend, dtype):
    config, training = VARIANTS[name.split()[0]], replace(TRAINING, optimizer="muon" if "muon" in name else "adamw")
    model = Transformer(config, backend=backend, dtype=dtype)
    for name, value in model.parameters.items():
        value[...] = 0.3 * np.sin(len(name) + 7.0 * np.arange(value.size)).reshape(value.shape)
        if name.endswith("norm.weight"):
            value[...] += 1.0
    return [record.loss for record in train(model, lambda step: batch(config, step), training).records]


@pytest.mark.parametrize(
    ("backend", "dtype", "tolerance"),
    [("numpy", np.float64, 1e-9), ("numba", np.float64, 1e-9), ("numba", np.float32, 1e-3)],
)
@pytest.mark.parametrize("name", NAMES)
def test_training_follows_the_stored_losses(name, backend, dtype, tolerance):
    stored = json.loads(GOLDEN.read_text())[name]
    np.testing.assert_allclose(losses(name, backend, dtype), stored, rtol=tolerance)


def write():
    stored = {name: losses(name, "numpy", np.float64) for name in NAMES}
    GOLDEN.write_text(json.dumps(stored, indent=1) + "\n")


if __name__ == "__main__":
    write()
