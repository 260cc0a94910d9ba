"""Filtered removal: is it the running statistics in V whose loss hurts?

On sequences of fresh tasks, V's coordinates are split by the regression of `claims.causal.reading`:

    V'h_t - V'm_t  =  (c_t - V'm_t)  +  A (r_t - r_mean,t)  +  e_t
                      shift             explained              unexplained

c_t, r_mean,t: means by position over fit sequences of fresh tasks; m: the majors' mean state. The shift is the same for
all sequences of fresh tasks. It tells them from majors (the weight of the second mode, not its content), no statistic
of the context explains it, and it is left where it is. Removing the explained part alone is
h' = h - V A (r_t - r_mean,t), and

    filtered removal = rise of the loss, explained part removed / rise, explained and unexplained part removed.

1 if V varies with running statistics only, 0 if they do not matter; unexplained parts that the network needs lower it.
It is no number where removing V does not hurt. Null: running statistics of other sequences, in regression and removal.
Source: the paper, section on filtered removal; setting the shift aside is this project's, because with it the share has
no value that theory knows (between 0.2 and 1.5 in the exact-Bayes worlds of `tests/validate/worlds.py`).
"""

import numpy as np
from jaxtyping import Float

from validate.claims.causal.reading import Context, Reading
from validate.claims.causal.subject import Change

EXPLAINED, VARIATION = "explained", "explained and unexplained"


def split_changes(reading: Reading, context: Context, mean: Float[np.ndarray, "P W"]) -> dict[str, Change]:
    """Return the changes that remove each part of V's coordinates.

    Parameters
    ----------
    reading : Reading
        The regression of V's coordinates.
    context : Context
        Of the very sequences whose states are changed.
    mean : ndarray, shape (P, W)
        m.
    """
    basis = reading.basis
    varying = context.states @ basis - reading.coordinates
    explained = (context.statistics - reading.statistics) @ reading.slopes
    shift = np.broadcast_to(reading.coordinates - mean @ basis, varying.shape)
    parts = {EXPLAINED: explained, "unexplained": varying - explained, VARIATION: varying, "shift": shift}
    return {name: _subtract(part @ basis.T) for name, part in parts.items()}


def _subtract(part: Float[np.ndarray, "B P W"]) -> Change:
    return lambda states: states - part
