"""Steering in the triangle of the majors: targets, and where the predictions land."""

from typing import Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from validate.claims.causal.steering import SteeringShown
from validate.figures.group import GalleryFigure, Group
from validate.figures.style import BLACK, RED, at_chosen
from validate.figures.ternary import name_corners, ternary

COLOURS = "viridis_r"


def steering_triangles(group: Group) -> Figure:
    """Draw two ternary panels a network: the unsteered predictions, and where steering sends them."""
    shown = group.showing(SteeringShown)
    # As in `simplex`: fixed gaps, because the constrained layout takes seconds on ternary axes.
    height = 3.9 * len(shown) + 0.6
    figure = Figure(figsize=(9.5, height))
    figure.subplots_adjust(left=0.06, right=0.88, wspace=0.45, hspace=0.5, top=1 - 0.75 / height, bottom=1.1 / height)
    for row, (network, steering) in enumerate(shown):
        norm = Normalize(0, max(steering.before))
        panels = [ternary(figure, len(shown), 2, 2 * row + side + 1) for side in range(2)]
        _before(panels[0], steering, norm)
        _after(panels[1], steering, norm)
        gone = 1 - np.mean(steering.after) / np.mean(steering.before)
        for axes, title in zip(panels, ("before", f"after, {100 * gone:.0f} % of the distance gone"), strict=True):
            axes.set_title(f"{at_chosen(network)}\n{title}", pad=16)
            name_corners(axes)
        bar = figure.colorbar(ScalarMappable(norm, COLOURS), ax=panels, shrink=0.75, pad=0.1)
        bar.set_label("distance of prediction to target (nats)")
    handles = [axes.get_legend_handles_labels() for axes in figure.axes[:2]]
    figure.legend(*map(list.__add__, *handles), loc="lower center", ncols=3)
    return figure


def _before(axes: Any, steering: SteeringShown, norm: Normalize) -> None:
    """Colour each target by its distance to the unsteered predictions, and mark where these lie."""
    axes.scatter(*np.array(steering.grid).T, c=steering.before, cmap=COLOURS, norm=norm, s=110, zorder=2, clip_on=False)
    axes.scatter(
        *np.array(steering.start).T,
        marker="X",
        s=70,
        color=RED,
        ec="white",
        lw=0.7,
        zorder=3,
        clip_on=False,
        label="unsteered, by true task",
    )


def _after(axes: Any, steering: SteeringShown, norm: Normalize) -> None:
    """Draw a line from each target to where the steered predictions land."""
    grid, reached = np.array(steering.grid), np.array(steering.reached)
    for target, end in zip(grid, reached, strict=True):
        axes.plot(*np.stack([target, end]).T, color=BLACK, lw=0.8, zorder=1)
    axes.scatter(*grid.T, fc="white", ec=BLACK, s=26, lw=0.8, zorder=2, clip_on=False, label="target")
    axes.scatter(
        *reached.T, c=steering.after, cmap=COLOURS, norm=norm, s=60, zorder=3, clip_on=False, label="prediction"
    )


FIGURE = GalleryFigure(
    name="steering",
    title="Steering in the triangle of the majors",
    caption="Points of a grid of the simplex are written into the task component of the states at the task site."
    " Left: distance of the unsteered predictions to each target. Right: lines from each target to the mixture of tasks"
    " that the steered predictions are nearest to, coloured by the distance that is left.",
    draw=steering_triangles,
    needs=(SteeringShown,),
    majors=3,
)
