"""The sections of the report, one a question: what is claimed, what was found, and what would have refuted it."""

from collections.abc import Sequence
from dataclasses import dataclass

from validate.claims.base import Question
from validate.claims.catalogue import QUESTIONS
from validate.claims.rule import Criterion
from validate.judging.results import ClaimRow, Results
from validate.report.picture import Picture


@dataclass(frozen=True)
class ClaimGroup:
    """One claim with its rows, a family and design each."""

    name: str
    statement: str
    refuted_by: list[str]
    rows: list[ClaimRow]


@dataclass(frozen=True)
class Section:
    """One question, or figures that belong to none."""

    key: str
    title: str
    claims: list[ClaimGroup]
    pictures: list[Picture]

    @property
    def rows(self) -> list[ClaimRow]:
        """All rows of its claims."""
        return [row for claim in self.claims for row in claim.rows]


def refuted_by(criterion: Criterion) -> str:
    """Say which interval would have refuted a criterion, and what would have made it unspecific."""
    side = "below" if criterion.direction == "at least" else "above"
    return (
        f"{criterion.label}: refuted by an interval wholly {side} {criterion.tolerance:g},"
        " unspecific if a null or rival is not clear of it"
    )


def sections(results: Results, pictures: Sequence[Picture]) -> list[Section]:
    """Return the sections that have anything to say, in the order in which the questions are asked.

    Figures of no question stand first.
    """
    known = {question.name for question in QUESTIONS}
    loose = dict.fromkeys(one.figure.question for one in pictures if one.figure.question not in known)
    found = [Section(_key(name), _title(name), [], _pictures(name, pictures)) for name in loose]
    found += [_section(question, results, pictures) for question in QUESTIONS]
    return [section for section in found if section.rows or section.pictures]


def _section(question: Question, results: Results, pictures: Sequence[Picture]) -> Section:
    groups = []
    for claim in question.claims:
        rows = [row for row in results.claims if row.claim == claim.name]
        if rows:
            groups.append(ClaimGroup(claim.name, claim.statement, [refuted_by(one) for one in claim.criteria], rows))
    return Section(_key(question.name), _title(question.name), groups, _pictures(question.name, pictures))


def _pictures(question: str, pictures: Sequence[Picture]) -> list[Picture]:
    return [picture for picture in pictures if picture.figure.question == question]


def _key(name: str) -> str:
    return "question-" + "-".join(name.lower().split())


def _title(name: str) -> str:
    return name[:1].upper() + name[1:]
