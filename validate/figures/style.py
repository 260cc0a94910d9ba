"""One look for every figure: readable in print, in grey, and to colour-blind readers.

Colours are Okabe and Ito's; lines that share axes also differ in dash or marker. Layers, of which there may be many,
are a scale from dark to light with its own bar.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap
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

NETWORK_LOOKS = ((BLUE, "o", "-"), (RED, "s", "--"), (GREEN, "D", "-."), (PURPLE, "v", "-"), (SKY, "P", "--"))
"""Colour, marker and dash of the trained networks, in order; untrained ones are `UNTRAINED_LOOK`."""

UNTRAINED_LOOK = ("#777777", "^", ":")

POSITION_LABELS = {"regression": "number of the point predicted"}
"""What positions count, where it is not symbols read."""

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
    return [mpl.colormaps["viridis"](0.9 * layer / max(n_layers - 1, 1)) for layer in range(n_layers)]


def layer_bar(figure: Figure, grid: np.ndarray, n_layers: int) -> None:
    """Draw the scale of the layers' colours at the right of a grid of axes."""
    scale = ScalarMappable(
        BoundaryNorm(np.arange(n_layers + 1) - 0.5, n_layers), ListedColormap(layer_colours(n_layers))
    )
    figure.colorbar(
        scale, ax=grid, ticks=range(n_layers), label="layer", fraction=0.05, aspect=30, shrink=0.5, anchor=(0, 1)
    )


def network_looks(networks: Sequence[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Return colour, marker and dash for each network."""
    return [
        UNTRAINED_LOOK if network["design"] == "untrained" else NETWORK_LOOKS[index % len(NETWORK_LOOKS)]
        for index, network in enumerate(networks)
    ]


def layer_of(site: str) -> int:
    """Return the number of the layer a site belongs to."""
    return int(site.rpartition(".")[2])


def heading(network: dict[str, Any]) -> str:
    """Return what a panel of one network is called."""
    return f"{network['family']}, {network['design']}"


def at_chosen(network: dict[str, Any]) -> str:
    """Return the heading of a panel that shows the layer chosen for a network."""
    return f"{heading(network)}\nlayer {layer_of(network['chosen'])}, chosen on other sequences"


def defined(values: Any) -> Float[np.ndarray, "..."]:
    """Return numbers as an array; what is undefined (null) is nan and leaves a gap."""
    return np.array(values, dtype=np.float64)


def intervals(axes: Axes, places: Any, estimates: Sequence[dict[str, Any]], **look: Any) -> None:
    """Draw estimates with their intervals."""
    value, low, high = (defined([estimate[end] for estimate in estimates]) for end in ("value", "low", "high"))
    axes.errorbar(
        places, value, yerr=[np.maximum(value - low, 0), np.maximum(high - value, 0)], capsize=2, elinewidth=0.9, **look
    )


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches, laid out without overlaps."""
    return Figure(figsize=(width, height), layout="constrained")


def position_axis(axes: Axes, family: str | None = None) -> None:
    """Label an axis of positions, logarithmic because most happens early."""
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:.0f}"))
    axes.set_xlabel(POSITION_LABELS.get(family or "", "symbols read"))


def layer_axis(axes: Axes, n_layers: int) -> None:
    """Label an axis of layers."""
    axes.set_xticks(range(n_layers))
    axes.set_xlabel("layer")


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
    shown = defined(values)
    low = min(np.nanmin(shown, initial=0.0), 0.0)
    axes.set_ylim(max(1.3 * low, LEAST_SHARE) - 0.2 * LINEAR_BELOW, 1.5)
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.axhline(0, color=BLACK, lw=0.5)
