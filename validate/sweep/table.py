"""From what was found at all points and seeds to the rows of ``sweep.json``."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from validate.judging.results import Examination
from validate.sweep.axes import BASE, AxisValue, Point
from validate.sweep.experiment import SweepExperiment
from validate.sweep.quantities import QUANTITIES, Reading, read
from validate.sweep.questions.shapes import ShapeShown
from validate.sweep.results import ShapeRow, SweepRow

Table: TypeAlias = Mapping[tuple[Point, int], Examination]
"""What was found by point and seed."""

RELATIVE = ("edge length", "edge gain")
"""Statistics whose unit theory leaves open: they are given as multiples of their value at the base."""


def reading(table: Table, point: Point, seed: int, statistic: str) -> Reading:
    """Return a statistic of a point and seed, lengths as multiples of the base's.

    The base's length is taken as exact: the interval says how well the point's own length is known.
    """
    found = read(table[point, seed].outcome, statistic)
    if statistic not in RELATIVE:
        return found
    base = read(table[BASE, seed].outcome, statistic)
    return Reading(
        found.measured.map(lambda end: end / base.measured.value),
        found.predicted / base.predicted,
        found.baseline / base.baseline,
        found.untrained / base.untrained,
    )


def _places(sweep: SweepExperiment) -> Iterator[tuple[str, AxisValue, int]]:
    """Yield every axis, value and seed."""
    for axis, values in sweep.axes.items():
        for value in values:
            for seed in sweep.plan.seeds:
                yield axis, value, seed


def sweep_rows(sweep: SweepExperiment, table: Table) -> list[SweepRow]:
    """Return a row for every axis, value, seed and statistic."""
    return [
        SweepRow(
            axis=axis,
            value=value,
            seed=seed,
            statistic=statistic,
            measured=(found := reading(table, sweep.point(axis, value), seed, statistic)).measured.value,
            interval=(found.measured.low, found.measured.high),
            predicted=found.predicted,
            baseline=found.baseline,
            untrained=found.untrained,
        )
        for axis, value, seed in _places(sweep)
        for statistic in QUANTITIES
    ]


def shape_rows(sweep: SweepExperiment, table: Table) -> list[ShapeRow]:
    """Return, for every axis, value and seed, the chosen site and the cosines between vertices."""
    rows = []
    for axis, value, seed in _places(sweep):
        for network in table[sweep.point(axis, value), seed].networks:
            if (shown := network.show(ShapeShown)) is not None:
                rows.append(ShapeRow(axis=axis, value=value, seed=seed, site=network.site, cosines=shown.cosines))
    return rows
