"""The memory of one thread of the compiled network: what a forward keeps for the backward, and room to work in.

Everything is allocated for a number of positions and a length of sequences, and used again for every chunk that fits.
A forward that is not differentiated keeps nothing: all layers then share the buffers of one.

R positions in whole sequences of L, H heads; numbers per position and layer: 6 C + F + H L (L rounded up)
beside a few of one layer alone.
"""

from typing import Any, NamedTuple

import numpy as np

from model.config import TransformerConfig
from model.kernels.softmax import TILE

Array = np.ndarray
_LINE = 64  # bytes: one cache line, one AVX-512 register


def aligned(size: int, dtype: np.dtype[Any]) -> Array:
    """Return a flat array of zeros that starts on a cache line.

    The columns that pad a tile are computed with and never read, so they must hold numbers, not what memory held.
    """
    memory = np.zeros(size * dtype.itemsize + _LINE, np.uint8)
    start = -memory.ctypes.data % _LINE
    return memory[start:][: size * dtype.itemsize].view(dtype)


class AttentionCache(NamedTuple):
    """What the attention sublayer keeps: xhat (R, C), r (R,), turned qkv (R, 3 C), P' (R H / L, L, L), mixed (R, C)."""

    normalised: Array
    scale: Array
    qkv: Array
    attention: Array
    mixed: Array


class MlpCache(NamedTuple):
    """What the MLP keeps: xhat (R, C), r (R,), h (R, F)."""

    normalised: Array
    scale: Array
    hidden: Array


class HeadCache(NamedTuple):
    """What the output layer keeps: states (R, C), xhat (R, C), r (R,)."""

    states: Array
    normalised: Array
    scale: Array


class Scratch(NamedTuple):
    """Room for one sublayer: rows of a chunk, then one head of one sequence. `inner` has C columns."""

    inner: Array
    dqkv: Array
    dhidden: Array
    active: Array
    transposed: Array
    dscores: Array
    high: Array
    total: Array


class Buffers:
    """All memory of a thread for chunks of up to `rows` positions in sequences of `length`.

    Attributes
    ----------
    x, dx : ndarray, shape (rows, C)
        The residual stream and its gradient.
    outputs, doutputs : ndarray, shape (rows, V)
    attention, mlp : list
        Caches by layer; one and the same for all layers unless `keep`.
    head : HeadCache
    scratch : Scratch
    """

    def __init__(self, config: TransformerConfig, dtype: np.dtype[Any], rows: int, length: int, keep: bool) -> None:
        C, F, V, heads = config.width, config.hidden, config.outputs, config.heads
        padded = -(-length // TILE) * TILE

        def array(*shape: int) -> Array:
            return aligned(int(np.prod(shape)), dtype).reshape(shape)

        def attention() -> AttentionCache:
            matrices = rows // length * heads
            return AttentionCache(
                array(rows, C), array(rows), array(rows, 3 * C), array(matrices, length, padded), array(rows, C)
            )

        def mlp() -> MlpCache:
            return MlpCache(array(rows, C), array(rows), array(rows, F))

        self.rows, self.length, self.keep = rows, length, keep
        self.x, self.outputs = array(rows, C), array(rows, V)
        self.dx, self.doutputs = array(rows, C), array(rows, V)
        kept = config.layers if keep else 1
        shared = config.layers // kept
        self.attention = [attention() for _ in range(kept)] * shared
        self.mlp = [mlp() for _ in range(kept)] * shared
        self.head = HeadCache(array(rows, C), array(rows, C), array(rows))
        deep = rows if keep else 0  # what only the backward needs
        self.scratch = Scratch(
            inner=array(rows, C),
            dqkv=array(deep, 3 * C),
            dhidden=array(deep, F),
            active=array(rows, F),
            transposed=array(config.head_size, padded),
            dscores=array(length, padded),
            high=array(TILE),
            total=array(TILE),
        )

    def fit(self, rows: int, length: int, keep: bool) -> bool:
        """Return whether a chunk can be computed here."""
        return rows <= self.rows and length == self.length and keep <= self.keep
