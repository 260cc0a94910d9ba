"""Families whose state must hold the prefix: what task and symbol leave of it by position, and a map by steps shown."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from validate.claims.prefix.shown import PrefixMap, PrefixShown
from validate.figures.group import GalleryFigure, Group
from validate.figures.style import BLACK, heading, layer_bar, layer_colours, new_figure

PREDICTED = {"read-out": ("-.", "exact: the read-out"), "posterior": (":", "exact: doubt about the task")}
"""Dash and label of the states whose residual is known."""

MEASURED: dict[str, dict[str, Any]] = {
    "Dyck residual": {"ls": "-", "marker": "o"},
    "Dyck residual given prefix": {"ls": "--", "marker": "o", "mfc": "white", "lw": 1.1},
}
MEASURED_LABELS = ("states: left by task and symbol", "states: left by task, symbol and steps shown")
TASK_MARKERS = "os^Dv*PX"


def prefix_panels(group: Group) -> Figure:
    """Draw a row a network: residuals by position and layer, and the map of states."""
    shown = group.showing(PrefixShown)
    figure = new_figure(10.5, 3.5 * len(shown) + 0.7)
    grid = figure.subplots(len(shown), 2, squeeze=False, width_ratios=(1.2, 1))
    for (left, right), (network, prefix) in zip(grid, shown, strict=True):
        _residuals(left, prefix)
        left.set_title(f"{heading(network)}: what the cells leave")
        _map(right, prefix.map)
        right.set_title(f"{heading(network)}: last layer, {prefix.judged + 1} symbols read")
    grid[-1][0].set_xlabel("symbols read")
    grid[-1][1].set_xlabel("first direction between the means by steps shown")
    layer_bar(figure, grid[:, 0], max((list(prefix.sites) for _, prefix in shown), key=len))
    figure.legend(*grid[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def _residuals(axes: Axes, prefix: PrefixShown) -> None:
    read = np.array(prefix.positions) + 1
    first, last = prefix.informative
    axes.axvspan(first + 1, last + 1, color="0.92", lw=0, label="path in progress")
    axes.axvline(prefix.judged + 1, color="0.5", lw=0.8, label="judged here")
    colours = layer_colours(len(prefix.sites))
    for colour, table in zip(colours, prefix.sites.values(), strict=True):
        for name, look in MEASURED.items():
            axes.plot(read, table[name], color=colour, **look)
    for label, look in zip(MEASURED_LABELS, MEASURED.values(), strict=True):
        axes.plot([], [], color="0.4", label=label, **look)
    for name, (dash, label) in PREDICTED.items():
        axes.plot(read, prefix.predicted[name], color=BLACK, ls=dash, lw=1.2, label=label)
    axes.set_ylim(-0.03, 1.1)
    axes.set_ylabel("1 − R² of cells (share of squares)")


def _map(axes: Axes, shown: PrefixMap) -> None:
    points, steps, tasks = np.array(shown.points), np.array(shown.steps), np.array(shown.tasks)
    markers = {f"task {task + 1}": TASK_MARKERS[task % len(TASK_MARKERS)] for task in np.unique(tasks)}
    for task, marker in zip(np.unique(tasks), markers.values(), strict=True):
        own = tasks == task
        x, y = points[own].T
        look: dict[str, Any] = {"vmin": steps.min(), "vmax": steps.max(), "cmap": "plasma", "s": 13, "lw": 0}
        dots = axes.scatter(x, y, c=steps[own], marker=marker, alpha=0.8, **look)
    axes.figure.colorbar(dots, ax=axes, ticks=MaxNLocator(integer=True), label="steps shown")
    axes.set_ylabel("second direction")
    # The shape tells the task, and the colour nothing of it.
    shapes = [Line2D([], [], marker=marker, ls="", color="0.3", label=label) for label, marker in markers.items()]
    axes.legend(handles=shapes, handletextpad=0.1, frameon=True, framealpha=0.8, edgecolor="none")


FIGURE = GalleryFigure(
    name="prefix",
    title="What the state keeps beside task and symbol",
    caption="Left: share of the states' variance that task and current symbol leave, by layer, and what is left once"
    " the number of steps shown is known too; black lines are exact. Right: held-out states of the last layer on the"
    " two directions in which the means by steps shown differ most.",
    draw=prefix_panels,
    needs=(PrefixShown,),
    untrained=True,
)
