"""Time per step against width, length and batch, one line per engine, on logarithmic axes."""

from pathlib import Path
from typing import Any

from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

_MARKS = {"dual-modes": "o-", "torch-eager": "s--", "torch-compile": "d:", "numpy-reference": "^-."}


def draw(curves: list[dict[str, Any]], path: Path) -> None:
    """Write the figure."""
    quantities = list(dict.fromkeys(row["quantity"] for row in curves))
    figure = Figure(figsize=(3.4 * len(quantities), 3.2), layout="constrained")
    FigureCanvasSVG(figure)
    panels = figure.subplots(1, len(quantities), sharey=True, squeeze=False)[0]
    for axes, quantity in zip(panels, quantities, strict=True):
        for engine, mark in _MARKS.items():
            points = [row for row in curves if row["engine"] == engine and row["quantity"] == quantity]
            values = [row["value"] for row in points]
            axes.plot(values, [row["milliseconds"] for row in points], mark, label=engine, markersize=4)
        everything = sorted({row["value"] for row in curves if row["quantity"] == quantity})
        axes.set_xscale("log", base=2)
        axes.set_xticks(everything, [str(value) for value in everything])
        axes.set_yscale("log")
        axes.set_xlabel(quantity)
    panels[0].set_ylabel("milliseconds per step")
    panels[0].legend(frameon=False, fontsize=8)
    figure.savefig(path)
