"""P-values over seeds, and their adjustment for several claims.

    one-sided p    P(T_{n-1} >= (mean - c) / (s / sqrt n)): how likely values as far beyond c are if their mean is c
    Holm           p_(i)' = max_{j <= i} min(1, (m - j + 1) p_(j)), p_(1) <= p_(2) <= ... of m claims

Holm's adjusted values bound the chance of one false claim or more among m, whatever the dependence between them.
Source: S. Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6 (1979).
"""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy import stats


def p_above(values: Sequence[float] | Float[np.ndarray, " S"], bound: float) -> float:
    """Return the one-sided p-value that the mean of values is above a bound.

    Student's t over the values, which are the units. Of fewer than two values, or if one is undefined, nan; of equal
    values 0, 1/2 or 1.
    """
    if len(values) < 2 or not np.isfinite(values).all():
        return float("nan")
    distance, error = float(np.mean(values)) - bound, float(stats.sem(values))
    if error == 0:
        return 0.5 * (1 - float(np.sign(distance)))
    return float(stats.t.sf(distance / error, len(values) - 1))


def holm(p_values: Sequence[float], n_claims: int) -> list[float]:
    """Return Holm's adjusted p-values.

    Parameters
    ----------
    p_values : sequence of float
        An undefined one (nan) stays so and counts as a claim all the same.
    n_claims : int
        Claims that were named, of which some may not have been tested; at least as many as there are values.

    Raises
    ------
    ValueError
        If there are more values than claims.
    """
    if len(p_values) > n_claims:
        raise ValueError(f"n_claims must be at least {len(p_values)}, the number of p-values; got {n_claims}")
    adjusted, least = [float("nan")] * len(p_values), 0.0
    known = [index for index, p in enumerate(p_values) if not math.isnan(p)]
    for rank, index in enumerate(sorted(known, key=lambda index: p_values[index])):
        least = max(least, min(1.0, (n_claims - rank) * p_values[index]))
        adjusted[index] = least
    return adjusted
