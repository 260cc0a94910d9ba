"""Which task each sequence of a batch has: drawn from the pool, or given by the caller and checked."""

import numpy as np
from jaxtyping import Int

from theory.checks import require_whole
from theory.notation import LatentTasks, Pool


def require_pool(name: str, family: LatentTasks, pool: Pool) -> None:
    """Refuse a pool that does not hold tasks of a family, at least one."""
    try:
        family.make_pool(pool.parameters)
    except ValueError as error:
        raise ValueError(f"{name} must hold tasks of {type(family).__name__}: {error}") from None


def sequence_tasks(
    rng: np.random.Generator, pool: Pool, n_sequences: int, tasks: Int[np.ndarray, " B"] | None
) -> Int[np.ndarray, " B"]:
    """Return the index into `pool` of each sequence's task; ``tasks=None`` draws them uniformly.

    Raises
    ------
    ValueError
        If the pool is empty, or the given tasks are not `n_sequences` indices into it.
    """
    require_whole("n_sequences", n_sequences, 0)
    if not len(pool):
        raise ValueError("sequences need a pool of at least one task; got an empty pool")
    if tasks is None:
        return rng.integers(len(pool), size=n_sequences)
    if not np.issubdtype(tasks.dtype, np.integer):
        raise ValueError(f"tasks must be whole numbers; got an array of {tasks.dtype}")
    if tasks.shape != (n_sequences,):
        raise ValueError(f"tasks must have shape ({n_sequences},), one per sequence; got {tasks.shape}")
    if n_sequences and not (tasks.min() >= 0 and tasks.max() < len(pool)):
        raise ValueError(f"tasks must be in 0 .. {len(pool) - 1}; got {tasks.min()} .. {tasks.max()}")
    return tasks.astype(np.int64, copy=False)
