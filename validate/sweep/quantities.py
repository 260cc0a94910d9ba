"""What is measured at every point of a sweep, and what each number stands beside.

`predicted` is exact and moves along the axes, `baseline` is a rival explanation or the level of chance, `untrained` the
same statistic of networks that were not trained. Where a state is concerned, the prediction is the statistic's value on
states made of exact-Bayes features (the ladder of `docs/statistics.md`): posterior over the majors, and the fresh
task's prediction with its weight. Where a prediction is concerned, it is that of M1, which is the optimum on the
training mixture, and the baseline is that of M2.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from validate.capture.rungs import EXACT
from validate.claims.base import UNTRAINED
from validate.experiment.scopes import BOTH, DIVERSE, Scope
from validate.judging.results import Outcome
from validate.statistics.intervals import UNDEFINED, Estimate
from validate.sweep.questions.baseline import BASELINE

LADDER = "states of exact-Bayes features"


@dataclass(frozen=True)
class Quantity:
    """One statistic in words, and where it is found.

    Attributes
    ----------
    meaning : str
        What it is, with its unit.
    predicted, baseline : str
        What the numbers beside it are; empty if there is none.
    scope : str
        The scope in which it is measured.
    level : float
        The baseline, where it is a constant.
    """

    meaning: str
    predicted: str = LADDER
    baseline: str = ""
    scope: Scope = DIVERSE
    level: float = float("nan")


QUANTITIES: Mapping[str, Quantity] = {
    "P0*": Quantity("share of the last states, what is current removed, that the task explains"),
    "P2*": Quantity("share of undecided states, what is current removed, that the simplex of task vectors explains"),
    "P3* TV": Quantity("total variation of simplex weights and exact posterior over the majors, undecided states"),
    "P0 contrast": Quantity("R² of (task, current) for majors, less that for minors, last layer"),
    "R2_OOD": Quantity("share of fresh tasks' last states inside the task span", LADDER, "random subspace", BOTH),
    "R2_OOD majors only": Quantity("the same, network trained without minors", LADDER, "random subspace", BOTH),
    "R2_OOD ratio": Quantity("the first divided by the second", LADDER, "no preference: 1", BOTH, level=1.0),
    "KL to M1, training": Quantity("KL(M1 ‖ network) on the training mixture, nats", "M1: 0", "M2: KL(M1 ‖ M2)"),
    "KL to M2, training": Quantity("KL(M2 ‖ network) on the training mixture, nats", "M1: KL(M2 ‖ M1)", "M2: 0"),
    "KL to M1, fresh": Quantity("KL(M1 ‖ network) on fresh tasks, nats", "M1: 0", "M2: KL(M1 ‖ M2)"),
    "KL to M2, fresh": Quantity("KL(M2 ‖ network) on fresh tasks, nats", "M1: KL(M2 ‖ M1)", "M2: 0"),
    "excess loss, training": Quantity("loss on the training mixture beyond the Bayes risk, nats", "M1: 0", "M2"),
    "excess loss, fresh": Quantity("loss on fresh tasks beyond that of the prior predictive, nats", "M1", "M2"),
    "edge length": Quantity(
        "mean edge of the simplex of task vectors, in units of the symbol vectors', base = 1",
        LADDER,
        "edges of the tasks' parameters",
    ),
    "edge gain": Quantity("edge length / mean edge of the tasks' parameters, base = 1", LADDER, "the parameters': 1"),
    "edge spread": Quantity("standard deviation of the edges / their mean", LADDER, "edges of the tasks' parameters"),
    "similarity to tasks": Quantity(
        "Pearson's r of the edges with those of the tasks' parameters", LADDER, "edges of the log-laws"
    ),
    "similarity to log-laws": Quantity(
        "Pearson's r of the edges with those of the tasks' log-laws", LADDER, "edges of the tasks' parameters"
    ),
}
"""Every statistic by name, in the order of tables. For numbers, KL is squared distance / (2 sigma²), in nats."""


@dataclass(frozen=True)
class Reading:
    """One statistic at one point and seed; nan where there is no such number."""

    measured: Estimate
    predicted: float
    baseline: float
    untrained: float


def read(outcome: Outcome, statistic: str) -> Reading:
    """Take a statistic and what stands beside it from what was found at a point and seed."""
    quantity = QUANTITIES[statistic]
    scope, nulls = quantity.scope, outcome.nulls[quantity.scope]
    rung = outcome.ladder[EXACT][scope][statistic].value
    return Reading(
        measured=outcome.trained[scope][statistic],
        predicted=outcome.predicted[scope].get(statistic, rung),
        baseline=nulls.get(BASELINE, {}).get(statistic, UNDEFINED).value
        if np.isnan(quantity.level)
        else quantity.level,
        untrained=nulls.get(UNTRAINED, {}).get(statistic, UNDEFINED).value,
    )
