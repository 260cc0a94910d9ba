"""Estimates with bootstrap intervals.

A statistic is a function f of averages over independent units (sequences, or tasks). Resampling the units with
replacement gives unit i a multinomial count c_i, and the replicate of the statistic is f(sum_i c_i m_i / n), with m_i
the unit's moments. The interval is the central 95 percent of the replicates, shifted so that their mean is the
measured value: resampling adds the sampling noise a second time, and statistics that are not linear in the means
(held-out R2, shares of squares) would otherwise drift by their own bias.

Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

LEVEL = 0.95

Statistic: TypeAlias = Callable[[Float[np.ndarray, "R M"]], Float[np.ndarray, " R"]]
"""A function of mean moments, one row a replicate."""


@dataclass(frozen=True)
class Estimate:
    """A measured number and its 95 percent interval."""

    value: float
    low: float
    high: float

    @classmethod
    def of_replicates(cls, value: float, replicates: Float[np.ndarray, " R"]) -> "Estimate":
        """Take the recentred percentile interval of replicates; undefined (nan) as soon as one replicate is."""
        tail = 50 * (1 - LEVEL)
        low, high = np.percentile(replicates, [tail, 100 - tail]) + (value - replicates.mean())
        return cls(float(value), float(low), float(high))

    def map(self, increasing: Callable[[float], float]) -> "Estimate":
        """Return the estimate on another scale."""
        return Estimate(*(float(increasing(end)) for end in (self.value, self.low, self.high)))


UNDEFINED = Estimate(float("nan"), float("nan"), float("nan"))


def resampling_weights(
    rng: np.random.Generator, n_units: int, n_replicates: int, strata: int = 1
) -> Float[np.ndarray, "R G N"]:
    """Return bootstrap weights, each stratum resampled by itself.

    Parameters
    ----------
    n_units : int
        Units in a stratum.

    Returns
    -------
    ndarray, shape (n_replicates, strata, n_units)
        Non-negative weights that sum to 1 over the units of each stratum.
    """
    rows = np.arange(n_replicates * strata)[:, None] * n_units
    drawn = rng.integers(n_units, size=(n_replicates * strata, n_units)) + rows
    counts = np.bincount(drawn.ravel(), minlength=drawn.size)
    return counts.reshape(n_replicates, strata, n_units) / n_units


def bootstrap(
    moments: Float[np.ndarray, "N M"],
    statistic: Statistic,
    rng: np.random.Generator,
    n_replicates: int,
    variants: Float[np.ndarray, "G N M"] | None = None,
) -> Estimate:
    """Estimate ``statistic(mean of moments)`` with a bootstrap interval over the N units.

    Parameters
    ----------
    variants : ndarray, shape (G, N, M), optional
        The units' moments when what they depend on (vectors estimated on other sequences) is resampled too. Replicates
        take the variants in turn, so that the interval covers both samples.

    Returns
    -------
    Estimate
        In the unit of the statistic. Undefined if there are no units.
    """
    if len(moments) == 0:
        return UNDEFINED
    weights = resampling_weights(rng, len(moments), n_replicates)[:, 0]
    groups = [moments] if variants is None else list(variants)
    replicates = np.concatenate(
        [statistic(weights[first :: len(groups)] @ group) for first, group in enumerate(groups)]
    )
    value = statistic(moments.mean(axis=0, keepdims=True)).item()
    return Estimate.of_replicates(value, replicates)


def explained_share(moments: Float[np.ndarray, "R 2"]) -> Float[np.ndarray, " R"]:
    """Return R2 = 1 - residual / total from the moments (residual, total); undefined if the total is 0."""
    residual, total = moments[..., 0], moments[..., 1]
    return 1 - ratio(residual, total)


def ratio(numerator: Float[np.ndarray, " R"], denominator: Float[np.ndarray, " R"]) -> Float[np.ndarray, " R"]:
    """Divide, giving nan (and no warning) where the denominator is 0."""
    return np.divide(numerator, denominator, out=np.full_like(numerator, np.nan), where=denominator != 0)


def hull(estimates: Iterable[Estimate]) -> Estimate:
    """Join estimates of one statistic from several runs: their mean, and the smallest interval holding all intervals.

    With few seeds this is wider than a bootstrap over seeds, so a verdict must hold for every seed.
    """
    parts = list(estimates)
    if not parts:
        return UNDEFINED
    return Estimate(
        float(np.mean([e.value for e in parts])),
        float(np.min([e.low for e in parts])),
        float(np.max([e.high for e in parts])),
    )
