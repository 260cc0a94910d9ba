"""From the outcomes of all seeds to one row per claim and scope.

Over seeds, a statistic is the mean of the seeds' values with the smallest interval that holds the seeds' intervals,
and so is every null; a statistic is calibrated if the ladder of every seed says so. A row shows the numbers of its
deciding criterion, the one with the worst verdict.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from validate.capture.skill import LEARNED
from validate.claims.base import Claim, Question
from validate.claims.catalogue import CLAIMS
from validate.claims.rule import Criterion, closest_null, judge, worst
from validate.claims.skill import SKILL
from validate.experiment.scopes import BOTH, DIVERSE, MAJORS_ONLY, Scope
from validate.judging.ladder import calibration
from validate.judging.results import ClaimRow, CriterionRow, Outcome
from validate.statistics.intervals import UNDEFINED, Estimate, hull


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
    return [
        _row(claim, question, family, outcomes, scope, designs[scope], position)
        for claim, question in CLAIMS.values()
        if family in question.families and (wanted is None or claim.name in wanted)
        for scope in question.scopes
        if scope in designs
    ]


def _row(
    claim: Claim,
    question: Question,
    family: str,
    outcomes: Sequence[Outcome],
    scope: Scope,
    design: str,
    position: int,
) -> ClaimRow:
    parts = [_criterion_row(criterion, question, outcomes, scope) for criterion in claim.criteria]
    verdict = worst([part.verdict for part in parts])
    deciding = next(part for part in parts if part.verdict == verdict)
    layers = [outcome.layers["last" if question.place == "last" else scope] for outcome in outcomes]
    placed = question.place != "none"
    return ClaimRow(
        claim=claim.name,
        family=family,
        design=design,
        layer=layers[0] if placed else None,
        layers=layers if placed else None,
        position=position if placed else None,
        seeds=[outcome.seed for outcome in outcomes],
        statement=claim.statement,
        paper=claim.paper.get((family, scope)),
        parts=parts,
        **dict(deciding),
    )


def _criterion_row(criterion: Criterion, question: Question, outcomes: Sequence[Outcome], scope: Scope) -> CriterionRow:
    name = criterion.statistic
    tables = [outcome.nulls.get(scope, {}) for outcome in outcomes]
    measured = hull(outcome.trained.get(scope, {}).get(name, UNDEFINED) for outcome in outcomes)
    names = [null for null, table in tables[0].items() if name in table]
    nulls = {null: hull(table[null][name] for table in tables) for null in names}
    calibrated = all(_calibrated(criterion, question, outcome, scope) for outcome in outcomes)
    return CriterionRow(
        statistic=name,
        label=criterion.label,
        predicted=_predicted(criterion, question, outcomes, scope).value,
        measured=measured.value,
        interval=(measured.low, measured.high),
        null=closest_null(criterion, nulls).value,
        nulls=nulls,
        tolerance=criterion.tolerance,
        direction=criterion.direction,
        calibrated=calibrated,
        verdict=judge(criterion, measured, nulls, calibrated, learned=_learned(question, outcomes, scope)),
    )


def _learned(question: Question, outcomes: Sequence[Outcome], scope: Scope) -> bool:
    """Tell whether every network the claim is about has learned, as far as that is known; predictions always count."""
    needed: tuple[Scope, ...] = (MAJORS_ONLY, DIVERSE) if scope == BOTH else (scope,)
    skills = [outcome.trained.get(one, {}).get(SKILL) for outcome in outcomes for one in needed]
    return question.needs == "predictions" or all(skill is None or skill.value >= LEARNED for skill in skills)


def _calibrated(criterion: Criterion, question: Question, outcome: Outcome, scope: Scope) -> bool:
    if not question.asked_of_rungs:
        return True
    return calibration(outcome.ladder).get(scope, {}).get(criterion.statistic, False)


def _predicted(criterion: Criterion, question: Question, outcomes: Sequence[Outcome], scope: Scope) -> Estimate:
    name = criterion.statistic
    if question.asked_of_rungs:
        rungs = (outcome.ladder.get(criterion.exact, {}).get(scope, {}) for outcome in outcomes)
        return hull(rung.get(name, UNDEFINED) for rung in rungs)
    values = (outcome.predicted.get(scope, {}).get(name, float("nan")) for outcome in outcomes)
    return hull(Estimate.of_value(value) for value in values)


def count_verdicts(rows: Iterable[ClaimRow]) -> dict[str, int]:
    """Count the rows of each verdict."""
    return dict(Counter(row.verdict for row in rows))
