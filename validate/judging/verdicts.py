"""From the outcomes of all seeds to one row per claim and scope.

A seed draws the majors, the minors and the initial parameters, so seeds are the units: a statistic is the mean of the
seeds' values with the interval of Student's t over seeds, and so is every null and every rung of the ladder. Of one
seed it is that seed's own, and its interval says nothing of another. Beside it stands how many networks meet the
tolerance by themselves, with the exact interval of their share (Clopper and Pearson). Claims about states are judged on
the seeds whose networks have learned, if these are more than half. A row shows the numbers of its deciding criterion,
the one with the worst verdict. What is added of primary claims stands in `judging.primary`.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from scipy.stats import binomtest

from theory import kind_of
from validate.capture.rungs import PREDICTION
from validate.capture.skill import LEARNED
from validate.claims.base import Claim, Question, Statistics
from validate.claims.catalogue import CLAIMS, primary_claims
from validate.claims.paper import beside
from validate.claims.rule import Criterion, deciding_null, judge, worst
from validate.claims.skill import SKILL
from validate.experiment.scopes import BOTH, DIVERSE, MAJORS_ONLY, Scope
from validate.judging.ladder import calibrated_by
from validate.judging.primary import defined, with_standing
from validate.judging.results import ClaimRow, CriterionRow, Outcome
from validate.statistics.intervals import LEVEL, UNDEFINED, Estimate, mean_of, over_seeds
from validate.statistics.multiplicity import p_above

RIVAL = "prediction-only states"
"""How states that hold the exact prediction and nothing else are called among the nulls."""


def claim_rows(
    family: str,
    outcomes: Sequence[Outcome],
    designs: Mapping[Scope, str],
    position: int,
    wanted: Sequence[str] | None = None,
) -> list[ClaimRow]:
    """Judge every claim on the seeds of one family.

    Parameters
    ----------
    designs : mapping
        Name of the design each scope stands for; a claim is not judged in a scope that is missing.
    position : int
        The last scored position.
    wanted : sequence of str, optional
        Names of the claims to judge; all unless given.
    """
    rows = [
        _row(claim, question, family, outcomes, scope, designs[scope], position)
        for claim, question in CLAIMS.values()
        if kind_of(family) in question.families and (wanted is None or claim.name in wanted)
        for scope in question.scopes
        if scope in designs
    ]
    return with_standing(rows, len(primary_claims(family)))


def _row(
    claim: Claim,
    question: Question,
    family: str,
    outcomes: Sequence[Outcome],
    scope: Scope,
    design: str,
    position: int,
) -> ClaimRow:
    outcomes, learned = _learned(question, outcomes, scope)
    parts = [_criterion_row(criterion, question, outcomes, scope, learned) for criterion in claim.criteria]
    verdict = worst([part.verdict for part in parts])
    deciding = next(part for part in parts if part.verdict == verdict)
    where, placed = "last" if question.place == "last" else scope, question.place != "none"
    layers = [outcome.layers[where] for outcome in outcomes]
    return ClaimRow(
        claim=claim.name,
        family=family,
        design=design,
        layer=layers[0] if placed else None,
        layers=layers if placed else None,
        sites=[outcome.sites[where] for outcome in outcomes] if placed else None,
        position=position if placed else None,
        seeds=[outcome.seed for outcome in outcomes],
        statement=claim.statement,
        paper=_paper(claim.paper.get((family, scope)), outcomes, where) if placed else None,
        parts=parts,
        primary=scope in claim.primary,
        expected_to_fail=claim.expected_to_fail.get(kind_of(family)),
        **dict(deciding),
    )


def _paper(
    values: tuple[float, ...] | None, outcomes: Sequence[Outcome], where: Scope | Literal["last"]
) -> float | None:
    """Return the paper's value if it stands beside every seed's, at one depth."""
    found = {beside(values, outcome.sites[where], outcome.layers["last"] + 1) for outcome in outcomes}
    return found.pop() if len(found) == 1 else None


def _criterion_row(
    criterion: Criterion, question: Question, outcomes: Sequence[Outcome], scope: Scope, learned: bool
) -> CriterionRow:
    name = criterion.statistic
    own = [outcome.trained.get(scope, {}).get(name, UNDEFINED) for outcome in outcomes]
    measured = over_seeds(own)
    nulls = _nulls(name, question, outcomes, scope)
    deciding = deciding_null(criterion, measured, nulls)
    calibrated = not question.asked_of_rungs or _judges(criterion, outcomes, scope)
    met = sum(criterion.meets(estimate.value) for estimate in own)
    share = binomtest(met, len(own)).proportion_ci(LEVEL, method="exact")
    return CriterionRow(
        statistic=name,
        label=criterion.label,
        predicted=_predicted(criterion, question, outcomes, scope).value,
        measured=measured.value,
        by_seed=[estimate.value for estimate in own],
        interval=(measured.low, measured.high),
        null=UNDEFINED.value if deciding is None else nulls[deciding].value,
        decided_by=deciding,
        nulls=nulls,
        beside=_over_seeds(name, [outcome.beside.get(scope, {}) for outcome in outcomes]),
        tolerance=criterion.tolerance,
        direction=criterion.direction,
        calibrated=calibrated,
        met=met,
        met_share=(share.low, share.high),
        p_value=defined(p_meets(criterion, own)) if learned else None,
        verdict=judge(criterion, measured, nulls, calibrated, learned),
        reason=next((o.reasons[scope][name] for o in outcomes if name in o.reasons.get(scope, {})), ""),
    )


def _nulls(name: str, question: Question, outcomes: Sequence[Outcome], scope: Scope) -> dict[str, Estimate]:
    """Return the nulls of a statistic over the seeds; of states, states that hold the prediction alone are one too."""
    nulls = _over_seeds(name, [outcome.nulls.get(scope, {}) for outcome in outcomes])
    ladders = [outcome.ladder.get(PREDICTION, {}).get(scope, {}) for outcome in outcomes]
    rival = null_over_seeds([ladder.get(name, UNDEFINED) for ladder in ladders])
    # Where such states have no number they cannot be taken for anything.
    return nulls | ({RIVAL: rival} if question.needs == "states" and np.isfinite(rival.value) else {})


def _over_seeds(name: str, tables: Sequence[Mapping[str, Statistics]]) -> dict[str, Estimate]:
    """Return each null over the seeds; one that some seeds have and others lack is undefined."""
    names = dict.fromkeys(null for of_seed in tables for null, table in of_seed.items() if name in table)
    return {null: null_over_seeds([of_seed.get(null, {}).get(name, UNDEFINED) for of_seed in tables]) for null in names}


def null_over_seeds(estimates: Sequence[Estimate]) -> Estimate:
    """Return a null over seeds: as wide as its scatter over seeds, and as its own intervals in the mean.

    Of permutations and random subspaces the interval is where they range, which the mean over seeds would hide.
    """
    scatter, own = over_seeds(estimates), mean_of(estimates)
    return Estimate(scatter.value, float(np.fmin(scatter.low, own.low)), float(np.fmax(scatter.high, own.high)))


def p_meets(criterion: Criterion, own: Sequence[Estimate]) -> float:
    """Return the one-sided p-value that the mean over seeds meets the tolerance."""
    side = 1 if criterion.direction == "at least" else -1
    return p_above([side * estimate.value for estimate in own], side * criterion.tolerance)


def _learned(question: Question, outcomes: Sequence[Outcome], scope: Scope) -> tuple[Sequence[Outcome], bool]:
    """Return the seeds whose networks have learned, and whether they are more than half.

    Claims about predictions are judged on every seed, and so are networks whose skill is not known. If half of the
    seeds or more have not learned, all are returned: their numbers are shown and judge nothing.
    """
    if question.needs == "predictions":
        return outcomes, True
    needed: tuple[Scope, ...] = (MAJORS_ONLY, DIVERSE) if scope == BOTH else (scope,)

    def has_learned(outcome: Outcome) -> bool:
        skills = [outcome.trained.get(one, {}).get(SKILL) for one in needed]
        return all(skill is None or skill.value >= LEARNED for skill in skills)

    kept = [outcome for outcome in outcomes if has_learned(outcome)]
    return (kept, True) if 2 * len(kept) > len(outcomes) else (outcomes, False)


def _judges(criterion: Criterion, outcomes: Sequence[Outcome], scope: Scope) -> bool:
    """Tell whether the ladders of the seeds, taken together, let a criterion judge."""
    ladders = [outcome.ladder for outcome in outcomes]
    if not all(criterion.statistic in ladder.get(criterion.exact, {}).get(scope, {}) for ladder in ladders):
        return False
    return calibrated_by(criterion, [{rung: own.get(scope, {}) for rung, own in ladder.items()} for ladder in ladders])


def _predicted(criterion: Criterion, question: Question, outcomes: Sequence[Outcome], scope: Scope) -> Estimate:
    name = criterion.statistic
    if question.asked_of_rungs:
        rungs = (outcome.ladder.get(criterion.exact, {}).get(scope, {}) for outcome in outcomes)
        return over_seeds([rung.get(name, UNDEFINED) for rung in rungs])
    values = (outcome.predicted.get(scope, {}).get(name, float("nan")) for outcome in outcomes)
    return over_seeds([Estimate.of_value(value) for value in values])
