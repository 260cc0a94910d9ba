"""The interaction a read-out forces on the states it reads.

What the last layer must produce, for task k and what is current a, is a table r_ka (`theory.convex.read_out_table`:
centred log-laws, or means). A linear read-out of states that are additive in k and a gives an additive table, so the
interaction of r is the least share that the states in front of it can have, counted in the directions it reads:

    P1    SS_interaction / SS_cells                        of r_ka
    P1*   SS_interaction / (SS_interaction + SS_task)

Dice: 0, the law does not depend on the symbol. Markov chains: each row is another law. Regression: w_k . x has no task
effect at all, so P1* is 1. Units: shares of squares, in [0, 1]. Source: docs/geometry.md.
"""

from typing import NamedTuple

from theory import LatentTasks, Pool
from theory.convex import interaction_share, read_out_table


class Forced(NamedTuple):
    """Shares of squares that the read-out forces, as P1 and as P1*."""

    of_cells: float
    of_task: float


def forced_interaction(family: LatentTasks, pool: Pool) -> Forced | None:
    """Return the read-out's shares P1 and P1* for the tasks of a pool, or None if the family has no such table.

    Planted Dyck paths have none: what comes next depends on the number of steps shown, not on the current symbol.
    """
    try:
        share = interaction_share(read_out_table(family, pool))
    except ValueError:
        return None
    return Forced(share.of_cells, share.of_task)
