"""A world, and the row of a statistic in the table of calibration."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from validate.claims.base import Statistics
from validate.claims.catalogue import CRITERIA
from validate.claims.rule import Criterion, judge
from validate.judging.results import Model
from validate.statistics.intervals import Estimate, Number

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
    """

    name: str
    n: int
    truth: Mapping[str, float]
    measure: Callable[[int], Statistics]
    null: Statistics = field(default_factory=dict)


class CalibrationRow(Model):
    """How one statistic fares in one world; ``power`` is None where the truth misses the tolerance, else the other."""

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


def rows_of(world: World, draws: Sequence[Statistics]) -> list[CalibrationRow]:
    """Score every judged statistic whose truth is known on the draws of a world."""
    return [
        _row(world, CRITERIA[name], truth, [draw[name] for draw in draws])
        for name, truth in world.truth.items()
        if name in CRITERIA
    ]


def _row(world: World, criterion: Criterion, truth: float, estimates: Sequence[Estimate]) -> CalibrationRow:
    # Where 0 is the null it is the only one here: others could but hinder support.
    nulls = {} if criterion.sign else {"null": world.null[criterion.statistic]}
    supported = np.mean([judge(criterion, one, nulls, calibrated=True) == "supported" for one in estimates])
    ends = np.array([(one.value, one.low, one.high) for one in estimates])
    known = ends[np.isfinite(ends).all(axis=1)]
    covered = (known[:, 1] <= truth) & (truth <= known[:, 2])
    true = holds(criterion, truth)
    return CalibrationRow(
        statistic=criterion.statistic,
        world=world.name,
        n=world.n,
        truth=truth,
        bias=float(known[:, 0].mean() - truth) if len(known) else float("nan"),
        coverage=float(covered.mean()) if len(known) else float("nan"),
        power=float(supported) if true else None,
        false_support=None if true else float(supported),
    )
