"""The report as a person reads it."""

import os
import platform
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.predictors import LARGE

_PACKAGES = ("numpy", "numba", "torch")


def machine() -> dict[str, Any]:
    """Return processor, system, versions and load: what a number depends on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())
    installed = {name: metadata.version(name) for name in _PACKAGES if _has(name)}
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {"processor": model, "cores": os.cpu_count(), "system": platform.platform(), "load": load, **installed}


def _has(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def exponent(values: Sequence[float], milliseconds: Sequence[float]) -> float:
    """Return the slope of log time against log value, by least squares over the three largest values."""
    x, y = np.log(values[-3:]), np.log(milliseconds[-3:])
    return float(np.polyfit(x, y, 1)[0])


def grid(heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a table: first columns to the left, numbers to the right."""
    cells = [list(heading), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(heading))]
    numbers = [i > 0 and all(_is_number(row[i]) for row in cells[1:]) for i in range(len(heading))]
    lines = []
    for row in cells:
        places = zip(row, widths, numbers, strict=True)
        lines.append("  ".join(cell.rjust(w) if right else cell.ljust(w) for cell, w, right in places).rstrip())
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or "-"
    return f"{value:,.3g}" if value < 100 else f"{value:,.0f}"


def _is_number(text: str) -> bool:
    return text == "-" or text.replace(",", "").replace(".", "").replace("e+", "").replace("e-", "").isdigit()


def text(report: dict[str, Any]) -> str:
    """Return all tables."""
    parts = [_head(report), _steps(report), _breakdown(report), _predictors(report)]
    if "curves" in report:
        parts.append(_growth(report["curves"]))
    return "\n\n".join(parts)


def _head(report: dict[str, Any]) -> str:
    machine = ", ".join(f"{key} {value}" for key, value in report["machine"].items())
    pin = report["pin_dropped"]
    blas = f"OPENBLAS_CORETYPE={pin} dropped" if pin else "OPENBLAS_CORETYPE not set"
    peaks = ", ".join(
        f"{found['gigaflops']:.0f} GFLOP/s with {count} thread{'s' * (int(count) > 1)} ({found['kernel']})"
        for count, found in report["peaks"].items()
    )
    return f"{machine}\n{blas}; sgemm peak (2048, median): {peaks}"


def _steps(report: dict[str, Any]) -> str:
    rows, own = [], {}
    for row in report["rows"]:
        if row["engine"] == "dual-modes":
            own[row["size"], row["threads"]] = row["milliseconds"]
    for row in report["rows"]:
        key = row["size"], row["threads"]
        ratio = own[key] / row["milliseconds"] if key in own else None
        numbers = (row["milliseconds"], row["fastest"], ratio, 100 * row["peak_fraction"], row["memory_mb"])
        rows.append((row["size"], row["threads"], row["engine"], *numbers, row["first_seconds"]))
    for row in report["products"]:
        rows.append((row["size"], row["threads"], "weight products alone", row["milliseconds"], *[None] * 5))
    rows.sort(key=lambda row: (list(dict.fromkeys(r["size"] for r in report["rows"])).index(row[0]), row[1]))
    heading = ("size", "threads", "engine", "ms", "fastest", "ours/its", "% of peak", "peak MB", "first step s")
    return grid(heading, rows)


def _breakdown(report: dict[str, Any]) -> str:
    parts = []
    for size, found in report["breakdown"].items():
        total = sum(found.values())
        rows = [(name, value, 100 * value / total) for name, value in found.items()]
        table = grid(("kernel", "ms", "%"), [*rows, ("total", total, 100.0)])
        parts.append(f"one step of {size}, one thread, by kernel\n{table}")
    return "\n\n".join(parts)


def _predictors(report: dict[str, Any]) -> str:
    names = ("posterior", "retrieval", "extrapolation", "loop")
    rows = [(row["tasks"], *(row[name] for name in names), row["memory_mb"]) for row in report["predictors"]]
    large = report["large_predictor"]
    case = "{tasks} tasks, {sequences} sequences of length {length}".format(**LARGE)
    last = f"{case}: {large['retrieval']:,.0f} tokens per second, peak {large['memory_mb']:,.0f} MB"
    table = grid(("tasks", *names, "peak MB"), rows)
    return f"exact predictors, dice, tokens per second\n{table}\nmean of M1 for {last}"


def _growth(curves: list[dict[str, Any]]) -> str:
    rows = []
    for engine in dict.fromkeys(row["engine"] for row in curves):
        for quantity in dict.fromkeys(row["quantity"] for row in curves):
            found = [row for row in curves if row["engine"] == engine and row["quantity"] == quantity]
            values, times = [row["value"] for row in found], [row["milliseconds"] for row in found]
            rows.append((engine, quantity, exponent(values, times), found[0]["memory_mb"], found[-1]["memory_mb"]))
    heading = ("engine", "grows with", "exponent", "MB at the least", "MB at the most")
    return "cost of a step = constant * value ^ exponent, over the three largest values\n" + grid(heading, rows)
