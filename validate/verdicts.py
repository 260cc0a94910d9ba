"""From the outcomes of all seeds to one row per claim.

Over seeds, a statistic is the mean of the seeds' values with the smallest interval that holds the seeds' intervals,
and so is every null; a statistic is calibrated if the ladder of every seed says so. A row shows the numbers of its
deciding criterion (the one with the worst verdict); all of them are under ``parts``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from validate.claims import NEAR_ORTHOGONALITY, PROPERTIES, RETRIEVAL, Claim
from validate.intervals import UNDEFINED, hull
from validate.judgement import Criterion, closest_null, judge, worst
from validate.ladder import EXACT
from validate.study import Statistics

PLAIN = "minors=0"
"""Name of the majors-only design, in which P0 to P3* and retrieval are judged."""


@dataclass(frozen=True)
class Outcome:
    """What one seed of one family gave.

    Attributes
    ----------
    ladder, nulls : dict
        Statistics by rung, and by null.
    calibrated : dict
        By statistic, whether the ladder lets it judge.
    trained : dict
        Statistics of the trained networks; empty if the experiment has no majors-only design.
    """

    seed: int
    ladder: dict[str, Statistics]
    calibrated: dict[str, bool]
    trained: Statistics
    nulls: dict[str, Statistics]


def claim_rows(
    kind: str, outcomes: Sequence[Outcome], place: dict[str, Any], diverse: str | None
) -> list[dict[str, Any]]:
    """Judge every claim on the seeds of one family.

    Parameters
    ----------
    place : dict
        ``layer`` and ``position`` at which the states were judged.
    diverse : str or None
        Name of the diverse design, if there is one.
    """
    rows = [_row(claim, kind, outcomes, PLAIN, place) for claim in PROPERTIES]
    nowhere = {"layer": None, "position": None}
    rows += [_row(claim, kind, outcomes, PLAIN, nowhere) for claim in RETRIEVAL]
    rows.append(_row(NEAR_ORTHOGONALITY, kind, outcomes, f"{PLAIN} to {diverse or 'none'}", place))
    return rows


def _row(claim: Claim, kind: str, outcomes: Sequence[Outcome], design: str, place: dict[str, Any]) -> dict[str, Any]:
    parts = [_part(criterion, outcomes) for criterion in claim.criteria]
    verdict = worst([part["verdict"] for part in parts])
    deciding = next(part for part in parts if part["verdict"] == verdict)
    return {
        "claim": claim.name,
        "family": kind,
        "design": design,
        **place,
        "seeds": [outcome.seed for outcome in outcomes],
        "statement": claim.statement,
        **deciding,
        "paper": None,
        "verdict": verdict,
        "parts": parts,
    }


def _part(criterion: Criterion, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    name = criterion.statistic
    measured = hull(outcome.trained.get(name, UNDEFINED) for outcome in outcomes)
    predicted = hull(outcome.ladder[EXACT].get(name, UNDEFINED) for outcome in outcomes)
    names = [null for null, table in outcomes[0].nulls.items() if name in table]
    nulls = {null: hull(outcome.nulls[null][name] for outcome in outcomes) for null in names}
    calibrated = all(outcome.calibrated.get(name, False) for outcome in outcomes)
    closest = closest_null(criterion, nulls)
    return {
        "statistic": name,
        "label": criterion.label,
        "predicted": predicted.value,
        "measured": measured.value,
        "interval": [measured.low, measured.high],
        "null": closest.value,
        "nulls": {null: asdict(estimate) for null, estimate in nulls.items()},
        "tolerance": criterion.tolerance,
        "direction": criterion.direction,
        "calibrated": calibrated,
        "verdict": judge(criterion, measured, nulls, calibrated),
    }


def estimates_as_dict(table: dict[str, Statistics]) -> dict[str, dict[str, dict[str, float]]]:
    """Return statistics by rung or null as plain numbers."""
    return {name: {key: asdict(estimate) for key, estimate in row.items()} for name, row in table.items()}


def count_verdicts(rows: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Count the rows of each verdict."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["verdict"]] = counts.get(row["verdict"], 0) + 1
    return counts
