"""The run in five sentences, each computed from its rows."""

from collections.abc import Sequence

from theory import title_of
from validate.capture.skill import LEARNED
from validate.claims.catalogue import CLAIMS
from validate.judging.results import ClaimRow, Results
from validate.report.primary import STANDINGS, primary_summaries
from validate.report.wording import number

ALIGNMENT, MODES = "P3*", "two modes"
"""The claims that the sentences speak of."""


def sentences(results: Results) -> list[str]:
    """Return the sentences: on learning, primary claims, alignment, modes, and the optimizer."""
    return [_learned(results), _primary(results), _alignment(results), _modes(results), _optimizer(results)]


def _learned(results: Results) -> str:
    judged = [row for row in results.skills if not row.arm]
    learned = sum(row.learned for row in judged)
    whole = [
        title_of(name)
        for name in results.experiment.families
        if all(row.learned for row in judged if row.family == name)
    ]
    return (
        f"{learned} of {len(judged)} networks have learned to predict (skill of at least {LEARNED});"
        f" families in which all have: {_listed(whole)}."
    )


def _primary(results: Results) -> str:
    summaries = primary_summaries(results.claims)
    if not summaries:
        return "No primary claim was judged."
    holding, failing, undecided = (
        [row for summary in summaries for row in summary.rows[standing]] for standing in STANDINGS
    )
    expected = [row for row in failing if row.expected_to_fail]
    these = " These are statements of these networks only, as there are fewer than five seeds."
    return (
        f"Of {len(holding + failing + undecided)} primary claims {len(holding)} hold, {len(failing)} fail"
        f" ({len(expected)} of them as theory expects) and {len(undecided)} are open."
        f"{these if any(summary.these_only for summary in summaries) else ''}"
    )


def _alignment(results: Results) -> str:
    rows = _of(results, ALIGNMENT)
    told = [f"{_where(row)} ({row.parts[0].label} {number(row.parts[0].measured)})" for row in _supported(rows)]
    return (
        "States of undecided sequences follow their own sequence's posterior, and no null does as well, in:"
        f" {_listed(told)}; of {len(rows)} networks and families asked."
    )


def _modes(results: Results) -> str:
    rows = _of(results, MODES)
    return (
        "Predictions are those of retrieval or extrapolation, and of nothing simpler, in:"
        f" {_listed([_where(row) for row in _supported(rows)])}; of {len(rows)} asked."
    )


def _optimizer(results: Results) -> str:
    if not results.arms:
        return "Whether the optimizer shapes the geometry was not asked: every network was trained with the same one."
    if not any(row.has_interval for row in results.arms):
        return "Whether the optimizer shapes the geometry is open: one seed of another one tells nothing of others."
    differing = [row for row in results.arms if row.differs]
    where = list(dict.fromkeys(f"{row.family}, {row.design}" for row in differing))
    arms = _listed(list(dict.fromkeys(row.arm for row in results.arms)))
    return (
        f"Trained with {arms} instead of AdamW,"
        f" {len(differing)} of {len(results.arms)} statistics differ"
        f" (interval over seeds clear of 0): {_listed(where)}."
    )


def _of(results: Results, claim: str) -> list[ClaimRow]:
    name = CLAIMS[claim][0].name  # a claim that is no more is an error here, not an empty sentence
    return [row for row in results.claims if row.claim == name]


def _supported(rows: Sequence[ClaimRow]) -> list[ClaimRow]:
    return [row for row in rows if row.verdict == "supported"]


def _where(row: ClaimRow) -> str:
    return f"{row.family}, {row.design}"


def _listed(names: Sequence[str]) -> str:
    return "; ".join(names) or "none"
