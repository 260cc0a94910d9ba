"""Trajectories in the simplex of the majors: the exact posterior beside the coordinates read off the states."""

from typing import Any, cast

import mpltern  # noqa: F401  (registers the ternary projection)
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from validate.figures.style import BLUE, GREEN, RED, defined, heading, layer_of

SIDES = {"posterior": "exact posterior α", "states": "states β"}
POPULATIONS = ("majors", "minors", "fresh tasks")
COLOURS, MARKERS = (BLUE, RED, GREEN), "osD"


def simplex_trajectories(networks: list[dict[str, Any]]) -> Figure:
    """Draw ternary panels: a row a population, and for each network the posterior and beside it the states."""
    shown = [name for name in POPULATIONS if any(name in network["trajectories"] for network in networks)]
    n_columns = len(SIDES) * len(networks)
    # The constrained layout takes seconds on ternary axes; equal panels need only fixed gaps.
    figure = Figure(figsize=(3.3 * n_columns, 3.5 * len(shown)))
    figure.subplots_adjust(left=0.04, right=0.98, bottom=0.04, top=1 - 0.3 / len(shown), wspace=0.45, hspace=0.5)
    for row, population in enumerate(shown):
        for index, network in enumerate(networks):
            for side, label in enumerate(SIDES) if population in network["trajectories"] else ():
                place = n_columns * row + len(SIDES) * index + side + 1
                axes = figure.add_subplot(len(shown), n_columns, place, projection="ternary")
                axes.set_title(f"{heading(network)}\n{population}: {_side(network, label)}", pad=16)
                for sequence, weights in enumerate(network["trajectories"][population][label]):
                    _path(axes, defined(weights), sequence)
                _corners(axes)
    return figure


def _side(network: dict[str, Any], side: str) -> str:
    return f"{SIDES[side]}, layer {layer_of(network['chosen'])}" if side == "states" else SIDES[side]


def _corners(axes: Axes) -> None:
    """Name the corners on the axes that end in them."""
    axes.grid(visible=True, alpha=0.25)
    ternary = cast(Any, axes)
    for corner, axis in enumerate((ternary.taxis, ternary.laxis, ternary.raxis)):
        axis.set_label_text(f"weight of task {corner + 1}")
        axis.labelpad = 12
        axis.set_ticks([0.25, 0.5, 0.75])


def _path(axes: Axes, weights: np.ndarray, sequence: int) -> None:
    """Draw one trajectory from a hollow start to a filled end."""
    colour, marker = COLOURS[sequence % 3], MARKERS[sequence % 3]
    top, left, right = weights.T
    axes.plot(top, left, right, color=colour, lw=0.9, alpha=0.8)
    axes.plot(top[-1:], left[-1:], right[-1:], marker=marker, color=colour, ms=7, ls="none", clip_on=False)
    axes.plot(top[:1], left[:1], right[:1], marker=marker, mfc="white", mec=colour, ms=6, ls="none", clip_on=False)
