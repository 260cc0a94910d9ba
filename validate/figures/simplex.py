"""Trajectories in the simplex of the majors: the exact posterior beside the coordinates read off the states."""

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from validate.claims.trajectories import TrajectoriesShown
from validate.figures.group import GalleryFigure, Group
from validate.figures.style import BLUE, GREEN, RED, heading, judged_layer
from validate.figures.ternary import name_corners, ternary
from validate.judging.results import NetworkResult

SIDES = {"posterior": "exact posterior α", "states": "states β"}
ROWS = ("majors", "minors", "fresh tasks")
COLOURS, MARKERS = (BLUE, RED, GREEN), "osD"


def simplex_trajectories(group: Group) -> Figure:
    """Draw ternary panels: a row a population, and for each network the posterior and beside it the states."""
    shown = group.showing(TrajectoriesShown)
    rows = [name for name in ROWS if any(name in along.trajectories for _, along in shown)]
    n_columns = len(SIDES) * len(shown)
    # The constrained layout takes seconds on ternary axes; equal panels need only fixed gaps.
    figure = Figure(figsize=(3.3 * n_columns, 3.5 * len(rows)))
    figure.subplots_adjust(left=0.04, right=0.98, bottom=0.04, top=1 - 0.3 / len(rows), wspace=0.45, hspace=0.5)
    for row, population in enumerate(rows):
        for index, (network, along) in enumerate(shown):
            for side, label in enumerate(SIDES) if population in along.trajectories else ():
                axes = ternary(figure, len(rows), n_columns, n_columns * row + len(SIDES) * index + side + 1)
                axes.set_title(f"{heading(network)}\n{population}: {_side(network, label)}", pad=16)
                for sequence, weights in enumerate(along.trajectories[population][label]):
                    _path(axes, np.array(weights), sequence)
                name_corners(axes)
    return figure


def _side(network: NetworkResult, side: str) -> str:
    return f"{SIDES[side]}, layer {judged_layer(network)}" if side == "states" else SIDES[side]


def _path(axes: Axes, weights: Float[np.ndarray, "P 3"], sequence: int) -> None:
    """Draw one trajectory from a hollow start to a filled end."""
    colour, marker = COLOURS[sequence % 3], MARKERS[sequence % 3]
    top, left, right = weights.T
    axes.plot(top, left, right, color=colour, lw=0.9, alpha=0.8)
    axes.plot(top[-1:], left[-1:], right[-1:], marker=marker, color=colour, ms=7, ls="none", clip_on=False)
    axes.plot(top[:1], left[:1], right[:1], marker=marker, mfc="white", mec=colour, ms=6, ls="none", clip_on=False)


FIGURE = GalleryFigure(
    name="simplex",
    title="Trajectories in the task simplex",
    caption="Pairs of panels of the same sequences: the exact posterior over the majors, and coordinates fitted to the"
    " states at the task site. Hollow: first position; filled: last. Minors and fresh tasks are none of the corners,"
    " and fresh tasks were never trained on; a posterior over majors only must still choose among them. Axes are"
    " weights, in shares of 1.",
    draw=simplex_trajectories,
    needs=(TrajectoriesShown,),
    majors=3,
)
