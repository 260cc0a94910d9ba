"""The parameters, or their gradients, as the kernels take them: views into a flat array, by sublayer.

Kernels know one case only, so a map without a bias gets one of zeros, and the gradient of such a bias goes where nobody
reads it. The same holds for the gain and shift of a final LayerNorm that is not there.
"""

from typing import NamedTuple

import numpy as np

from model import parameters
from model.config import TransformerConfig

Array = np.ndarray


class AttentionWeights(NamedTuple):
    """LayerNorm's gain and shift (C,), qkv (C, 3 C) and output (C, C) with biases."""

    gain: Array
    shift: Array
    qkv: Array
    qkv_bias: Array
    output: Array
    output_bias: Array


class MlpWeights(NamedTuple):
    """LayerNorm's gain and shift (C,), up (C, F) and down (F, C) with biases."""

    gain: Array
    shift: Array
    up: Array
    up_bias: Array
    down: Array
    down_bias: Array


class HeadWeights(NamedTuple):
    """LayerNorm's gain and shift (C,), output (C, V) with its bias, and zeros (C,)."""

    gain: Array
    shift: Array
    output: Array
    output_bias: Array
    no_bias: Array


class EmbeddingWeights(NamedTuple):
    """The table or the map of vectors (inputs, C), and the map's bias."""

    weight: Array
    bias: Array


class Weights:
    """All sublayers' views into `flat`, shape (N,)."""

    def __init__(self, config: TransformerConfig, flat: Array) -> None:
        C, F, V, layers = config.width, config.hidden, config.outputs, range(config.layers)
        blocks, absent = parameters.blocks(config, flat), np.zeros(max(3 * C, F, V), flat.dtype)

        def linear(name: str, columns: int) -> tuple[Array, Array]:
            return blocks[f"{name}.weight"], blocks.get(f"{name}.bias", absent[:columns])

        def norm(name: str) -> tuple[Array, Array]:
            return blocks.get(f"{name}.weight", absent[:C]), blocks.get(f"{name}.bias", absent[:C])

        def attention(name: str) -> AttentionWeights:
            maps = (*linear(f"{name}.qkv", 3 * C), *linear(f"{name}.output", C))
            return AttentionWeights(*norm(f"{name}_norm"), *maps)

        def mlp(name: str) -> MlpWeights:
            return MlpWeights(*norm(f"{name}_norm"), *linear(f"{name}.up", F), *linear(f"{name}.down", C))

        self.embedding = EmbeddingWeights(*linear("embedding", C))
        self.attention = [attention(f"layers.{layer}.attention") for layer in layers]
        self.mlp = [mlp(f"layers.{layer}.mlp") for layer in layers]
        self.head = HeadWeights(*norm("final_norm"), *linear("output", V), absent[:C])
