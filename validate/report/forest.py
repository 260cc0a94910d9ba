"""A forest plot of one criterion, as numbers that a template draws: each seed, their mean, and what could have passed.

    x = value / |tolerance|        or the value itself where the tolerance is 0

so that the tolerance stands at 1 or -1 (or 0). The frame holds the seeds, the interval and the tolerance; nulls further
off than a frame's width stand at its edge, and their titles give their numbers.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from validate.judging.results import ClaimRow, CriterionRow
from validate.report.wording import number

WIDTH, MARGIN, LINE = 300.0, 12.0, 11.0
"""Pixels: of a plot, at its sides, and from one seed to the next."""


@dataclass(frozen=True)
class Mark:
    """Something on the axis: where, and what a reader is told of it."""

    x: float
    title: str


@dataclass(frozen=True)
class Forest:
    """The places of everything that is drawn of one criterion, in pixels."""

    row: ClaimRow
    part: CriterionRow
    seeds: list[Mark | None]
    mean: Mark | None
    interval: tuple[float, float] | None
    tolerance: float
    nulls: list[Mark]
    paper: Mark | None
    ends: tuple[float, float]

    @property
    def height(self) -> float:
        """Height of the drawing."""
        return LINE * (len(self.seeds) + 1) + 34

    @property
    def label(self) -> str:
        """What the drawing shows, for those who do not see it."""
        told = ", ".join(mark.title for mark in (*filter(None, self.seeds), *self.nulls))
        low, high = self.part.interval
        return (
            f"{self.row.claim}, {self.row.family}, {self.row.design}: {self.part.label} {number(self.part.measured)},"
            f" interval {number(low)} to {number(high)}, tolerance {self.part.bound()}; {told}"
        )

    @classmethod
    def of(cls, row: ClaimRow, part: CriterionRow) -> "Forest":
        """Place everything."""
        unit = abs(part.tolerance) or 1.0
        tolerance = part.tolerance / unit
        core = [tolerance, *_finite(value / unit for value in (*part.by_seed, part.measured, *part.interval))]
        low, high = min(core), max(core)
        size = (high - low) or 1.0
        others = _finite(null.value / unit for null in part.nulls.values())
        low = min([low, *(value for value in others if value > low - size)]) - 0.06 * size
        high = max([high, *(value for value in others if value < high + size)]) + 0.06 * size

        def place(value: float) -> float:
            share = (min(max(value / unit, low), high) - low) / (high - low)
            return round(MARGIN + share * (WIDTH - 2 * MARGIN), 1)

        def mark(value: float, name: str) -> Mark | None:
            return Mark(place(value), f"{name} {number(value)}") if math.isfinite(value) else None

        nulls = (mark(null.value, name) for name, null in part.nulls.items())
        paper = row.paper if part is row.parts[0] else None
        return cls(
            row=row,
            part=part,
            seeds=[mark(value, f"seed {seed}") for seed, value in zip(row.seeds, part.by_seed, strict=True)],
            mean=mark(part.measured, "mean"),
            interval=(place(part.interval[0]), place(part.interval[1]))
            if all(map(math.isfinite, part.interval))
            else None,
            tolerance=place(part.tolerance),
            nulls=[found for found in nulls if found is not None],
            paper=None if paper is None else mark(paper, "paper"),
            ends=(low, high),
        )


def _finite(values: Iterable[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]
