"""Which task each sequence of a batch has: drawn from the pool, or given by the caller and checked."""

import numpy as np
from jaxtyping import Int

from theory.notation import Pool


def sequence_tasks(
    rng: np.random.Generator, pool: Pool, n_sequences: int, tasks: Int[np.ndarray, " B"] | None
) -> Int[np.ndarray, " B"]:
    """Return the index into `pool` of each sequence's task; ``tasks=None`` draws them uniformly.

    Raises
    ------
    ValueError
        If the pool is empty, or the given tasks are not `n_sequences` indices into it.
    """
    if not len(pool):
        raise ValueError("sequences need a pool of at least one task; got an empty pool")
    if tasks is None:
        return rng.integers(len(pool), size=n_sequences)
    if tasks.shape != (n_sequences,):
        raise ValueError(f"tasks must have shape ({n_sequences},), one per sequence; got {tasks.shape}")
    if n_sequences and not (tasks.min() >= 0 and tasks.max() < len(pool)):
        raise ValueError(f"tasks must be in 0 .. {len(pool) - 1}; got {tasks.min()} .. {tasks.max()}")
    return tasks.astype(np.int64, copy=False)
