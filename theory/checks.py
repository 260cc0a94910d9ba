"""What a caller hands over is checked once, at the public edge: one sentence says what was wanted and what was got.

All of these raise ValueError. Arrays are only looked at, never broadcast: a shape is right or refused.
"""

import math
from typing import Any

import numpy as np
from jaxtyping import Shaped


def require_whole(name: str, value: Any, least: int) -> None:
    """Refuse what is no whole number, or one below `least`."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise ValueError(f"{name} must be a whole number; got {value!r}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}; got {value}")


def require_positive(name: str, value: Any, low: float, high: float) -> None:
    """Refuse what is no number between two positive bounds."""
    if not is_number(value) or not 0 < value < math.inf:
        raise ValueError(f"{name} must be positive and finite; got {value}")
    if not low <= value <= high:
        raise ValueError(f"{name} must be between {low:g} and {high:g}; got {value}")


def require_shape(name: str, array: Shaped[np.ndarray, "..."], shape: tuple[int, ...]) -> None:
    """Refuse an array of another shape."""
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}; got {array.shape}")


def require_finite(name: str, array: Shaped[np.ndarray, "..."]) -> None:
    """Refuse an array that is not made of finite numbers."""
    if not np.issubdtype(array.dtype, np.number) or not np.all(np.isfinite(array)):
        raise ValueError(f"{name} must be finite")


def is_number(value: Any) -> bool:
    """Return whether a value is a real number, NaN and infinity included."""
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
