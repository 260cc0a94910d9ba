"""Estimates with bootstrap intervals.

A statistic is a function f of averages over independent units (sequences, or tasks). Resampling the units with
replacement gives unit i a multinomial count c_i, and the replicate of the statistic is f(sum_i c_i m_i / n), with m_i
the unit's moments. The interval is the central 95 percent of the replicates, shifted so that their mean is the
measured value: resampling adds the sampling noise a second time, and statistics that are not linear in the means
(held-out R2, shares of squares) would otherwise drift by their own bias. It is stretched for few units. Plain means,
and the logarithm of a ratio of two, have a bootstrap-t instead.

Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapters 12 and 13.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

import numpy as np
from jaxtyping import Float
from pydantic import BeforeValidator
from scipy import stats

LEVEL = 0.95
QUANTILE = float(stats.norm.ppf((1 + LEVEL) / 2))
"""Confidence of intervals, and how many standard errors of a normal variable that is."""

Statistic: TypeAlias = Callable[[Float[np.ndarray, "R M"]], Float[np.ndarray, " R"]]
"""A function of mean moments, one row a replicate."""


def _defined(value: Any) -> Any:
    return float("nan") if value is None else value


Number = Annotated[float, BeforeValidator(_defined)]
"""A number of a results file, where an undefined one (nan) is written as null."""
Numbers = list[Number]


def percentile_range(values: Float[np.ndarray, " R"]) -> tuple[float, float]:
    """Return the ends of the central 95 percent of some values."""
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(values, [tail, 100 - tail])
    return float(low), float(high)


@dataclass(frozen=True)
class Estimate:
    """A measured number and its 95 percent interval; the interval is undefined (nan) where none was asked for."""

    value: Number
    low: Number
    high: Number

    @classmethod
    def of_replicates(cls, value: float, replicates: Float[np.ndarray, " R"]) -> "Estimate":
        """Take the recentred percentile interval of replicates; undefined (nan) as soon as one replicate is."""
        if not len(replicates):
            return cls(float(value), float("nan"), float("nan"))
        shift = value - replicates.mean()
        low, high = percentile_range(replicates)
        return cls(float(value), float(low + shift), float(high + shift))

    @classmethod
    def of_value(cls, value: float) -> "Estimate":
        """Return a number that is known exactly."""
        return cls(value, value, value)

    @classmethod
    def of_spread(cls, values: Float[np.ndarray, " N"]) -> "Estimate":
        """Return the mean of values and the central 95 percent they span."""
        return cls(float(values.mean()), *percentile_range(values))

    @classmethod
    def of_range(cls, values: Float[np.ndarray, " N"]) -> "Estimate":
        """Return the mean of values, and the smallest and largest of them."""
        return cls(float(values.mean()), float(values.min()), float(values.max()))

    @classmethod
    def of_groups(cls, values: Float[np.ndarray, " G"]) -> "Estimate":
        """Return the mean of two or more values with the interval of Student's t."""
        mean, half = values.mean(), stats.t.ppf((1 + LEVEL) / 2, len(values) - 1) * stats.sem(values)
        return cls(float(mean), float(mean - half), float(mean + half))

    def map(self, increasing: Callable[[float], float]) -> "Estimate":
        """Return the estimate on another scale."""
        return Estimate(*(float(increasing(end)) for end in (self.value, self.low, self.high)))

    def stretched(self, n_units: int) -> "Estimate":
        """Return the estimate with its interval as much wider as Student's of so many units is than a normal one.

        A resample of n units has a variance of (n - 1) / n, and quantiles that know nothing of its own error: the
        correction of both to first order, exact for means of normal variables (Hesterberg, The American Statistician
        69, 2015, section 5.3).
        """
        if n_units < 2:
            return self
        factor = float(stats.t.ppf((1 + LEVEL) / 2, n_units - 1)) / QUANTILE * math.sqrt(n_units / (n_units - 1))
        return Estimate(self.value, *(self.value + factor * (end - self.value) for end in (self.low, self.high)))

    def widened(self, error: float) -> "Estimate":
        """Return the estimate with a further error, independent and of this standard deviation, in its interval."""
        further = QUANTILE * error
        low, high = (float(np.hypot(end - self.value, further)) for end in (self.low, self.high))
        return Estimate(self.value, self.value - low, self.value + high)


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
    corrected: bool = False,
) -> Estimate:
    """Estimate ``statistic(mean of moments)`` with a bootstrap interval over the N units.

    Parameters
    ----------
    variants : ndarray, shape (G, N, M), optional
        The units' moments when what they depend on (vectors estimated on other sequences) is resampled too. Replicates
        take the variants in turn, so that the interval covers both samples.
    corrected : bool
        Whether the mean of (statistic of a variant - value) is subtracted from the value. Estimated vectors have noise,
        resampled ones have it twice: to first order the second lot changes the statistic as much as the first did.

    Returns
    -------
    Estimate
        In the unit of the statistic. Undefined if there are no units; without an interval for 0 replicates.
    """
    if len(moments) == 0:
        return UNDEFINED
    value = statistic(moments.mean(axis=0, keepdims=True)).item()
    if not n_replicates:
        return Estimate.of_replicates(value, np.empty(0))
    weights = resampling_weights(rng, len(moments), n_replicates)[:, 0]
    groups = [moments] if variants is None else list(variants)
    replicates = np.concatenate(
        [statistic(weights[first :: len(groups)] @ group) for first, group in enumerate(groups)]
    )
    if corrected and variants is not None:
        value = 2 * value - float(statistic(variants.mean(axis=1)).mean())
    return Estimate.of_replicates(value, replicates).stretched(len(moments))


def bootstrap_mean(values: Float[np.ndarray, " N *rest"], rng: np.random.Generator, n_replicates: int) -> Estimate:
    """Estimate the mean of values of N units (of each the mean over all that follows), with an interval over units.

    The interval is the bootstrap-t: of each resample (mean* - mean) / error*, whose quantiles take the place of
    Student's. Losses and divergences have long tails, and a percentile interval then ends too early on their side.
    """
    units = values.reshape(len(values), -1).mean(axis=1)
    if len(units) < 2 or not n_replicates or not np.ptp(units):
        return bootstrap(units[:, None], lambda moments: moments[:, 0], rng, n_replicates)
    mean, centred = float(units.mean()), units - units.mean()
    weights = resampling_weights(rng, len(units), n_replicates)[:, 0]
    shift, square = weights @ centred, weights @ np.square(centred)
    error = np.sqrt(np.maximum(square - np.square(shift), 0) / (len(units) - 1))
    return _of_studentised(mean, float(stats.sem(units)), shift, error)


def bootstrap_log_ratio(pairs: Float[np.ndarray, "N 2"], rng: np.random.Generator, n_replicates: int) -> Estimate:
    """Estimate log(mean of the first / mean of the second) of N pairs of numbers >= 0, with an interval over pairs.

    The interval is the bootstrap-t with the error of the delta method, that of the mean of a_i / mean a - b_i / mean b:
    where tails are long, a resample of a small mean has a small error as well.
    """
    means = pairs.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = float(np.log(means[0]) - np.log(means[1]))
    if not np.isfinite(value):  # a mean of numbers that are all 0 is 0 in every resample
        return Estimate.of_value(value)
    if not n_replicates or len(pairs) < 2:
        return Estimate.of_replicates(value, np.empty(0))
    weights = resampling_weights(rng, len(pairs), n_replicates)[:, 0]

    def error(weights: Float[np.ndarray, "R N"], means: Float[np.ndarray, "R 2"]) -> Float[np.ndarray, " R"]:
        scaled = pairs / means[:, None]
        influence = scaled[..., 0] - scaled[..., 1]
        return np.sqrt(np.einsum("rn,rn->r", weights, np.square(influence)) / (len(pairs) - 1))

    again = weights @ pairs
    known = (again > 0).all(axis=1)
    again, weights = again[known], weights[known]
    own = error(np.full((1, len(pairs)), 1 / len(pairs)), means[None]).item()
    return _of_studentised(value, own, np.log(again[:, 0] / again[:, 1]) - value, error(weights, again))


def _of_studentised(
    value: float, own: float, shift: Float[np.ndarray, " R"], error: Float[np.ndarray, " R"]
) -> Estimate:
    """Return the bootstrap-t interval of a value from its error, and from the resamples' shifts and errors."""
    if not (error > 0).any():
        return Estimate.of_value(value)
    low, high = percentile_range(shift[error > 0] / error[error > 0])
    return Estimate(value, value - high * own, value - low * own)


def jackknife_error(without: Float[np.ndarray, " G"]) -> float:
    """Return the standard error of a statistic from its values without each of G equal groups of units."""
    return float(np.sqrt((len(without) - 1) * np.var(without)))


def widened_by_scatter(
    estimates: Mapping[str, Estimate], again: Sequence[Mapping[str, Estimate]]
) -> dict[str, Estimate]:
    """Add to some intervals the noise of what the statistics were computed with, told by values with it drawn again."""
    if not again:
        return dict(estimates)
    scatter = {name: float(np.std([values[name].value for values in again], ddof=1)) for name in estimates}
    return {name: estimate.widened(scatter[name]) for name, estimate in estimates.items()}


def explained_share(moments: Float[np.ndarray, "R 2"]) -> Float[np.ndarray, " R"]:
    """Return R2 = 1 - residual / total from the moments (residual, total); undefined if the total is 0."""
    residual, total = moments[..., 0], moments[..., 1]
    return 1 - ratio(residual, total)


def ratio(numerator: Float[np.ndarray, " R"], denominator: Float[np.ndarray, " R"]) -> Float[np.ndarray, " R"]:
    """Divide, giving nan (and no warning) where the denominator is 0."""
    return np.divide(numerator, denominator, out=np.full_like(numerator, np.nan), where=denominator != 0)


def mean_of(estimates: Sequence[Estimate]) -> Estimate:
    """Return the mean of values and of the ends of their intervals: of runs whose own scatter is no question."""
    return Estimate(*(float(np.mean([getattr(e, end) for e in estimates])) for end in ("value", "low", "high")))


def over_seeds(estimates: Sequence[Estimate]) -> Estimate:
    """Return the mean over seeds, or groups, with the interval of Student's t; of one its own estimate."""
    if len(estimates) == 1:
        return estimates[0]
    return Estimate.of_groups(np.array([estimate.value for estimate in estimates])) if estimates else UNDEFINED
