"""Trajectories in the simplex of the majors: the exact posterior beside the coordinates read off the states."""

from typing import Any, cast

import mpltern  # noqa: F401  (registers the ternary projection)
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from validate.figures.style import BLUE, GREEN, RED

SIDES = {"posterior": "exact posterior α", "states": "states β"}
COLOURS, MARKERS = (BLUE, RED, GREEN), "osD"


def simplex_trajectories(networks: list[dict[str, Any]]) -> Figure:
    """Draw ternary panels: a row a network; for majors and for fresh tasks the posterior and beside it the states."""
    # The constrained layout takes seconds on ternary axes; equal panels need only fixed gaps.
    figure = Figure(figsize=(13.0, 3.6 * len(networks)))
    figure.subplots_adjust(wspace=0.65, hspace=0.45)
    for row, network in enumerate(networks):
        panels = [(name, side) for name in network["trajectories"] for side in SIDES]
        for column, (population, side) in enumerate(panels):
            place = len(panels) * row + column + 1
            axes = figure.add_subplot(len(networks), len(panels), place, projection="ternary")
            for sequence, weights in enumerate(network["trajectories"][population][side]):
                _path(axes, np.array(weights), sequence)
            axes.set_title(f"{network['design']}, {population}\n{SIDES[side]}", pad=16)
            axes.grid(visible=True, alpha=0.25)
            ternary = cast(Any, axes)
            for corner, axis in enumerate((ternary.taxis, ternary.laxis, ternary.raxis)):
                axis.set_label_text(f"weight of task {corner + 1}")
                axis.labelpad = 12
                axis.set_ticks([0.25, 0.5, 0.75])
    return figure


def _path(axes: Axes, weights: np.ndarray, sequence: int) -> None:
    """Draw one trajectory from a hollow start to a filled end."""
    colour, marker = COLOURS[sequence % 3], MARKERS[sequence % 3]
    top, left, right = weights.T
    axes.plot(top, left, right, color=colour, lw=0.9, alpha=0.8)
    axes.plot(top[-1:], left[-1:], right[-1:], marker=marker, color=colour, ms=7, ls="none", clip_on=False)
    axes.plot(top[:1], left[:1], right[:1], marker=marker, mfc="white", mec=colour, ms=6, ls="none", clip_on=False)
