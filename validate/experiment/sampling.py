"""Sequences task by task, and the entries of a sequence that a transformer predicts."""

import numpy as np
from jaxtyping import Float

from theory import Batch, LatentTasks, Pool


def draw_natural(family: LatentTasks, rng: np.random.Generator, pool: Pool, n_each: int) -> Batch:
    """Draw the natural design: `n_each` sequences of every task, task by task."""
    return family.sample(rng, pool, len(pool) * n_each, tasks=np.repeat(np.arange(len(pool)), n_each))


def predicted(entries: Float[np.ndarray, "B T *rest"], n_positions: int) -> Float[np.ndarray, "B P *rest"]:
    """Keep the entries of the P targets a transformer predicts: the last P of T."""
    return entries[:, entries.shape[1] - n_positions :]
