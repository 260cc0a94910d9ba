"""From the outcomes of all seeds to one row per claim and scope.

Over seeds, a statistic is the mean of the seeds' values with the smallest interval that holds the seeds' intervals,
and so is every null; a statistic is calibrated if the ladder of every seed says so. A row shows the numbers of its
deciding criterion (the one with the worst verdict); all of them are under ``parts``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from validate.claims.base import Measured, Nulls
from validate.claims.catalogue import CLAIMS, Claim, Scope
from validate.claims.rule import Criterion, closest_null, judge, worst
from validate.statistics.intervals import UNDEFINED, Estimate, hull


@dataclass(frozen=True)
class Outcome:
    """What one seed of one family gave, everything by scope.

    Attributes
    ----------
    ladder : dict
        Statistics by rung and scope.
    calibrated : dict
        By scope and statistic, whether the ladder lets it judge.
    trained : dict
        Statistics of the trained networks; a scope is missing if the experiment trains no network for it.
    nulls : dict
        Statistics by scope and null.
    predicted : dict
        What theory predicts by scope, for statistics that no rung can have.
    layers : dict
        The layer chosen in each scope, and the last one under "last".
    """

    seed: int
    ladder: dict[str, Measured]
    calibrated: dict[Scope, dict[str, bool]]
    trained: Measured
    nulls: Nulls
    predicted: dict[Scope, dict[str, float]]
    layers: dict[str, int]


def claim_rows(
    kind: str,
    outcomes: Sequence[Outcome],
    designs: Mapping[Scope, str],
    position: int,
    wanted: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
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
        _row(claim, kind, outcomes, scope, designs[scope], position)
        for claim in CLAIMS
        if kind in claim.families and (wanted is None or claim.name in wanted)
        for scope in claim.scopes
        if scope in designs
    ]


def _row(
    claim: Claim, kind: str, outcomes: Sequence[Outcome], scope: Scope, design: str, position: int
) -> dict[str, Any]:
    parts = [_part(criterion, outcomes, scope) for criterion in claim.criteria]
    verdict = worst([part["verdict"] for part in parts])
    deciding = next(part for part in parts if part["verdict"] == verdict)
    layers = [outcome.layers["last" if claim.place == "last" else scope] for outcome in outcomes]
    placed = claim.place != "none"
    return {
        "claim": claim.name,
        "family": kind,
        "design": design,
        "layer": layers[0] if placed else None,
        "layers": layers if placed else None,
        "position": position if placed else None,
        "seeds": [outcome.seed for outcome in outcomes],
        "statement": claim.statement,
        **deciding,
        "paper": claim.paper.get((kind, scope)),
        "verdict": verdict,
        "parts": parts,
    }


def _part(criterion: Criterion, outcomes: Sequence[Outcome], scope: Scope) -> dict[str, Any]:
    name = criterion.statistic
    tables = [outcome.nulls.get(scope, {}) for outcome in outcomes]
    measured = hull(outcome.trained.get(scope, {}).get(name, UNDEFINED) for outcome in outcomes)
    names = [null for null, table in tables[0].items() if name in table]
    nulls = {null: hull(table[null][name] for table in tables) for null in names}
    calibrated = all(_calibrated(criterion, outcome, scope) for outcome in outcomes)
    closest = closest_null(criterion, nulls)
    return {
        "statistic": name,
        "label": criterion.label,
        "predicted": _predicted(criterion, outcomes, scope).value,
        "measured": measured.value,
        "interval": [measured.low, measured.high],
        "null": closest.value,
        "nulls": {null: asdict(estimate) for null, estimate in nulls.items()},
        "tolerance": criterion.tolerance,
        "direction": criterion.direction,
        "calibrated": calibrated,
        "verdict": judge(criterion, measured, nulls, calibrated),
    }


def _calibrated(criterion: Criterion, outcome: Outcome, scope: Scope) -> bool:
    return not criterion.on_ladder or outcome.calibrated.get(scope, {}).get(criterion.statistic, False)


def _predicted(criterion: Criterion, outcomes: Sequence[Outcome], scope: Scope) -> Estimate:
    name = criterion.statistic
    if criterion.on_ladder:
        rungs = (outcome.ladder.get(criterion.exact, {}).get(scope, {}) for outcome in outcomes)
        return hull(rung.get(name, UNDEFINED) for rung in rungs)
    values = (outcome.predicted.get(scope, {}).get(name, np.nan) for outcome in outcomes)
    return hull(Estimate(value, value, value) for value in values)


def estimates_as_dict(table: Any) -> Any:
    """Return nested tables of estimates as plain numbers."""
    return asdict(table) if isinstance(table, Estimate) else {key: estimates_as_dict(row) for key, row in table.items()}


def count_verdicts(rows: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Count the rows of each verdict."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["verdict"]] = counts.get(row["verdict"], 0) + 1
    return counts
