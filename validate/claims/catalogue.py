"""Every question, in the order in which they are asked and shown.

The catalogue is checked when it is imported: a criterion that no question produces, a statistic that nobody judges or
shows, and a name that stands twice are refused.
"""

from collections.abc import Iterable, Sequence
from itertools import chain

from theory import kind_of
from validate.claims import (
    conditional,
    excess,
    fresh_states,
    functional,
    geometry,
    modes,
    properties,
    read_metric,
    retrieval,
    second_mode,
    skill,
    stability,
    trajectories,
)
from validate.claims.base import EVERY_FAMILY, Claim, Question
from validate.claims.causal import carrying, dissociation, history, steering
from validate.claims.prefix import cells as paths
from validate.claims.prefix import question as prefix
from validate.claims.rule import Criterion
from validate.experiment.schema import Experiment
from validate.experiment.scopes import Scope
from validate.experiment.seed_plan import SeedPlan
from validate.experiment.selection import require_known

QUESTIONS: tuple[Question, ...] = (
    skill.QUESTION,
    properties.QUESTION,
    conditional.QUESTION,
    excess.QUESTION,
    read_metric.QUESTION,
    functional.QUESTION,
    trajectories.QUESTION,
    modes.QUESTION,
    retrieval.QUESTION,
    stability.QUESTION,
    stability.BY_SITE,
    prefix.QUESTION,
    paths.QUESTION,
    second_mode.QUESTION,
    second_mode.OOD_LOSS,
    geometry.NEAR_ORTHOGONALITY,
    geometry.ANGLE,
    geometry.DIRECTIONS,
    fresh_states.QUESTION,
    steering.QUESTION,
    dissociation.QUESTION,
    carrying.QUESTION,
    history.QUESTION,
)


class CatalogueError(ValueError):
    """A catalogue whose questions and criteria do not fit; the message is one sentence."""


def questions_for(family: str, questions: Iterable[Question] = QUESTIONS) -> list[Question]:
    """Return the questions that are put to a family's networks."""
    return [question for question in questions if kind_of(family) in question.families]


MOST_PRIMARY = 8
"""Primary claims that a family can have."""


def primary_claims(family: str, questions: Iterable[Question] = QUESTIONS) -> list[tuple[str, Scope]]:
    """Return name and scope of every claim that is primary for a family."""
    return [
        (claim.name, scope)
        for question in questions_for(family, questions)
        for claim in question.claims
        for scope in claim.primary
    ]


def require_consistent(questions: Sequence[Question]) -> None:
    """Refuse questions whose criteria and statistics do not fit each other.

    Raises
    ------
    CatalogueError
        If a criterion names a statistic its question does not produce, a statistic is neither judged nor said to be
        only shown, what is shown belongs to another question, a name of a question, claim or statistic stands twice,
        a claim is primary, or expected to fail, where it is not asked, or a family has more than `MOST_PRIMARY`
        primary claims.
    """
    for question in questions:
        judged = {criterion.statistic for criterion in question.criteria}
        if unknown := judged - set(question.statistics):
            raise CatalogueError(f"{question.name} judges {sorted(unknown)}, which it does not produce")
        if idle := set(question.statistics) - judged - set(question.unjudged):
            raise CatalogueError(f"{question.name} produces {sorted(idle)}, which nobody judges or shows")
        if question.shown is not None and question.shown.question != question.name:
            raise CatalogueError(f"{question.name} shows a model of {question.shown.question}")
        for claim in question.claims:
            if astray := set(claim.primary) - set(question.scopes):
                raise CatalogueError(f"{claim.name} is primary in {sorted(astray)}, where it is not asked")
            if unasked := claim.expected_to_fail.keys() - set(question.families):
                raise CatalogueError(f"{claim.name} is expected to fail in {sorted(unasked)}, where it is not asked")
    for what, names in (
        ("question", [question.name for question in questions]),
        ("claim", [claim.name for question in questions for claim in question.claims]),
        ("statistic", [name for question in questions for name in question.statistics]),
    ):
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise CatalogueError(f"the {what} {repeated[0]} stands twice in the catalogue")
    for family in EVERY_FAMILY:
        if (n := len(primary_claims(family, questions))) > MOST_PRIMARY:
            raise CatalogueError(f"{family} has {n} primary claims; at most {MOST_PRIMARY} can be named")


require_consistent(QUESTIONS)

CLAIMS: dict[str, tuple[Claim, Question]] = {
    claim.name: (claim, question) for question in QUESTIONS for claim in question.claims
}
"""Every claim by its name, with the question it belongs to."""

CRITERIA: dict[str, Criterion] = {
    criterion.statistic: criterion for criterion in chain.from_iterable(question.criteria for question in QUESTIONS)
}
"""Every criterion by its statistic."""


def judged_claims(experiment: Experiment) -> list[str]:
    """Return the names of the claims that an experiment has a family and a training mixture for."""
    scopes = {kind: SeedPlan.of(experiment, kind, plan.seeds[0]).designs for kind, plan in experiment.families.items()}
    return [
        name
        for name, (_, question) in CLAIMS.items()
        if any(kind_of(kind) in question.families and own.keys() & set(question.scopes) for kind, own in scopes.items())
    ]


def select_claims(experiment: Experiment, names: Sequence[str]) -> list[str] | None:
    """Return the names of the claims to judge, None for all.

    Raises
    ------
    ExperimentError
        If there is no such claim, or the experiment has no networks it is judged on.
    """
    if not names:
        return None
    require_known("claim", names, list(CLAIMS))
    require_known(f"claim of {experiment.name}", names, judged_claims(experiment))
    return list(dict.fromkeys(names))
