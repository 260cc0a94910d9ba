"""Sequences of symbols: reading them off a batch, and counting them.

one-hot    e_{t,v} = 1 if s_t = v else 0
counts     n_{t,v} = #{j < t : s_j = v}
"""

import numpy as np
from jaxtyping import Float, Int

from theory.notation import Batch, SymbolBatch


def symbols_of(batch: Batch, n_symbols: int) -> Int[np.ndarray, "B T"]:
    """Return the symbols of a batch.

    Raises
    ------
    TypeError
        If the batch holds no symbols.
    ValueError
        If a symbol is outside 0 .. V - 1.
    """
    if not isinstance(batch, SymbolBatch):
        raise TypeError(f"a SymbolBatch is needed; got {type(batch).__name__}")
    symbols = batch.symbols
    if not np.issubdtype(symbols.dtype, np.integer):
        raise ValueError(f"symbols must be whole numbers; got an array of {symbols.dtype}")
    if symbols.size and not (symbols.min() >= 0 and symbols.max() < n_symbols):
        raise ValueError(f"symbols must be in 0 .. {n_symbols - 1}; got {symbols.min()} .. {symbols.max()}")
    return symbols.astype(np.int64, copy=False)


def one_hot(symbols: Int[np.ndarray, "B T"], n_symbols: int) -> Float[np.ndarray, "B T V"]:
    """Return symbols as one-hot vectors."""
    vectors: Float[np.ndarray, "B T V"] = np.eye(n_symbols)[symbols]
    return vectors


def symbols_before(one_hot: Float[np.ndarray, "B T V"]) -> Float[np.ndarray, "B T V"]:
    """Return the symbol before each target as one-hot; entry 0, before which there is none, is 0."""
    previous = np.zeros_like(one_hot)
    previous[:, 1:] = one_hot[:, :-1]
    return previous


def counts_before(one_hot: Float[np.ndarray, "B T V"]) -> Float[np.ndarray, "B T V"]:
    """Return n_{t,v}, how often symbol v occurred before target t; entry 0 is 0."""
    counts = np.zeros_like(one_hot)
    np.cumsum(one_hot[:, :-1], axis=1, out=counts[:, 1:])
    return counts


def frequencies_before(
    one_hot: Float[np.ndarray, "B T V"], first: Float[np.ndarray, " V"]
) -> Float[np.ndarray, "B T V"]:
    """Return n_{t,v} / t, the symbol frequencies before target t; entry 0, where nothing was seen, is `first`."""
    frequencies = counts_before(one_hot)
    frequencies[:, 1:] /= np.arange(1, frequencies.shape[1])[:, None]
    frequencies[:, :1] = first
    return frequencies
