"""The report of a sweep: one self-contained HTML file, made from ``sweep.json`` alone."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from validate.experiment.folder import RunFolderError, write_text
from validate.figures.style import house_style, save
from validate.figures.sweep import axis_figure, pooled
from validate.judging.verdicts import count_verdicts
from validate.report.page import VERDICT_MEANING, number
from validate.sweep.design import AXES
from validate.sweep.quantities import QUANTITIES

REQUIRED = ("experiment", "environment", "code", "hypotheses", "rows", "shapes", "seconds")
"""What ``sweep.json`` must hold."""

CHANGE_MEANING = {
    "supported": "the change lies on the expected side of 0 and beyond that of untrained networks",
    "unspecific": "the change lies on the expected side of 0, but untrained networks show as much",
    "refuted": "the change lies on the other side of 0",
    "inconclusive": "the interval of the change holds 0",
    "not tested": VERDICT_MEANING["not tested"],
}


def read_sweep(folder: Path) -> dict[str, Any]:
    """Read the numbers of a finished sweep; a `RunFolderError` if there are none."""
    path = folder / "sweep.json"
    try:
        sweep = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{path} cannot be read as a sweep; run `sweep` first ({error})") from error
    if not isinstance(sweep, dict) or not sweep.keys() >= set(REQUIRED):
        raise RunFolderError(f"{path} is not a finished sweep; run `sweep` first")
    return sweep


def write_sweep_report(folder: Path) -> Path:
    """Draw the figures of a sweep and write ``sweep.html``; returns its path."""
    sweep = read_sweep(folder)
    (folder / "figures").mkdir(exist_ok=True)
    sections = [_section(sweep, axis, folder / "figures" / f"{axis}.svg") for axis in sweep["experiment"]["axes"]]
    environment = Environment(
        loader=PackageLoader("validate.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["number"] = number
    html = environment.get_template("sweep.html").render(
        sweep=sweep,
        sections=sections,
        quantities=QUANTITIES,
        axes=AXES,
        counts=count_verdicts(sweep["hypotheses"]),
        meaning=CHANGE_MEANING,
    )
    path = folder / "sweep.html"
    write_text(path, html)
    return path


def _section(sweep: dict[str, Any], axis: str, path: Path) -> dict[str, Any]:
    """Draw an axis' figure and gather what its section shows."""
    with house_style(f"sweep.{axis}"):
        save(axis_figure(sweep, axis, AXES[axis].label, AXES[axis].logarithmic), path)
    return {
        "axis": axis,
        "figure": base64.b64encode(path.read_bytes()).decode(),
        "values": sweep["experiment"]["axes"][axis],
        "table": {name: pooled(sweep, axis, name) for name in QUANTITIES},
        "cosines": _cosines(sweep, axis),
    }


def _cosines(sweep: dict[str, Any], axis: str) -> list[dict[str, Any]]:
    """Return, for each value, the matrices of cosines of the first seed, rounded for a table."""
    seed = min(row["seed"] for row in sweep["shapes"])
    return [
        {"value": row["value"], "matrices": {name: np.round(m, 2).tolist() for name, m in row["cosines"].items()}}
        for row in sweep["shapes"]
        if row["axis"] == axis and row["seed"] == seed
    ]
