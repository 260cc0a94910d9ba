"""The balanced cells in which states are captured.

For each scored position i, every (task k, current symbol a) cell holds the same number of sequences: the
context is drawn from task k, then symbol i is set to a. Symbol and task are then independent by construction, so the
sums of squares of a two-way analysis of variance are orthogonal.

Position i of a transformer has read symbols 0 .. i.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from theory import Batch, LatentTasks, Pool, SymbolBatch
from validate.capture.sources import StateSource, last_states
from validate.experiment.sampling import draw_natural

BalancedStates = dict[str, Float[np.ndarray, "S K V n W"]]
"""States of the balanced design by site: S scored positions, K tasks, V symbols, n sequences a cell."""


def with_current_symbol(batch: Batch, position: int, symbols: np.ndarray) -> SymbolBatch:
    """Cut each sequence so that `position` is the last one a transformer reads, and set the symbol it reads there."""
    if not isinstance(batch, SymbolBatch):
        raise TypeError(f"the balanced design sets symbols and needs a SymbolBatch; got {type(batch).__name__}")
    changed = batch.symbols[:, : position + 2].copy()
    changed[:, position] = symbols
    return SymbolBatch(batch.tasks, changed)


def balanced_contexts(
    family: LatentTasks, majors: Pool, n_symbols: int, n_per_cell: int, rng: np.random.Generator
) -> tuple[Batch, np.ndarray]:
    """Draw contexts task by task, and the current symbol each gets: cell after cell, the same in every task."""
    contexts = draw_natural(family, rng, majors, n_symbols * n_per_cell)
    return contexts, np.tile(np.repeat(np.arange(n_symbols), n_per_cell), len(majors))


def capture_balanced(
    source: StateSource,
    family: LatentTasks,
    majors: Pool,
    positions: Sequence[int],
    n_symbols: int,
    n_per_cell: int,
    rng: np.random.Generator,
) -> BalancedStates:
    """Capture the balanced design at each scored position.

    The contexts are the same at every position, so the profile over positions is that of the same sequences.

    Returns
    -------
    dict of ndarray, shape (S, K, V, n, W)
        By site.
    """
    contexts, current = balanced_contexts(family, majors, n_symbols, n_per_cell, rng)
    shape = (len(majors), n_symbols, n_per_cell)
    parts: dict[str, list[np.ndarray]] = {site: [] for site in source.sites}
    endings = [with_current_symbol(contexts, position, current) for position in positions]
    for captured in last_states(source, contexts, endings):
        for site, part in parts.items():
            part.append(captured[site].reshape(*shape, -1))
    return {site: np.stack(part) for site, part in parts.items()}


def shuffle_tasks(states: Float[np.ndarray, "S K V n W"], rng: np.random.Generator) -> Float[np.ndarray, "S K V n W"]:
    """Give the sequences' task labels away at random among the sequences with the same current symbol.

    The null in which states tell nothing of the task; the symbol's effect stays as it is.
    """
    _, n_tasks, n_symbols, n, _ = states.shape
    shuffled = np.empty_like(states)
    for symbol in range(n_symbols):
        order = rng.permutation(n_tasks * n)
        cells = states[:, :, symbol].reshape(len(states), n_tasks * n, -1)[:, order]
        shuffled[:, :, symbol] = cells.reshape(len(states), n_tasks, n, -1)
    return shuffled
