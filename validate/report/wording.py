"""How numbers, intervals, layers and reasons are written in tables."""

import math

from validate.judging.layer import labelled
from validate.judging.results import ClaimRow, CriterionRow
from validate.statistics.intervals import Estimate

DASH = "—"
"""Stands for what is undefined."""


def number(value: float | None) -> str:
    """Write a number to four significant digits; a dash if it is undefined."""
    return DASH if value is None or math.isnan(value) else f"{value:.4g}"


def short(value: float | None) -> str:
    """Write a number to three decimals, a small one to two significant digits; a dash if it is undefined."""
    if value is None or math.isnan(value):
        return DASH
    return (f"{value:.3f}" if abs(value) >= 0.1 else f"{value:.2g}").replace("-", "−")


def with_interval(estimate: Estimate) -> str:
    """Write an estimate as value and interval."""
    return f"{number(estimate.value)} [{number(estimate.low)}, {number(estimate.high)}]"


def short_interval(estimate: Estimate) -> str:
    """Write an interval alone; nothing if it is undefined."""
    return "" if math.isnan(estimate.low + estimate.high) else f"{short(estimate.low)}…{short(estimate.high)}"


def where(row: ClaimRow) -> str:
    """Write at which layer a claim was judged; with several seeds, the layer of each if they differ."""
    layers = [labelled(site, layer) for site, layer in zip(row.sites or [], row.layers or [], strict=True)]
    if not layers:
        return ""
    if len(set(layers)) == 1:
        return f"layer {layers[0]}"
    seeds = ", ".join(map(str, row.seeds))
    return f"layers {', '.join(layers)} (seeds {seeds})"


def why_untested(part: CriterionRow) -> str:
    """Say what kept a criterion from being judged."""
    if part.reason:
        return part.reason
    if not part.calibrated:
        return "the ladder disqualifies the statistic"
    if not all(map(math.isfinite, (part.measured, *part.interval))):
        return "the statistic was not measured here, or is not defined"
    return "a null is not defined" if part.nulls else "there is no null"
