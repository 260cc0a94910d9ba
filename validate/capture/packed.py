"""States by site in half the memory, where float32 holds them exactly: a network computes its states in float32.

Statistics want float64. What is asked for is converted anew each time, so that one site at a time is there twice.
"""

from collections.abc import Iterator, Mapping

import numpy as np


class Packed(Mapping[str, np.ndarray]):
    """Arrays of float64 by name; kept as float32 where that loses nothing."""

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self._kept = {name: _packed(array) for name, array in arrays.items()}

    def __getitem__(self, name: str) -> np.ndarray:
        return self._kept[name].astype(np.float64, copy=False)

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def n_bytes(self) -> int:
        """Bytes kept."""
        return sum(array.nbytes for array in self._kept.values())


def _packed(array: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        narrow = array.astype(np.float32)
    return narrow if np.array_equal(narrow, array) else array
