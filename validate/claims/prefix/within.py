"""Variance of states within groups of sequences, without bias, and shares of it with their intervals.

    within = sum_g n_g s_g^2 / sum_g n_g,     s_g^2 = sum_(i in g) |h_i - mean_g|^2 / (n_g - 1),

over the groups of two or more sequences: others tell nothing of their own variance, and are taken to vary as these do.
n_g s_g^2 is the sum of the squared
distances of each state from the mean of the *others* of its group, times (n_g - 1) / n_g for the noise of that mean. So
it is a held-out error whose expectation is the variance, however small the groups are.

Intervals are the jackknife's: with f_-i the statistic without sequence i, the variance is the sum over strata of
(n - 1) / n sum_i (f_-i - mean f_-i)^2, n the sequences of a stratum. Strata are the cells of the design.

Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 11.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from validate.statistics.intervals import QUANTILE, UNDEFINED, Estimate, ratio


@dataclass(frozen=True, eq=False)
class Within:
    """The variance within groups, and what it would be without each of the N sequences; nan if no group has two."""

    value: float
    without: Float[np.ndarray, " N"]

    @classmethod
    def of(cls, states: Float[np.ndarray, "N W"], groups: Int[np.ndarray, " N"]) -> "Within":
        """Take the variance within groups, each of which has a number."""
        sizes = np.bincount(groups)
        sums = np.zeros((len(sizes), states.shape[1]))
        np.add.at(sums, groups, states)
        distance = np.square(states - (sums / np.maximum(sizes, 1)[:, None])[groups]).sum(axis=1)
        left = np.bincount(groups, distance)
        weighted, counted = _weighted(left, sizes)
        n = sizes[groups]
        # The others' squares about their own mean, when one of n is taken away.
        rest = left[groups] - distance * n / np.maximum(n - 1, 1)
        fewer, fewer_counted = _weighted(rest, n - 1)
        total, count = weighted.sum(), counted.sum()
        return cls(
            float(ratio(total, count)),
            ratio(total - weighted[groups] + fewer, count - counted[groups] + fewer_counted),
        )

    def __sub__(self, other: "Within") -> "Within":
        """Return the difference of two that group the same sequences in two ways."""
        return Within(self.value - other.value, self.without - other.without)

    def share_of(self, other: "Within", strata: Int[np.ndarray, " N"], interval: bool = True) -> Estimate:
        """Estimate the ratio to another; undefined (nan) if that is 0, without an interval unless one is wanted."""
        value = float(ratio(np.array(self.value), np.maximum(other.value, 0)))
        without = ratio(self.without, np.maximum(other.without, 0))
        if np.isnan(value) or (interval and np.isnan(without).any()):  # all but one sequence may not do
            return UNDEFINED
        if not interval:
            return Estimate(value, float("nan"), float("nan"))
        sizes = np.bincount(strata)
        deviation = without - (np.bincount(strata, without) / sizes)[strata]
        half = QUANTILE * float(np.sqrt((np.square(deviation) * (1 - 1 / sizes)[strata]).sum()))
        return Estimate(value, value - half, value + half)


def _weighted(squares: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return n s^2 and n of groups with their sums of squares; 0 of groups with fewer than two."""
    counted = np.where(sizes > 1, sizes, 0)
    return squares * counted / np.maximum(sizes - 1, 1), counted
