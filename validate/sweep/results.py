"""What a sweep gives, as typed models: written to ``sweep.json``, read by figures and report."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from validate.claims.rule import Verdict
from validate.judging.results import Model, read_model
from validate.statistics.intervals import Estimate, Number, over_seeds
from validate.sweep.axes import AxisValue
from validate.sweep.experiment import SweepExperiment

Direction = Literal["rises", "falls"]


class SweepRow(Model):
    """One statistic at one value of an axis and one seed, and what it stands beside (`sweep.quantities`)."""

    axis: str
    value: AxisValue
    seed: int
    statistic: str
    measured: Number
    interval: tuple[Number, Number]
    predicted: Number
    baseline: Number
    untrained: Number


class ShapeRow(Model):
    """The site chosen in the network with minors at one value and seed, and cosines between vertices, K x K."""

    axis: str
    value: AxisValue
    seed: int
    site: str
    cosines: dict[str, list[list[float]]]


class HypothesisRow(Model):
    """A hypothesis and the change of its statistic from the axis' lowest value, ``first``, to its highest, ``last``."""

    axis: str
    statistic: str
    direction: Direction
    why: str
    first: AxisValue
    last: AxisValue
    measured: Number
    interval: tuple[Number, Number]
    predicted: Number
    untrained: Number
    verdict: Verdict


@dataclass(frozen=True)
class Pooled:
    """A statistic at one value of an axis, over the seeds: mean and interval, the seeds, means of the rest."""

    value: AxisValue
    measured: Estimate
    seeds: list[float]
    predicted: float
    baseline: float
    untrained: float


class SweepResults(Model):
    """A sweep: what sweep.json holds."""

    experiment: SweepExperiment
    environment: dict[str, Any]
    code: str
    hypotheses: list[HypothesisRow]
    rows: list[SweepRow]
    shapes: list[ShapeRow]
    seconds: float
    peak_memory_bytes: int

    def shapes_along(self, axis: str) -> list[ShapeRow]:
        """Return the shapes of one axis."""
        return [row for row in self.shapes if row.axis == axis]

    def along(self, axis: str, statistic: str) -> list[Pooled]:
        """Return a statistic at each value of an axis."""
        rows = [row for row in self.rows if (row.axis, row.statistic) == (axis, statistic)]
        values = self.experiment.axes[axis]
        return [_pooled(value, [row for row in rows if row.value == value]) for value in values]


def _pooled(value: AxisValue, rows: list[SweepRow]) -> Pooled:
    return Pooled(
        value=value,
        measured=over_seeds([Estimate(row.measured, *row.interval) for row in rows]),
        seeds=[row.measured for row in rows],
        predicted=float(np.mean([row.predicted for row in rows])),
        baseline=float(np.mean([row.baseline for row in rows])),
        untrained=float(np.mean([row.untrained for row in rows])),
    )


def read_sweep(folder: Path) -> SweepResults:
    """Read the numbers of a finished sweep; a `RunFolderError` if there are none."""
    return read_model(folder / "sweep.json", SweepResults, "sweep")
