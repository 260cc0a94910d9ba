"""What states captured elsewhere say, as a typed model: written to ``results.json``.

Sources are measured and judged as those of a run are. What cannot be measured of the files is left out and said:
predictions, unless every file of a family holds them; what compares two designs, unless there are states of both;
whatever needs the network itself. Without untrained networks the verdicts stand on the other nulls.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from validate.claims.base import Question
from validate.claims.catalogue import CLAIMS
from validate.experiment.schema import Experiment
from validate.judging.examination import OFFERS, Subjects, examine
from validate.judging.results import ClaimRow, Examination, Model, NetworkResult
from validate.judging.verdicts import claim_rows
from validate.report.console import as_text, print_states
from validate.runs.environment import describe

WIDTH = 170
"""Columns of the text."""


class StatesResults(Model):
    """What is found of some files.

    Attributes
    ----------
    states, untrained : list of str
        The trained and the untrained networks: files, or designs and numbers.
    claims : list of ClaimRow
        Those of which something could be measured.
    left_out : list of str
        Sentences: what was not judged, and why.
    networks : list of NetworkResult
        Numbers of each trained network by site.
    """

    experiment: Experiment
    environment: dict[str, Any]
    states: list[str]
    untrained: list[str]
    claims: list[ClaimRow]
    left_out: list[str]
    networks: list[NetworkResult]

    def __str__(self) -> str:
        """Return what `measure` prints."""
        return as_text(print_states, self, WIDTH)


def judged(
    experiment: Experiment, groups: Iterable[Subjects], states: list[str], untrained: list[str]
) -> StatesResults:
    """Measure and judge the sources of several families and seeds."""
    by_family: dict[str, list[Subjects]] = {}
    for subjects in groups:
        by_family.setdefault(subjects.seed_plan.family.name, []).append(subjects)
    claims: list[ClaimRow] = []
    sentences: list[str] = []
    networks: list[NetworkResult] = []
    for family, own in by_family.items():
        examined = [examine(subjects) for subjects in own]
        rows = measured_rows(family, own[0], examined)
        claims += rows
        sentences += left_out(family, own, {row.claim for row in rows})
        networks += [network for examination in examined for network in examination.networks]
    return StatesResults(
        experiment=experiment,
        environment=describe(),
        states=states,
        untrained=untrained,
        claims=claims,
        left_out=sentences,
        networks=networks,
    )


def measured_rows(family: str, subjects: Subjects, examined: Sequence[Examination]) -> list[ClaimRow]:
    """Judge the claims of a family, but for those of which nothing was measured."""
    outcomes = [examination.outcome for examination in examined]
    rows = claim_rows(family, outcomes, subjects.scopes, subjects.seed_plan.setting.late[-1])
    scope_of = {design: scope for scope, design in subjects.scopes.items()}

    def is_measured(row: ClaimRow) -> bool:
        measured = outcomes[0].trained.get(scope_of[row.design], {})
        return any(part.statistic in measured for part in row.parts)

    return [row for row in rows if is_measured(row)]


def left_out(family: str, groups: Sequence[Subjects], names: set[str]) -> list[str]:
    """Return what of a family is not among the judged claims, and why, and which nulls there are not."""
    reasons: dict[str, list[str]] = {}
    for claim, question in CLAIMS.values():
        if family in question.families and claim.name not in names:
            reasons.setdefault(_why_not(question, groups[0]), []).append(claim.name)
    sentences = [f"{family}: not judged: {', '.join(missing)}; {reason}." for reason, missing in reasons.items()]
    if not all(subjects.untrained for subjects in groups):
        sentences.append(
            f"{family}: no untrained network was given for every seed (--untrained), so verdicts stand on the other"
            " nulls; an untrained network may meet the paper's own statistics."
        )
    return sentences


def _why_not(question: Question, subjects: Subjects) -> str:
    if question.needs == "network":
        return "the network itself is needed"
    if not set(question.scopes) & subjects.scopes.keys():
        return f"states of another design are needed ({', '.join(question.scopes)})"
    if question.needs not in OFFERS[subjects.has]:
        return "not every file holds predictions"
    return "nothing could be measured"
