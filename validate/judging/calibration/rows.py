"""A world, and the row of a statistic in the table of calibration."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from validate.claims.base import Statistics
from validate.claims.catalogue import CRITERIA
from validate.claims.rule import Criterion, judge
from validate.judging.results import Model
from validate.statistics.intervals import Number

COVERAGE, FALSE_SUPPORT = (0.92, 0.98), 0.05
"""Bounds of an interval's coverage, and the largest share of false support."""


@dataclass(frozen=True, eq=False)
class World:
    """A population whose statistics are known.

    Attributes
    ----------
    n : int
        The size of a sample: sequences of a cell, fresh tasks, or sequences of a population.
    truth : mapping
        By statistic.
    measure : callable
        Draws the sample of a number and returns its estimates.
    null : mapping
        Estimates of what must not pass for the claims, of a sample of that size.
    given : callable
        Returns, of the sample of a number, the true values that hang on what was found in it.
    """

    name: str
    n: int
    truth: Mapping[str, float]
    measure: Callable[[int], Statistics]
    null: Statistics = field(default_factory=dict)
    given: Callable[[int], Mapping[str, float]] = lambda index: {}

    def drawn(self, index: int) -> "Draw":
        """Draw a sample: its estimates, and what is true of it."""
        return Draw(self.measure(index), {**self.truth, **self.given(index)})


@dataclass(frozen=True)
class Draw:
    """The estimates of a sample, and the true values."""

    estimates: Statistics
    truth: Mapping[str, float]


def values_of(estimates: Statistics) -> dict[str, float]:
    """Return the values: of many sequences they are the true ones."""
    return {name: estimate.value for name, estimate in estimates.items()}


class CalibrationRow(Model):
    """How one statistic fares in one world.

    ``power`` is of the draws in which the truth meets the tolerance, ``false_support`` of the others; None of none.
    """

    statistic: str
    world: str
    n: int
    truth: Number
    bias: Number
    coverage: Number
    power: Number | None
    false_support: Number | None


class Calibration(Model):
    """The table: of so many draws of each world, from a seed on."""

    seed: int
    worlds: int
    rows: list[CalibrationRow]


def holds(criterion: Criterion, truth: float) -> bool:
    """Tell whether a criterion is true; with 0 as the null, 0 itself is not."""
    return criterion.meets(truth) and not (criterion.sign and truth == 0)


def rows_of(world: World, draws: Sequence[Draw]) -> list[CalibrationRow]:
    """Score every judged statistic whose truth is known on the draws of a world."""
    return [_row(world, CRITERIA[name], draws) for name in draws[0].truth if name in CRITERIA]


def _row(world: World, criterion: Criterion, draws: Sequence[Draw]) -> CalibrationRow:
    # Where 0 is the null it is the only one here: others could but hinder support.
    name = criterion.statistic
    nulls = {} if criterion.sign else {"null": world.null[name]}
    estimates = [draw.estimates[name] for draw in draws]
    truth = np.array([draw.truth[name] for draw in draws])
    supported = np.array([judge(criterion, one, nulls, calibrated=True) == "supported" for one in estimates])
    value, low, high = np.array([(one.value, one.low, one.high) for one in estimates]).T
    known = np.isfinite([value, low, high]).all(axis=0)
    true = np.array([holds(criterion, one) for one in truth])
    return CalibrationRow(
        statistic=name,
        world=world.name,
        n=world.n,
        truth=float(truth.mean()),
        bias=_mean((value - truth)[known]),
        coverage=_mean(((low <= truth) & (truth <= high))[known]),
        power=float(supported[true].mean()) if true.any() else None,
        false_support=float(supported[~true].mean()) if not true.all() else None,
    )


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")
