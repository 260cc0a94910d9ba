"""Does it matter how networks are trained? Statistics of an arm beside those of the first, seed by seed.

Both arms train the same tasks from the same initial parameters, so that the difference is taken within a seed; its
interval is that of Student's t over seeds. Nothing here is a verdict. Arms that change the initial parameters alone are
no other way of training; `judging.spread` has them.
"""

from collections.abc import Sequence

import numpy as np

from validate.claims.catalogue import CRITERIA, questions_for
from validate.claims.skill import SKILL
from validate.experiment.scopes import Scope
from validate.experiment.seed_plan import SeedPlan
from validate.judging.results import ArmRow, Examination
from validate.judging.spread import is_initialisation
from validate.statistics.intervals import UNDEFINED, Estimate, over_seeds

Examined = Sequence[tuple[SeedPlan, Examination]]


def compare_arms(first: Examined, others: Examined) -> list[ArmRow]:
    """Return a row for each family, arm, scope and judged statistic that both arms have."""
    rows = []
    others = [(plan, examination) for plan, examination in others if not is_initialisation(plan.arm)]
    for family, arm in dict.fromkeys((p.section, p.arm.name) for p, _ in others if p.arm is not None):
        alike = [(p, e) for p, e in others if p.section == family and p.arm is not None and p.arm.name == arm]
        own, of_arm = {p.seed: e for p, e in alike}, alike[0][0].designs
        plans = {p.seed: (p, e) for p, e in first if p.section == family and p.seed in own}
        pairs = [(examination, own[seed]) for seed, (_, examination) in plans.items()]
        if not pairs:
            continue
        designs = next(iter(plans.values()))[0].designs
        for scope, design in designs.items():
            if of_arm.get(scope) != design:  # an arm may train some of the mixtures
                continue
            rows += _rows(family, arm, scope, design, list(plans), pairs)
    return rows


def _rows(
    family: str,
    arm: str,
    scope: Scope,
    design: str,
    seeds: list[int],
    pairs: Sequence[tuple[Examination, Examination]],
) -> list[ArmRow]:
    rows = []
    for question in questions_for(family):
        for name in question.statistics:
            values = np.array(
                [[e.outcome.trained.get(scope, {}).get(name, UNDEFINED).value for e in pair] for pair in pairs]
            )
            known = np.isfinite(values).all(axis=1)
            if (name in CRITERIA or name == SKILL) and scope in question.scopes and known.any():
                first, second = values[known].T
                rows.append(
                    ArmRow(
                        family=family,
                        arm=arm,
                        design=design,
                        statistic=name,
                        label=CRITERIA[name].label if name in CRITERIA else name,
                        seeds=[seed for seed, kept in zip(seeds, known, strict=True) if kept],
                        first=over_seeds([Estimate.of_value(value) for value in first]),
                        second=over_seeds([Estimate.of_value(value) for value in second]),
                        difference=over_seeds([Estimate.of_value(value) for value in second - first]),
                    )
                )
    return rows
