"""Long computations over a batch run a few sequences at a time, so that temporary arrays stay small."""

from collections.abc import Iterator

from theory.notation import Batch

BLOCK_NUMBERS = 2**20
"""8 MiB of float64: near enough to the cache that larger blocks take two to three times as long."""


def blocks(batch: Batch, numbers_per_sequence: int) -> Iterator[tuple[slice, Batch]]:
    """Yield consecutive parts of `batch` and where they stand in it.

    Parameters
    ----------
    batch : Batch
        The sequences.
    numbers_per_sequence : int
        How many numbers the largest temporary array holds per sequence; at least one sequence is yielded at a time.
    """
    size = max(1, BLOCK_NUMBERS // max(1, numbers_per_sequence))
    for start in range(0, len(batch), size):
        rows = slice(start, start + size)
        yield rows, batch[rows]
