"""Distance to the Bayes predictors, and which mode is nearer, by training step."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from validate.figures.by_step import EVALUATED, finish
from validate.figures.group import GalleryFigure, Group
from validate.figures.style import (
    BLACK,
    BLUE,
    ORANGE,
    POPULATIONS,
    REFERENCE_STYLE,
    heading,
    new_figure,
    units_of,
)
from validate.training.metrics import MetricsRow

LOOKS = {"training": (BLUE, "-", "o"), "fresh": (ORANGE, "--", "s")}


def mode_curves(group: Group) -> Figure:
    """Draw the distance to each Bayes predictor, and the phase ratio, by step: one row a network.

    Rows of the log that do not tell distances are left out.
    """
    figure = new_figure(10.5, 2.2 * len(group.trained) + 0.6)
    grid = figure.subplots(len(group.trained), len(EVALUATED) + 1, squeeze=False, sharex="row")
    for row, network in zip(grid, group.trained, strict=True):
        own = [record for record in group.rows_of(network) if record.distance]
        steps = [record.step + 1 for record in own]
        for axes, population in zip(row, EVALUATED, strict=False):
            for name, (colour, dash, label) in REFERENCE_STYLE.items():
                values = np.array([record.distance[population][name] for record in own])
                axes.plot(steps, values, color=colour, ls=dash, label=label)
            axes.set_yscale("log")
        _phases(row[-1], steps, own)
        row[0].set_ylabel(f"{heading(network)}\n{units_of(network.family).distance}")
    for axes in grid.flat:
        axes.set_xscale("log")
    grid[0][-1].set_title("phase: which mode is nearer")
    finish(figure, grid)
    return figure


def _phases(axes: Axes, steps: Sequence[int], rows: Sequence[MetricsRow]) -> None:
    """Draw the phase ratio of both populations; the upper half is M2's, the lower M1's."""
    axes.axhline(0, color=BLACK, lw=0.8)
    for population, (colour, dash, marker) in LOOKS.items():
        values = np.array([row.phase[population] for row in rows])
        axes.plot(steps, values, color=colour, ls=dash, marker=marker, ms=2.5, label=POPULATIONS[population])
    bound = max(0.3, *(1.15 * abs(end) for end in axes.get_ylim()))
    axes.set_ylim(-bound, bound)
    axes.set_ylabel("log₁₀ D(M1) / D(M2)")
    for height, name in ((0.95, "nearer M2"), (0.05, "nearer M1")):
        side = "top" if height > 0.5 else "bottom"
        axes.text(0.02, height, name, transform=axes.transAxes, va=side, fontsize=8, color="#555555")
    axes.legend(loc="upper right", fontsize=7)


FIGURE = GalleryFigure(
    name="phases",
    title="Which mode wins while training",
    caption="Held-out distance of the network's predictions from each Bayes predictor by training step, and the phase:"
    " the logarithm of the ratio of the distances to M1 and M2. Below 0 the network is nearer to retrieval, above 0 to"
    " extrapolation.",
    draw=mode_curves,
    qualifies=lambda network, group: any(row.distance for row in group.rows_of(network)),
)
