"""Transience: does the loss on fresh tasks rise again late in training?

At each diversity and seed, with the sequences of fresh tasks in two halves,

    rise = loss(end) - loss(the step at which the other half has its least),     mean over both halves

so that the choice of the step cannot make a rise by itself, in units of what remembering the fewest tasks of the map
costs on fresh ones, the loss of the first pole less that of the second. Without a rise the step of the least is the
last one and the rise is 0. Over seeds: Student's t; that some diversity shows a rise is judged with the level shared
among the diversities (Bonferroni).

    supported      at some diversity the interval lies above `LEAST_RISE`
    refuted        at every diversity it lies below
    inconclusive   neither

A tenth of that unit is what counts as a rise; fixed before any map.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from scipy import stats

from validate.phase.found import ColumnResult
from validate.phase.results import Transience
from validate.phase.thresholds import seeds_of
from validate.statistics.intervals import LEVEL, Estimate

LEAST_RISE = 0.1
"""Share of what remembering the fewest tasks costs."""


def rise(column: ColumnResult) -> float:
    """Return the late rise of one network's loss on fresh tasks, nats a target."""
    halves = np.array([look.fresh_halves for look in column.looks])
    least = halves.argmin(axis=0)
    return float(np.mean([halves[-1, half] - halves[least[1 - half], half] for half in (0, 1)]))


def unit(own: Sequence[ColumnResult]) -> float:
    """Return what remembering the fewest tasks of a seed costs on fresh ones, nats a target."""
    first, second = own[0].poles["fresh"].loss.values()
    return first - second


def over_shared_level(values: np.ndarray, n_shared: int) -> Estimate:
    """Return mean and interval of Student's t, its level shared among several."""
    if len(values) < 2:
        return Estimate(float(values.mean()), float("nan"), float("nan"))
    half = stats.t.ppf(1 - (1 - LEVEL) / (2 * n_shared), len(values) - 1) * stats.sem(values)
    mean = float(values.mean())
    return Estimate(mean, mean - float(half), mean + float(half))


def transience(grid: Sequence[ColumnResult]) -> Transience:
    """Judge one map."""
    seeds = seeds_of(grid)
    diversities = [column.diversity for column in next(iter(seeds.values()))]
    table = np.array([[rise(column) / unit(own) for column in own] for own in seeds.values()])
    rises = [over_shared_level(column, len(diversities)) for column in table.T]
    verdict: Literal["supported", "refuted", "inconclusive"]
    if any(estimate.low > LEAST_RISE for estimate in rises):
        verdict = "supported"
    elif all(estimate.high < LEAST_RISE for estimate in rises):
        verdict = "refuted"
    else:
        verdict = "inconclusive"
    return Transience(diversities=diversities, rises=rises, verdict=verdict)
