"""How numbers, tolerances, layers and reasons are written in tables."""

from typing import Any

Row = dict[str, Any]


def number(value: float | None) -> str:
    """Write a number to four significant digits; a dash if it is undefined."""
    return "—" if value is None or value != value else f"{value:.4g}"


def short(value: float | None) -> str:
    """Write a number to three decimals, a small one to two significant digits; a dash if it is undefined."""
    if value is None or value != value:
        return "—"
    return (f"{value:.3f}" if abs(value) >= 0.1 else f"{value:.2g}").replace("-", "−")


def estimate(numbers: dict[str, float | None]) -> str:
    """Write an estimate as value and interval."""
    return f"{number(numbers['value'])} [{number(numbers['low'])}, {number(numbers['high'])}]"


def bound(part: Row) -> str:
    """Write the tolerance of a criterion."""
    return f"{'≥' if part['direction'] == 'at least' else '≤'} {part['tolerance']:g}"


def closest(part: Row) -> str | None:
    """Return the name of the null that comes closest to the claim, if there is one."""
    return next((name for name, null in part["nulls"].items() if null["value"] == part["null"]), None)


def where(row: Row) -> str:
    """Write at which layer a claim was judged; with several seeds, the layer of each if they differ."""
    layers = row.get("layers") or ([] if row["layer"] is None else [row["layer"]])
    if not layers:
        return ""
    if len(set(layers)) == 1:
        return f"layer {layers[0]}"
    seeds = ", ".join(map(str, row["seeds"]))
    return f"layers {', '.join(map(str, layers))} (seeds {seeds})"


def why_untested(part: Row) -> str:
    """Say what kept a criterion from being judged."""
    if not part["calibrated"]:
        return "the ladder disqualifies the statistic"
    if None in (part["measured"], *part["interval"]):
        return "the statistic is not defined here"
    return "a null is not defined" if part["nulls"] else "there is no null"
