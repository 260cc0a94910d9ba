"""One look for every figure: readable in print, in grey, and to colour-blind readers.

Colours are Okabe and Ito's; lines that share axes also differ in dash or marker. Layers, of which there may be many,
are a scale from dark to light with its own bar.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatterSciNotation, StrMethodFormatter

from model.files import write_atomically
from theory import FAMILIES, TargetKind, kind_of
from validate.figures.group import Group, S
from validate.judging.layer import layer_label
from validate.judging.results import NetworkResult
from validate.statistics.intervals import Estimate

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

NETWORK_LOOKS = ((BLUE, "o", "-"), (RED, "s", "--"), (GREEN, "D", "-."), (PURPLE, "v", "-"), (SKY, "P", "--"))
"""Colour, marker and dash of the trained networks, in order; untrained ones are `UNTRAINED_LOOK`."""

UNTRAINED_LOOK = ("#777777", "^", ":")

POPULATIONS = {"training": "training mixture", "majors": "majors", "minors": "minors", "fresh": "fresh tasks"}
"""What populations of sequences are called."""


@dataclass(frozen=True)
class Units:
    """What losses and distances are measured in, and what positions count."""

    loss: str
    distance: str
    positions: str


UNITS: dict[TargetKind, Units] = {
    "symbol": Units("nats per symbol", "KL(predictor ‖ network), nats", "symbols read"),
    "real": Units("squared units of y", "squared distance", "number of the point predicted"),
}

LAYER = "layer (a: after attention)"
"""What an axis of sites is called."""

MOST_LABELS = 10
"""Sites that are all named on an axis; of more, only those after an MLP."""

LINEAR_BELOW = 0.01
"""Shares smaller than this are drawn on a linear scale, negative ones too, larger ones on a logarithmic scale."""

LEAST_SHARE = -0.1
"""Where the frame of such shares ends at the latest."""

SETTINGS = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "axes.labelsize": 9,
    "figure.dpi": 100,
    "font.size": 9,
    # Text stays text, which is a quarter of the bytes; Verdana is as wide as DejaVu Sans.
    "font.sans-serif": ["DejaVu Sans", "Verdana"],
    "grid.alpha": 0.25,
    "grid.linewidth": 0.6,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.markersize": 4,
    "svg.fonttype": "none",
    "text.parse_math": False,  # names of sites are no formulas
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
}


PAD = 0.1
"""Inches that stay free around what is cut out of a figure."""

_DRAWING = threading.Lock()


@contextmanager
def house_style(name: str) -> Iterator[None]:
    """Draw in the house style, one thread at a time; the same figure gives the same file."""
    with _DRAWING, mpl.rc_context({**SETTINGS, "svg.hashsalt": name}):
        yield


class PlainLogFormatter(LogFormatterSciNotation):
    """Labels the ticks that Matplotlib would, in plain numbers: no text here is read as a formula."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Return the label of a tick."""
        return f"{x:g}" if super().__call__(x, pos) else ""


def drawing(figure: Figure) -> bytes:
    """Return a figure as SVG without a date, so that equal results give equal bytes."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if isinstance(axis.get_major_formatter(), LogFormatterSciNotation):
                axis.set_major_formatter(PlainLogFormatter())
                axis.set_minor_formatter(PlainLogFormatter())
    _lay_out(figure)
    ternary = any(axes.name == "ternary" for axes in figure.axes)  # whose labels the layout does not know of
    around = figure.get_tightbbox().padded(PAD) if ternary else None
    drawn = BytesIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None}, bbox_inches=around)
    return drawn.getvalue()


def _lay_out(figure: Figure) -> None:
    """Place the axes once: a figure that still has an engine is laid out and drawn a second time when it is saved."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine("none")


def save(figure: Figure, path: Path) -> None:
    """Write a figure as SVG; a link in its place is replaced."""
    write_atomically(path, drawing(figure))


def layer_colours(n_layers: int) -> list[tuple[float, float, float, float]]:
    """Return one colour a layer, dark to light, distinguishable in grey."""
    return [mpl.colormaps["viridis"](0.9 * layer / max(n_layers - 1, 1)) for layer in range(n_layers)]


def layer_bar(figure: Figure, grid: np.ndarray, sites: Sequence[str]) -> None:
    """Draw the scale of the sites' colours at the right of a grid of axes."""
    n = len(sites)
    scale = ScalarMappable(BoundaryNorm(np.arange(n + 1) - 0.5, n), ListedColormap(layer_colours(n)))
    bar = figure.colorbar(
        scale, ax=grid, ticks=range(n), label=LAYER, fraction=0.05, aspect=30, shrink=0.5, anchor=(0, 1)
    )
    bar.set_ticklabels(_thinned(sites))


def units_of(family: str) -> Units:
    """Return the units of a family's figures."""
    return UNITS[FAMILIES[kind_of(family)].target_kind]


def network_looks(group: Group) -> list[tuple[str, str, str]]:
    """Return colour, marker and dash for each network."""
    trained = [NETWORK_LOOKS[index % len(NETWORK_LOOKS)] for index in range(len(group.trained))]
    return [*trained, *[UNTRAINED_LOOK] * len(group.untrained)]


def series(group: Group, model: type[S]) -> list[tuple[NetworkResult, S, tuple[str, str, str], float]]:
    """Return each network with what a question shows of it, its look, and a shift that keeps intervals apart."""
    shown = group.showing(model)
    shifts = 0.12 * (np.arange(len(shown)) - (len(shown) - 1) / 2)
    looks = zip(shown, network_looks(group), shifts.tolist(), strict=True)
    return [(network, own, look, shift) for (network, own), look, shift in looks]


def judged_layer(network: NetworkResult) -> str:
    """Return the layer a network is judged at."""
    return layer_label(network.site, network.sites)


def heading(network: NetworkResult) -> str:
    """Return what a panel of one network is called."""
    return f"{network.family}, {network.design}"


def at_chosen(network: NetworkResult) -> str:
    """Return the heading of a panel that shows a network at the site it is judged at."""
    return f"{heading(network)}\nlayer {judged_layer(network)}, found on other sequences"


def intervals(axes: Axes, places: Any, estimates: Sequence[Estimate], **look: Any) -> None:
    """Draw estimates with their intervals; what is undefined leaves a gap."""
    value, low, high = np.array([(e.value, e.low, e.high) for e in estimates]).T
    axes.errorbar(
        places, value, yerr=[np.maximum(value - low, 0), np.maximum(high - value, 0)], capsize=2, elinewidth=0.9, **look
    )


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches, laid out without overlaps."""
    return Figure(figsize=(width, height), layout="constrained")


def position_axis(axes: Axes, family: str) -> None:
    """Label an axis of positions, logarithmic because most happens early."""
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:.0f}"))
    axes.set_xlabel(units_of(family).positions)


def layer_axis(axes: Axes, sites: Sequence[str]) -> None:
    """Label an axis of sites by their layers."""
    axes.set_xticks(range(len(sites)), _thinned(sites))
    axes.set_xlabel(LAYER)


def _thinned(sites: Sequence[str]) -> list[str]:
    """Return the labels of sites; of many, those after attention go unnamed."""
    labels = [layer_label(site, sites) for site in sites]
    return labels if len(sites) <= MOST_LABELS else ["" if label.endswith("a") else label for label in labels]


def share_axis(axes: Axes) -> None:
    """Scale an axis of shares that should be near 1; held out, they may fall a little below 0."""
    axes.set_ylim(-0.12, 1.05)


def small_share_axis(axes: Axes, values: Any) -> None:
    """Scale an axis of shares that should be near 0: held-out shares may be negative, and are seen to be.

    Parameters
    ----------
    values : array_like
        Everything that is drawn. What is far below 0, a share of next to nothing, leaves the frame.
    """
    axes.set_yscale("symlog", linthresh=LINEAR_BELOW, linscale=0.6)
    shown = np.asarray(values, dtype=np.float64)
    low = min(np.nanmin(shown, initial=0.0), 0.0)
    axes.set_ylim(max(1.3 * low, LEAST_SHARE) - 0.2 * LINEAR_BELOW, 1.5)
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.axhline(0, color=BLACK, lw=0.5)
