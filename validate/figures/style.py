"""One look for every figure: readable in print, in grey, and to colour-blind readers.

Colours are Okabe and Ito's; lines that share axes also differ in dash or marker.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, RED, PURPLE = (
    "#000000",
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#F0E442",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
)
REFERENCE_STYLE = {
    "M1": (BLUE, "--", "M1, retrieval"),
    "M2": (RED, "-.", "M2, extrapolation"),
    "prior predictive": (GREEN, ":", "prior predictive"),
}
"""Colour, dash and label of each Bayes predictor."""

LAYER_MARKERS = "osD^vPX*<>"

SETTINGS = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "axes.labelsize": 9,
    "figure.dpi": 100,
    "font.size": 9,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.6,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.markersize": 4,
    "savefig.bbox": "tight",
    "svg.fonttype": "path",
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
}


@contextmanager
def house_style(name: str) -> Iterator[None]:
    """Draw in the house style; the same figure gives the same file."""
    with mpl.rc_context({**SETTINGS, "svg.hashsalt": name}):
        yield


def save(figure: Figure, path: Path) -> None:
    """Write a figure as SVG without a date, so that equal results give equal files."""
    figure.savefig(path, format="svg", metadata={"Date": None})


def layer_colours(n_layers: int) -> list[tuple[float, float, float, float]]:
    """Return one colour a layer, dark to light, distinguishable in grey."""
    return [mpl.colormaps["viridis"](0.85 * layer / max(n_layers - 1, 1)) for layer in range(n_layers)]


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches, laid out without overlaps."""
    return Figure(figsize=(width, height), layout="constrained")


def position_axis(axes: Axes) -> None:
    """Label an axis of positions, logarithmic because most happens early."""
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:.0f}"))
    axes.set_xlabel("symbols read")
