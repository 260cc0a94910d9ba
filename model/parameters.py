"""Names, shapes, places and initial values of the parameters, all views into one contiguous buffer.

A weight is stored (in, out): a linear map is ``x @ weight + bias``. The mapping lists tensors in the order the network
uses them, under the names a reader of GPT-2 or nanoGPT expects::

    embedding.weight (V_in, C)   embedding.bias (C,) for vector inputs
    layers.l.attention_norm.{weight, bias} (C,)
    layers.l.attention.{query, key, value, output}.weight (C, C), .bias (C,) if attention_bias
    layers.l.mlp_norm.{weight, bias} (C,)
    layers.l.mlp.up.weight (C, F), .bias (F,)     layers.l.mlp.down.weight (F, C), .bias (C,)   biases if mlp_bias
    final_norm.{weight, bias} (C,) if final_norm
    output.weight (C, V), output.bias (V,) if output_bias

In the buffer the matrices of the layers come first, then embedding and output, then vectors, so that what an optimizer
treats alike is one piece: weight decay acts on matrices only, which are a prefix. Query, key and value of a layer stand
side by side in one block, ``layers.l.attention.qkv.weight`` (C, 3 C), so that one product makes all three; their views
are columns of it.

Initial values are the defaults of PyTorch's modules, which is what "trained from scratch" means where a paper says no
more: embedding tables standard normal; weight and bias of a linear map uniform on [-1, 1] / sqrt(inputs of the map);
LayerNorm gains one and biases zero. The size of the embedding beside everything else shapes the states of an untrained
network, so the choice matters to what is compared with one. Each tensor has
a random stream of its own, ``SeedSequence(seed, spawn_key=(CRC-32 of "model parameters", CRC-32 of its name))``.
"""

import math
import zlib
from collections.abc import Iterator, Mapping

import numpy as np
from jaxtyping import Float
from numpy.typing import DTypeLike

from model.config import TransformerConfig

_PURPOSE = zlib.crc32(b"model parameters")


def _block_shapes(config: TransformerConfig) -> Iterator[tuple[str, tuple[int, ...]]]:
    C, F = config.width, config.hidden
    yield from _linear("embedding", config.inputs, C, bias=config.input_kind == "vectors")
    for layer in range(config.layers):
        yield from _norm(f"layers.{layer}.attention_norm", C)
        yield from _linear(f"layers.{layer}.attention.qkv", C, 3 * C, config.attention_bias)
        yield from _linear(f"layers.{layer}.attention.output", C, C, config.attention_bias)
        yield from _norm(f"layers.{layer}.mlp_norm", C)
        yield from _linear(f"layers.{layer}.mlp.up", C, F, config.mlp_bias)
        yield from _linear(f"layers.{layer}.mlp.down", F, C, config.mlp_bias)
    if config.final_norm:
        yield from _norm("final_norm", C)
    yield from _linear("output", C, config.outputs, config.output_bias)


def _linear(name: str, rows: int, columns: int, bias: bool) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{name}.weight", (rows, columns)
    if bias:
        yield f"{name}.bias", (columns,)


def _norm(name: str, width: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{name}.weight", (width,)
    yield f"{name}.bias", (width,)


def size(config: TransformerConfig) -> int:
    """Return the number of parameters."""
    return sum(math.prod(shape) for _, shape in _block_shapes(config))


def matrix_size(config: TransformerConfig) -> int:
    """Return how many parameters belong to matrices: the prefix of the buffer on which weight decay acts."""
    return sum(math.prod(shape) for _, shape in _block_shapes(config) if len(shape) == 2)


def hidden_size(config: TransformerConfig) -> int:
    """Return how many parameters belong to matrices of the layers: a prefix of the matrices."""
    return sum(math.prod(shape) for name, shape in _block_shapes(config) if _rank(name, shape) == 0)


def _rank(name: str, shape: tuple[int, ...]) -> int:
    """Return what comes first in the buffer: 0 matrices of the layers, 1 other matrices, 2 vectors."""
    return 2 if len(shape) == 1 else int(not name.startswith("layers."))


def blocks(config: TransformerConfig, buffer: Float[np.ndarray, " N"]) -> dict[str, Float[np.ndarray, "..."]]:
    """Return the contiguous blocks of `buffer` by name, in the order the network uses them.

    A prefix of a buffer has those blocks that fill it.
    """
    shapes = dict(_block_shapes(config))
    found, offset = {}, 0
    for name in sorted(shapes, key=lambda name: _rank(name, shapes[name])):
        if offset < buffer.size:
            found[name] = buffer[offset:][: math.prod(shapes[name])].reshape(shapes[name])
            offset += found[name].size
    return {name: found[name] for name in shapes if name in found}


def views(config: TransformerConfig, buffer: Float[np.ndarray, " N"]) -> dict[str, Float[np.ndarray, "..."]]:
    """Return each parameter's view into `buffer`, or a prefix of one, by name in the order the network uses them."""
    found: dict[str, Float[np.ndarray, ...]] = {}
    for name, block in blocks(config, buffer).items():
        parts = ("query", "key", "value") if ".qkv." in name else ("",)
        columns = np.split(block, len(parts), axis=-1)
        found |= {name.replace("qkv", part): view for part, view in zip(parts, columns, strict=True)}
    return found


def shapes(config: TransformerConfig) -> dict[str, tuple[int, ...]]:
    """Return the shape of every parameter by name, in the order of `views`."""
    return {name: view.shape for name, view in views(config, np.empty(size(config))).items()}


def flatten(config: TransformerConfig, tensors: Mapping[str, Float[np.ndarray, "..."]]) -> Float[np.ndarray, " N"]:
    """Return a fresh buffer that holds `tensors`; the inverse of `views`."""
    buffer = np.empty(size(config), next(iter(tensors.values())).dtype)
    for name, view in views(config, buffer).items():
        view[...] = tensors[name]
    return buffer


def initialise(config: TransformerConfig, seed: int, dtype: DTypeLike) -> Float[np.ndarray, " N"]:
    """Return the buffer of initial values; drawn in float64 and rounded, so every dtype starts from the same point."""
    buffer = np.zeros(size(config), dtype)
    named = views(config, buffer)
    for name, view in named.items():
        part, kind = name.rsplit(".", 1)
        if part.endswith("norm"):
            view[...] = 1.0 if kind == "weight" else 0.0
        elif part == "embedding" and config.input_kind == "tokens":
            view[...] = _stream(seed, name).standard_normal(view.shape)
        else:
            bound = 1 / math.sqrt(len(named[f"{part}.weight"]))
            view[...] = _stream(seed, name).uniform(-bound, bound, view.shape)
    return buffer


def _stream(seed: int, name: str) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_PURPOSE, zlib.crc32(name.encode()))))
