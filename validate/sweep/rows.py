"""From the findings of all points and seeds to the rows of ``sweep.json``."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from validate.statistics.intervals import Estimate
from validate.sweep.design import BASE, Point, SweepExperiment
from validate.sweep.point import Findings, Reading

Table: TypeAlias = Mapping[tuple[Point, int], Findings]
"""Findings by point and seed."""

RELATIVE = ("edge length", "edge gain")
"""Statistics whose unit theory leaves open: they are given as multiples of their value at the base."""


def reading(table: Table, point: Point, seed: int, statistic: str) -> Reading:
    """Return a statistic of a point and seed, lengths as multiples of the base's.

    The base's length is taken as exact: the interval says how well the point's own length is known.
    """
    found = table[point, seed].readings[statistic]
    if statistic not in RELATIVE:
        return found
    base = table[BASE, seed].readings[statistic]
    unit = base.measured.value
    measured = Estimate(found.measured.value / unit, found.measured.low / unit, found.measured.high / unit)
    return Reading(
        measured,
        found.predicted / base.predicted,
        found.baseline / base.baseline,
        found.untrained / base.untrained,
    )


def sweep_rows(sweep: SweepExperiment, table: Table) -> list[dict[str, Any]]:
    """Return a row for every axis, value, seed and statistic."""
    return [
        {
            "axis": axis,
            "value": value,
            "seed": seed,
            "statistic": statistic,
            "measured": (found := reading(table, sweep.point(axis, value), seed, statistic)).measured.value,
            "interval": [found.measured.low, found.measured.high],
            "predicted": found.predicted,
            "baseline": found.baseline,
            "untrained": found.untrained,
        }
        for axis, values in sweep.axes.items()
        for value in values
        for seed in sweep.plan.seeds
        for statistic in table[sweep.point(axis, value), seed].readings
    ]


def shape_rows(sweep: SweepExperiment, table: Table) -> list[dict[str, Any]]:
    """Return, for every axis, value and seed, the chosen layer and the cosines between vertices."""
    return [
        {"axis": axis, "value": value, "seed": seed, "site": found.site, "cosines": found.cosines}
        for axis, values in sweep.axes.items()
        for value in values
        for seed in sweep.plan.seeds
        for found in (table[sweep.point(axis, value), seed],)
    ]
