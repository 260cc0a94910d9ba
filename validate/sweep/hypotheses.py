"""What theory expects of each axis, fixed before any network of a sweep is trained, and how a sweep decides.

A hypothesis names a statistic and the direction in which it changes from the axis' lowest value to its highest. Its
change is taken within each seed; its interval is that of Student's t over seeds, as everywhere, and so is that of
untrained networks. Of one seed it runs from the closest ends of the two intervals to the farthest. The rule is that of
`claims.rule` for a criterion of sign: the interval lies on the expected side of 0, and beyond the change that untrained
networks show.

Directions are those of the exact-Bayes states, and along `minors`, which these do not know, the paper's;
`docs/training_distribution.md` gives the reasons in full.
"""

from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np

from validate.claims.rule import Criterion, judge
from validate.statistics.intervals import Estimate, over_seeds
from validate.sweep.experiment import SweepExperiment
from validate.sweep.results import Direction, HypothesisRow
from validate.sweep.table import Table, reading


@dataclass(frozen=True)
class Hypothesis:
    """A statistic's expected change along an axis, and why."""

    axis: str
    statistic: str
    direction: Direction
    why: str


HYPOTHESES = (
    Hypothesis("minors", "R2_OOD", "falls", "few minors can be remembered; many only a second mode can serve"),
    Hypothesis("minors", "R2_OOD ratio", "falls", "the same, beside the network trained without minors"),
    Hypothesis("minors", "excess loss, fresh", "falls", "the more minors, the closer one of them is to a fresh task"),
    Hypothesis("minor_mass", "P2*", "falls", "between majors, states also hold the fresh task, and the simplex cannot"),
    Hypothesis("minor_mass", "P3* TV", "rises", "weights in the simplex share out what the fresh task takes away"),
    Hypothesis("minor_mass", "P0 contrast", "falls", "a major is doubted longer, so its states are less its own"),
    Hypothesis("minor_mass", "R2_OOD", "falls", "more of the posterior, and of the gradient, is about minors"),
    Hypothesis("minor_mass", "excess loss, fresh", "falls", "M1 and M2 both leave the majors sooner"),
    Hypothesis("concentration", "P0*", "falls", "tasks alike are told apart later, so states hold an undecided weight"),
    Hypothesis("concentration", "edge gain", "rises", "the posterior decides, however close the tasks' parameters are"),
    Hypothesis("concentration", "R2_OOD", "rises", "a fresh task that resembles the majors leaves them weight"),
    Hypothesis("overlap", "P0*", "falls", "rates of evidence fall as (1 - o) squared"),
    Hypothesis("overlap", "P2*", "falls", "vectors of late but undecided states are short beside the rest of a state"),
    Hypothesis("overlap", "P3* TV", "rises", "vectors of late but undecided states are not the corners"),
    Hypothesis("overlap", "R2_OOD", "falls", "majors drawn together leave more of the prior to the fresh task"),
    Hypothesis("majors", "P0*", "falls", "the more tasks, the closer the closest two"),
    Hypothesis("majors", "P3* TV", "rises", "errors of more weights add up"),
    Hypothesis("majors", "R2_OOD", "rises", "the span has K - 1 dimensions, and some major is close to a fresh task"),
)
"""Fixed beforehand; a sweep judges those of its axes."""


def change(first: Estimate, last: Estimate) -> Estimate:
    """Return last - first with the interval between its extremes, as both ends saw the same draws."""
    return Estimate(last.value - first.value, last.low - first.high, last.high - first.low)


def hypothesis_rows(sweep: SweepExperiment, table: Table) -> list[HypothesisRow]:
    """Judge the hypotheses about a sweep's axes, a row each."""
    return [_row(hypothesis, sweep, table) for hypothesis in HYPOTHESES if hypothesis.axis in sweep.axes]


def _row(hypothesis: Hypothesis, sweep: SweepExperiment, table: Table) -> HypothesisRow:
    values = sweep.axes[hypothesis.axis]
    ends = [sweep.point(hypothesis.axis, value) for value in (values[0], values[-1])]
    pairs = [[reading(table, point, seed, hypothesis.statistic) for point in ends] for seed in sweep.plan.seeds]
    measured = over_seeds([change(first.measured, last.measured) for first, last in pairs])
    null = over_seeds([Estimate.of_value(last.untrained - first.untrained) for first, last in pairs])
    direction: Literal["at least", "at most"] = "at least" if hypothesis.direction == "rises" else "at most"
    criterion = Criterion(hypothesis.statistic, "change", direction, 0.0, sign=True)
    return HypothesisRow(
        **asdict(hypothesis),
        first=values[0],
        last=values[-1],
        measured=measured.value,
        interval=(measured.low, measured.high),
        predicted=float(np.mean([last.predicted - first.predicted for first, last in pairs])),
        untrained=null.value,
        verdict=judge(criterion, measured, {"untrained": null}, calibrated=True),
    )
