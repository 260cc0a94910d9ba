"""Do networks of one design differ because of their tasks, or because of their initial parameters?

A seed draws tasks and initial parameters alike, so the scatter over seeds is of both. Arms that train a seed's tasks
from other initial parameters (`schema.Arm.initialisation`) split it. For x_si, seed s with initialisation i of n,

    initialisation   E = mean_s var_i x_si                          tasks   max(0, var_s mean_i x_si - E / n)

with the unbiased variances: a one-way analysis with random effects. Data of a step are a seed's own, so what the order
of the sequences does counts with the tasks. With two seeds the variance between tasks has one degree of freedom: it
says which of the two is larger by far, if one is.

Source: Searle, Casella and McCulloch, Variance Components (1992), chapter 3.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from validate.claims.catalogue import CRITERIA, questions_for
from validate.experiment.schema import Arm
from validate.experiment.seed_plan import SeedPlan
from validate.judging.results import Examination, SpreadRow
from validate.statistics.intervals import UNDEFINED

Examined = Sequence[tuple[SeedPlan, Examination]]


def is_initialisation(arm: Arm | None) -> bool:
    """Tell whether an arm changes the initial parameters and nothing else."""
    return arm is not None and arm.initialisation > 0 and not arm.training and arm.designs is None


def split(values: Float[np.ndarray, "S n"]) -> tuple[float, float]:
    """Return the variance between tasks and that between initialisations, of S seeds with n initialisations each."""
    within = float(values.var(axis=1, ddof=1).mean())
    return max(0.0, float(values.mean(axis=1).var(ddof=1)) - within / values.shape[1]), within


def spreads(first: Examined, others: Examined) -> list[SpreadRow]:
    """Return a row for each judged statistic of the families that have further initialisations of two or more seeds."""
    rows = []
    for family in dict.fromkeys(plan.section for plan, _ in others if is_initialisation(plan.arm)):
        again = [(p, e) for p, e in others if p.section == family and is_initialisation(p.arm)]
        own = {p.seed: [e] for p, e in first if p.section == family}
        for plan, examination in again:
            own.setdefault(plan.seed, []).append(examination)
        most = max(map(len, own.values()))
        own = {seed: found for seed, found in own.items() if len(found) == most}
        if len(own) > 1 and most > 1:
            rows += _rows(again[0][0], list(own), list(own.values()))
    return rows


def _rows(plan: SeedPlan, seeds: list[int], found: Sequence[Sequence[Examination]]) -> list[SpreadRow]:
    rows = []
    for scope, design in plan.designs.items():
        for question in questions_for(plan.section):
            for name in question.statistics:
                tables = [[e.outcome.trained.get(scope, {}) for e in of_seed] for of_seed in found]
                values = np.array([[table.get(name, UNDEFINED).value for table in of_seed] for of_seed in tables])
                if name in CRITERIA and scope in question.scopes and np.isfinite(values).all():
                    tasks, initialisation = split(values)
                    rows.append(
                        SpreadRow(
                            family=plan.section,
                            design=design,
                            statistic=name,
                            label=CRITERIA[name].label,
                            seeds=seeds,
                            initialisations=values.shape[1],
                            tasks=tasks,
                            initialisation=initialisation,
                        )
                    )
    return rows
