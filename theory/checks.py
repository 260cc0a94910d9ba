"""What a caller hands over is checked once, at the public edge: one sentence says what was wanted and what was got.

All of these raise ValueError. Arrays are only looked at, never broadcast: a shape is right or refused.
"""

import math
from collections.abc import Collection
from typing import Any

import numpy as np
from jaxtyping import Shaped

LARGEST = 2**53
"""Whole numbers up to it are floats, too."""


def require_whole(name: str, value: Any, least: int) -> None:
    """Refuse what is no whole number, one below `least`, or one beyond 2^53."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise ValueError(f"{name} must be a whole number; got {quoted(value)}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}; got {quoted(value)}")
    if value > LARGEST:
        raise ValueError(f"{name} must be at most {LARGEST}; got {quoted(value)}")


def require_positive(name: str, value: Any, low: int | float, high: int | float) -> None:
    """Refuse what is no number between two positive bounds."""
    if not is_number(value) or not 0 < value < math.inf:
        raise ValueError(f"{name} must be positive and finite; got {quoted(value)}")
    if not low <= value <= high:
        raise ValueError(f"{name} must be between {low:g} and {high:g}; got {quoted(value)}")


def require_at_least(name: str, value: Any, low: int | float) -> None:
    """Refuse what is no finite number, or one below `low`."""
    if not is_number(value) or not low <= value < math.inf:
        raise ValueError(f"{name} must be at least {low:g} and finite; got {quoted(value)}")


def require_share(name: str, value: Any) -> None:
    """Refuse what is no number in [0, 1]."""
    if not is_number(value) or not 0 <= value <= 1:
        raise ValueError(f"{name} must be in [0, 1]; got {quoted(value)}")


def require_one_of(name: str, value: Any, known: Collection[str]) -> None:
    """Refuse a name that is not known."""
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}; got {quoted(value)}")


def require_shape(name: str, array: Shaped[np.ndarray, "..."], shape: tuple[int, ...]) -> None:
    """Refuse an array of another shape."""
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}; got {array.shape}")


def require_finite(name: str, array: Shaped[np.ndarray, "..."]) -> None:
    """Refuse an array that is not made of finite numbers."""
    if not np.issubdtype(array.dtype, np.number) or not np.all(np.isfinite(array)):
        raise ValueError(f"{name} must be finite")


def require_array(name: str, array: Any, n_axes: int | None = None) -> None:
    """Refuse what is no array of real numbers, NaN and infinity included, or has another number of axes."""
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{name} must be an array; got {type(array).__name__}")
    if not (np.issubdtype(array.dtype, np.integer) or np.issubdtype(array.dtype, np.floating)):
        raise ValueError(f"{name} must hold real numbers; got an array of {array.dtype}")
    if n_axes is not None and array.ndim != n_axes:
        raise ValueError(f"{name} must have {n_axes} axes; got shape {array.shape}")


def require_real(name: str, array: Any, n_axes: int | None = None) -> None:
    """Refuse what is no array of finite real numbers, or has another number of axes."""
    require_array(name, array, n_axes)
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} must be finite")


def quoted(value: Any) -> str:
    """Return a value as it is written, on one line and cut after 60 characters."""
    if isinstance(value, int) and abs(value) >= 10**60:  # Python refuses to print very long ones
        return "a number of more than 60 digits"
    try:
        text = repr(value) if isinstance(value, str) else str(value)
    except (ValueError, RecursionError):
        return f"a {type(value).__name__} too long to print"
    text = text if text.isprintable() else ascii(text)
    return text if len(text) <= 60 else text[:57] + "..."


def is_number(value: Any) -> bool:
    """Return whether a value is a real number, NaN and infinity included."""
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
