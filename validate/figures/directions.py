"""Where states of fresh tasks lie, by layer: angles, shares, dimension, distance."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from validate.claims.fresh_states import WITHOUT_CURRENT, Directions, FreshStatesShown
from validate.figures.group import GalleryFigure, Group
from validate.figures.style import intervals, layer_axis, new_figure, series

FAINT = "#BBBBBB"

Sites = list[Directions]


def fresh_directions(group: Group) -> Figure:
    """Draw smallest angle, share in the minors' directions, effective dimension and distance by layer."""
    figure = new_figure(11.5, 5.4)
    grid = figure.subplots(2, 2)
    shown = [
        (network, list(states.directions.values()), look, shift)
        for network, states, look, shift in series(group, FreshStatesShown)
    ]
    names = max((list(states.directions) for _, states, *_ in series(group, FreshStatesShown)), key=len)
    for axes, panel in zip(grid.flat, (_angles, _shares, _dimensions, _distances), strict=True):
        for network, sites, (colour, marker, dash), shift in shown:
            look = {"color": colour, "marker": marker, "ls": dash, "label": network.design}
            panel(axes, sites, np.arange(len(sites)) + shift, look)
        layer_axis(axes, names)
    _random_angles(grid[0][0], shown[0][1])
    grid[0][0].set(
        ylabel="degrees",
        ylim=(0, 92),
        title="smallest angle, fresh tasks to task span\n(thin: what is current removed)",
    )
    title = "fresh tasks in three directions of the minors\n(thin: of their own)"
    grid[0][1].set(ylabel="share of squares", ylim=(0, 1.02), title=title)
    grid[1][0].set(ylabel="participation ratio", title="effective dimension of fresh tasks' mean states")
    grid[1][1].set(
        ylabel="distance / radius inside", title="distance of fresh tasks to the task span, root mean square"
    )
    for axes in grid[1]:
        axes.set_ylim(bottom=0)
    figure.legend(*grid[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=6)
    return figure


def _angles(axes: Axes, sites: Sites, layers: np.ndarray, look: dict[str, Any]) -> None:
    intervals(axes, layers, [site.angles["fresh"].smallest for site in sites], **look)
    rest = [site.angles[WITHOUT_CURRENT].smallest.value for site in sites]
    axes.plot(layers, rest, color=look["color"], ls=look["ls"], lw=0.7, alpha=0.7)


def _random_angles(axes: Axes, sites: Sites) -> None:
    """Shade where the angles to random subspaces lie."""
    level = [site.angles["random subspace"].smallest for site in sites]
    low, high = [estimate.low for estimate in level], [estimate.high for estimate in level]
    axes.fill_between(range(len(level)), low, high, color=FAINT, alpha=0.4, lw=0, label="random subspaces, 95 %")


def _shares(axes: Axes, sites: Sites, layers: np.ndarray, look: dict[str, Any]) -> None:
    """Draw the share inside the minors' directions, and faintly that inside the fresh tasks' own."""
    shares = [site.shares["fresh"] for site in sites]
    if "minors' directions" in shares[0]:
        axes.plot(layers, [share["minors' directions"] for share in shares], **look)
    axes.plot(layers, [share["own directions"] for share in shares], color=look["color"], lw=0.8, ls=look["ls"])


def _dimensions(axes: Axes, sites: Sites, layers: np.ndarray, look: dict[str, Any]) -> None:
    axes.plot(layers, [site.dimension["fresh"].averaged for site in sites], **look)


def _distances(axes: Axes, sites: Sites, layers: np.ndarray, look: dict[str, Any]) -> None:
    axes.plot(layers, [site.distance.rms / site.distance.radius for site in sites], **look)


FIGURE = GalleryFigure(
    name="directions",
    title="Directions of fresh tasks by layer",
    caption="Angle between the fresh tasks' leading directions and the task vectors, beside random subspaces; share of"
    " their squares inside three directions of the minors; effective dimension; and distance to the span of the task"
    " vectors, in units of the radius of their projections.",
    draw=fresh_directions,
    needs=(FreshStatesShown,),
    untrained=True,
)
