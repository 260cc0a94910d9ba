"""What a transformer takes in, checked once at the public edge.

B sequences of L positions, P of which predict a target. Messages say what was wanted and what was got.
"""

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import DTypeLike

from model.config import TransformerConfig


@runtime_checkable
class Arrays(Protocol):
    """What a transformer is trained on.

    Attributes
    ----------
    inputs : ndarray, int of shape (B, L) or float of shape (B, L, inputs)
    targets : ndarray, int or float of shape (B, P)
    positions : ndarray of int, shape (P,)
        Increasing model positions; the output at ``positions[i]`` predicts ``targets[:, i]``.
    """

    @property
    def inputs(self) -> np.ndarray: ...  # noqa: D102
    @property
    def targets(self) -> np.ndarray: ...  # noqa: D102
    @property
    def positions(self) -> np.ndarray: ...  # noqa: D102


def checked_arrays(
    arrays: Arrays, config: TransformerConfig, dtype: DTypeLike
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return inputs, targets and positions as the network computes with them, or raise ValueError."""
    inputs = checked_inputs(arrays.inputs, config, dtype)
    targets, positions = np.asarray(arrays.targets), np.asarray(arrays.positions)
    length = inputs.shape[1]
    if positions.ndim != 1 or len(positions) == 0 or not np.issubdtype(positions.dtype, np.integer):
        raise ValueError(f"positions must be a non-empty list of integers; got {positions!r}")
    if positions[0] < 0 or positions[-1] >= length or np.any(np.diff(positions) <= 0):
        raise ValueError(f"positions must increase within 0 .. {length - 1}; got {positions.tolist()}")
    if targets.shape != (len(inputs), len(positions)):
        raise ValueError(f"targets must have shape {(len(inputs), len(positions))}; got {targets.shape}")
    if config.loss == "squared":
        return inputs, _checked_numbers(targets, dtype, "targets"), positions
    return inputs, _checked_symbols(targets, config.outputs, "targets"), positions


def checked_inputs(inputs: np.ndarray, config: TransformerConfig, dtype: DTypeLike) -> np.ndarray:
    """Return inputs as the network computes with them, or raise ValueError."""
    inputs = np.asarray(inputs)
    vectors = config.input_kind == "vectors"
    wanted = f"(B, L, {config.inputs})" if vectors else "(B, L)"
    if inputs.ndim != 2 + vectors or inputs.size == 0 or (vectors and inputs.shape[2] != config.inputs):
        raise ValueError(f"inputs must have shape {wanted} and not be empty; got {inputs.shape}")
    if inputs.shape[1] > config.length:
        raise ValueError(f"inputs must have at most {config.length} positions; got {inputs.shape[1]}")
    return _checked_numbers(inputs, dtype, "inputs") if vectors else _checked_symbols(inputs, config.inputs, "inputs")


def _checked_numbers(numbers: np.ndarray, dtype: DTypeLike, name: str) -> np.ndarray:
    if not (np.issubdtype(numbers.dtype, np.floating) or np.issubdtype(numbers.dtype, np.integer)):
        raise ValueError(f"{name} must be real numbers; got {numbers.dtype}")
    with np.errstate(over="ignore"):
        converted = np.ascontiguousarray(numbers, dtype=dtype)
    if not np.isfinite(converted).all():
        raise ValueError(f"{name} must be finite numbers of {np.dtype(dtype)}")
    return converted


def _checked_symbols(symbols: np.ndarray, count: int, name: str) -> np.ndarray:
    if not np.issubdtype(symbols.dtype, np.integer):
        raise ValueError(f"{name} must be integers; got {symbols.dtype}")
    if symbols.min() < 0 or symbols.max() >= count:
        raise ValueError(f"{name} must lie in 0 .. {count - 1}; got {symbols.min()} .. {symbols.max()}")
    return np.ascontiguousarray(symbols, dtype=np.int64)
