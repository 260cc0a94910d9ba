"""Planted Dyck paths: what task and symbol leave of the states by position, and a map of states by steps shown."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from validate.figures.style import BLACK, defined, heading, layer_bar, layer_colours, new_figure

PREDICTED = {"read-out": ("-.", "exact: the read-out"), "posterior": (":", "exact: doubt about the task")}
"""Dash and label of the states whose residual is known."""

MEASURED: dict[str, dict[str, Any]] = {
    "Dyck residual": {"ls": "-", "marker": "o"},
    "Dyck residual given prefix": {"ls": "--", "marker": "o", "mfc": "white", "lw": 1.1},
}
MEASURED_LABELS = ("states: left by task and symbol", "states: left by task, symbol and steps shown")
TASK_MARKERS = "os^Dv*PX"


def prefix_panels(networks: list[dict[str, Any]]) -> Figure:
    """Draw each network's ``prefix`` portrait in a row: residuals by position and layer, and the map of states."""
    figure = new_figure(10.5, 3.5 * len(networks) + 0.7)
    grid = figure.subplots(len(networks), 2, squeeze=False, width_ratios=(1.2, 1))
    for (left, right), network in zip(grid, networks, strict=True):
        _residuals(left, network["prefix"])
        left.set_title(f"{heading(network)}: what the cells leave")
        _map(right, network["prefix"])
        right.set_title(f"{heading(network)}: last layer, {network['prefix']['judged'] + 1} symbols read")
    for axes in grid[-1]:
        axes.set_xlabel("symbols read" if axes is grid[-1][0] else "first direction between the means by steps shown")
    layer_bar(figure, grid[:, 0], max(len(network["prefix"]["sites"]) for network in networks))
    figure.legend(*grid[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def _residuals(axes: Axes, portrait: dict[str, Any]) -> None:
    read = np.array(portrait["positions"]) + 1
    first, last = portrait["informative"]
    axes.axvspan(first + 1, last + 1, color="0.92", lw=0, label="path in progress")
    axes.axvline(portrait["judged"] + 1, color="0.5", lw=0.8, label="judged here")
    colours = layer_colours(len(portrait["sites"]))
    for colour, table in zip(colours, portrait["sites"].values(), strict=True):
        for name, look in MEASURED.items():
            axes.plot(read, defined(table[name]), color=colour, **look)
    for label, look in zip(MEASURED_LABELS, MEASURED.values(), strict=True):
        axes.plot([], [], color="0.4", label=label, **look)
    for name, (dash, label) in PREDICTED.items():
        axes.plot(read, defined(portrait["predicted"][name]), color=BLACK, ls=dash, lw=1.2, label=label)
    axes.set_ylim(-0.03, 1.1)
    axes.set_ylabel("1 − R² of cells (share of squares)")


def _map(axes: Axes, portrait: dict[str, Any]) -> None:
    shown = portrait["map"]
    points, steps, tasks = (np.array(shown[key]) for key in ("points", "steps", "tasks"))
    for task in np.unique(tasks):
        own, marker = tasks == task, TASK_MARKERS[task % len(TASK_MARKERS)]
        x, y = points[own].T
        look: dict[str, Any] = {"vmin": steps.min(), "vmax": steps.max(), "cmap": "plasma", "s": 13, "lw": 0}
        dots = axes.scatter(x, y, c=steps[own], marker=marker, alpha=0.8, label=f"task {task + 1}", **look)
    axes.figure.colorbar(dots, ax=axes, ticks=MaxNLocator(integer=True), label="steps shown")
    axes.set_ylabel("second direction")
    axes.legend(handletextpad=0.1, frameon=True, framealpha=0.8, edgecolor="none")
