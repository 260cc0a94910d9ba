"""The parameters as the compiled network reads them, made once per pass, and its gradients turned back.

Each LayerNorm's gain and bias, and attention's 1 / sqrt(D), are folded into the weights behind them
(`model.kernels.folding`); query, key and value stand side by side as one matrix; every matrix has its transpose beside
it for the backward products. Maps without a bias get one of zeros, so that kernels know one case only.

A lane's gradients have the layout of the folded weights, as views into one flat array.
"""

import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from model import kernels
from model import parameters as layout
from model.buffers import aligned
from model.config import TransformerConfig

Array = np.ndarray


class AttentionWeights(NamedTuple):
    """qkv (C, 3 C) and output (C, C), with biases and transposes."""

    qkv: Array
    qkv_bias: Array
    qkv_transposed: Array
    output: Array
    output_bias: Array
    output_transposed: Array


class AttentionGradients(NamedTuple):
    """Gradients of `AttentionWeights`."""

    qkv: Array
    qkv_bias: Array
    output: Array
    output_bias: Array


class MlpWeights(NamedTuple):
    """up (C, F) and down (F, C), with biases and transposes."""

    up: Array
    up_bias: Array
    up_transposed: Array
    down: Array
    down_bias: Array
    down_transposed: Array


class MlpGradients(NamedTuple):
    """Gradients of `MlpWeights`."""

    up: Array
    up_bias: Array
    down: Array
    down_bias: Array


class HeadWeights(NamedTuple):
    """output (C, V), with its bias and transpose, and zeros (C,)."""

    output: Array
    output_bias: Array
    output_transposed: Array
    no_bias: Array


class HeadGradients(NamedTuple):
    """Gradients of `HeadWeights`."""

    output: Array
    output_bias: Array


class EmbeddingWeights(NamedTuple):
    """The table or the map of vectors (inputs, C), and the map's bias."""

    weight: Array
    bias: Array


class EmbeddingGradients(NamedTuple):
    """Gradients of `EmbeddingWeights`."""

    weight: Array
    bias: Array


class FoldedGradients:
    """Gradients of the folded weights; `flat` holds them all."""

    def __init__(self, config: TransformerConfig, dtype: np.dtype[Any]) -> None:
        C, F, V = config.width, config.hidden, config.outputs
        attention, mlp = ((C, 3 * C), (3 * C,), (C, C), (C,)), ((C, F), (F,), (F, C), (C,))
        ends = ((C, V), (V,), (config.inputs, C), (C,))
        shapes = (*(attention + mlp) * config.layers, *ends)
        edges = np.cumsum([0, *(math.prod(shape) for shape in shapes)])
        self.flat = aligned(int(edges[-1]), dtype)
        parts = [self.flat[a:b].reshape(shape) for (a, b), shape in zip(pairwise(edges), shapes, strict=True)]
        layers = [parts[8 * layer :][:8] for layer in range(config.layers)]
        self.attention = [AttentionGradients(*layer[:4]) for layer in layers]
        self.mlp = [MlpGradients(*layer[4:]) for layer in layers]
        self.head, self.embedding = HeadGradients(*parts[-4:-2]), EmbeddingGradients(*parts[-2:])


class _Map(NamedTuple):
    """A linear map behind a LayerNorm (or none), and where it stands in the folded weights."""

    name: str
    norm: str | None
    factor: float
    start: int
    folded: Array
    bias: Array
    gradient: Callable[[FoldedGradients], tuple[Array, Array]]


class Folded:
    """The folded weights of one model; `refresh` after its parameters may have changed."""

    def __init__(self, config: TransformerConfig, parameters: Mapping[str, Array]) -> None:
        self.config = config
        self._parameters = parameters
        self._dtype = parameters["output.weight"].dtype
        C, F, V = config.width, config.hidden, config.outputs
        self._gradient = np.zeros(layout.size(config), self._dtype)
        self._gradients = layout.views(config, self._gradient)
        self._zeros = np.zeros(max(C, F, V), self._dtype)
        self._ones, self._ignored = np.ones_like(self._zeros), np.empty_like(self._zeros)
        self.attention: list[AttentionWeights] = []
        self.mlp: list[MlpWeights] = []
        self._maps: list[_Map] = []
        self._copies: list[tuple[str, Callable[[FoldedGradients], tuple[Array, Array]]]] = []
        for layer in range(config.layers):
            self._add_layer(layer, f"layers.{layer}")
        self.head = HeadWeights(*self._folded(C, V), self._zeros[:C])
        norm = "final_norm" if config.final_norm else None
        self._maps.append(_Map("output", norm, 1.0, 0, *self.head[:2], lambda d: d.head))
        self.embedding = EmbeddingWeights(parameters["embedding.weight"], self._bias("embedding", C))
        self._copies.append(("embedding", lambda d: d.embedding))

    def _add_layer(self, layer: int, name: str) -> None:
        C, F = self.config.width, self.config.hidden
        attention = AttentionWeights(*self._folded(C, 3 * C), *self._plain(f"{name}.attention.output", C, C))
        mlp = MlpWeights(*self._folded(C, F), *self._plain(f"{name}.mlp.down", F, C))
        self.attention.append(attention)
        self.mlp.append(mlp)
        for i, part in enumerate(("query", "key", "value")):
            factor = self.config.head_size**-0.5 if part == "query" else 1.0
            place = (factor, i * C, *attention[:2], lambda d: d.attention[layer][:2])
            self._maps.append(_Map(f"{name}.attention.{part}", f"{name}.attention_norm", *place))
        self._maps.append(_Map(f"{name}.mlp.up", f"{name}.mlp_norm", 1.0, 0, *mlp[:2], lambda d: d.mlp[layer][:2]))
        self._copies.append((f"{name}.attention.output", lambda d: d.attention[layer][2:]))
        self._copies.append((f"{name}.mlp.down", lambda d: d.mlp[layer][2:]))

    def refresh(self) -> None:
        """Read the parameters again."""
        number = self._dtype.type
        for m in self._maps:
            weight, gain, shift = self._arguments(m)
            bias = self._bias(m.name, weight.shape[1])
            kernels.fold(weight, bias, gain, shift, number(m.factor), m.start, m.folded, m.bias)
        for attention, mlp in zip(self.attention, self.mlp, strict=True):
            kernels.transpose(attention.qkv, attention.qkv_transposed)
            kernels.transpose(attention.output, attention.output_transposed)
            kernels.transpose(mlp.up, mlp.up_transposed)
            kernels.transpose(mlp.down, mlp.down_transposed)
        kernels.transpose(self.head.output, self.head.output_transposed)

    def unfold(self, folded: FoldedGradients) -> Array:
        """Return the gradients of the parameters, laid out as their buffer; valid until the next call."""
        number, gradients = self._dtype.type, self._gradients
        for name, gradient in gradients.items():
            if name.rsplit(".", 1)[0].endswith("norm"):
                gradient[...] = 0.0
        for m in self._maps:
            weight, gain, shift = self._arguments(m)
            dgain, dshift = self._ignored, self._ignored
            if m.norm is not None:
                dgain, dshift = gradients[f"{m.norm}.weight"], gradients[f"{m.norm}.bias"]
            dbias = gradients.get(f"{m.name}.bias", self._ignored[:0])
            target = (gradients[f"{m.name}.weight"], dbias, dgain, dshift)
            kernels.unfold(weight, gain, shift, number(m.factor), m.start, *m.gradient(folded), *target)
        for name, find in self._copies:
            dweight, dbias = find(folded)
            gradients[f"{name}.weight"][...] = dweight
            if f"{name}.bias" in gradients:
                gradients[f"{name}.bias"][...] = dbias
        return self._gradient

    def _arguments(self, m: _Map) -> tuple[Array, Array, Array]:
        weight = self._parameters[f"{m.name}.weight"]
        if m.norm is None:
            return weight, self._ones[: len(weight)], self._zeros[: len(weight)]
        return weight, self._parameters[f"{m.norm}.weight"], self._parameters[f"{m.norm}.bias"]

    def _folded(self, rows: int, columns: int) -> tuple[Array, Array, Array]:
        sizes = ((rows, columns), (columns,), (columns, rows))
        weight, bias, transposed = (aligned(math.prod(shape), self._dtype).reshape(shape) for shape in sizes)
        return weight, bias, transposed

    def _plain(self, name: str, rows: int, columns: int) -> tuple[Array, Array, Array]:
        transposed = aligned(rows * columns, self._dtype).reshape(columns, rows)
        return self._parameters[f"{name}.weight"], self._bias(name, columns), transposed

    def _bias(self, name: str, size: int) -> Array:
        return self._parameters.get(f"{name}.bias", self._zeros[:size])
