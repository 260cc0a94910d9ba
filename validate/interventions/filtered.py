"""Filtered removal: is it the running statistics in V whose loss hurts?

What removing V takes away, V'(h_t - m_t), is split by the regression of `validate.interventions.carrying`:

    explained    A (r_t - r_t^m)          r_t^m: the majors' mean running statistics at that position
    unexplained  V'(h_t - m_t) - A (r_t - r_t^m)

The slopes A come from fresh tasks alone, with intercepts of their own; the explained part is measured from the majors'
mean because m is theirs. So a difference between fresh tasks and majors counts as explained only as far as the slopes
account for it. Removing the explained part alone is h' = h - V A (r_t - r_t^m).

    filtered removal = rise of the loss on fresh tasks, explained part removed / the same rise, all of V removed

1 if V holds nothing but a linear function of running statistics, 0 if they do not matter; unexplained parts that the
network needs lower it, and it is no number where removing V does not hurt. Null: running statistics of other
sequences, in the regression and in the removal.
Source: the paper, section on filtered removal.
"""

import numpy as np
from jaxtyping import Float

from theory import Batch
from validate.interventions.carrying import Context, Reading
from validate.interventions.removal import Removal
from validate.interventions.subject import Change, Subject


def split_changes(
    removal: Removal, reading: Reading, context: Context, reference: Float[np.ndarray, "P R"]
) -> dict[str, Change]:
    """Return the changes that remove all, the explained and the unexplained part.

    Parameters
    ----------
    context : Context
        Of the very sequences whose states are changed.
    reference : ndarray, shape (P, R)
        r^m.
    """
    explained = (context.statistics - reference) @ reading.slopes @ removal.basis.T
    return {
        "all": removal,
        "explained": lambda states: states - explained,
        "unexplained": lambda states: removal(states) + explained,
    }


def split_rises(
    subject: Subject,
    batch: Batch,
    changes: dict[str, Change],
) -> dict[str, Float[np.ndarray, " B"]]:
    """Return the rise of each sequence's loss under each change."""
    before = subject.loss(batch)
    return {name: subject.loss(batch, change) - before for name, change in changes.items()}
