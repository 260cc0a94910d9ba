"""What states captured elsewhere say, as a typed model: written to ``results.json``.

Sources are measured and judged as those of a run are. What cannot be measured of the files is left out and said:
predictions, unless every file of a family holds them; what compares two designs, unless there are states of both;
whatever needs the network itself. Without untrained networks the verdicts stand on the other nulls.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from theory import kind_of
from validate.claims.base import Question
from validate.claims.catalogue import CLAIMS
from validate.experiment.schema import Experiment
from validate.judging.examination import OFFERS, Subjects, examine
from validate.judging.results import ClaimRow, Examination, Model, NetworkResult
from validate.judging.verdicts import claim_rows
from validate.report.console import as_text, print_states
from validate.report.wording import why_untested
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
        by_family.setdefault(subjects.seed_plan.section, []).append(subjects)
    claims: list[ClaimRow] = []
    sentences: list[str] = []
    networks: list[NetworkResult] = []
    for family, own in by_family.items():
        examined = [examine(subjects) for subjects in own]
        rows = measured_rows(family, own[0], examined)
        claims += rows
        sentences += [*not_tested(rows), *left_out(family, own, {row.claim for row in rows})]
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
        if kind_of(family) in question.families and claim.name not in names:
            reasons.setdefault(_why_not(question, groups[0]), []).append(claim.name)
    sentences = [f"{family}: not judged: {', '.join(missing)}; {reason}." for reason, missing in reasons.items()]
    if not all(subjects.company.untrained for subjects in groups):
        sentences.append(
            f"{family}: no untrained network was given for every seed (--untrained), so verdicts stand on the other"
            " nulls; an untrained network may meet the paper's own statistics."
        )
    return sentences


def _why_not(question: Question, subjects: Subjects) -> str:
    plan = subjects.seed_plan
    if question.needs == "network" and subjects.has != "network":
        return "the network itself is needed: a source with run(inputs, edit)"
    if question.needs == "network" and plan.setting.causal is None:
        return f"the experiment has no table [families.{plan.section}.causal]"
    if not set(question.scopes) & subjects.scopes.keys():
        return f"states of another design are needed ({', '.join(question.scopes)})"
    if question.needs not in OFFERS[subjects.has]:
        return "not every network has predictions"
    if question.needs == "network":
        return (
            "nothing could be measured: V needs sources with gradient(inputs, site, edit, slope) and room beside the"
            " task vectors, and swapped histories need three sites"
        )
    return "nothing could be measured: the statistics are not defined on these sequences"


def not_tested(rows: Iterable[ClaimRow]) -> list[str]:
    """Return why claims are not tested that are among those judged."""
    reasons: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        if row.verdict == "not tested":
            parts = [part for part in row.parts if part.verdict == "not tested"]
            why = "; ".join(dict.fromkeys(f"{part.label}: {why_untested(part)}" for part in parts))
            reasons.setdefault((row.family, row.design, why), []).append(row.claim)
    return [
        f"{family}, {design}: not tested: {', '.join(claims)}; {why}."
        for (family, design, why), claims in reasons.items()
    ]
