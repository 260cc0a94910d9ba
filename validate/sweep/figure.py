"""One axis of a sweep: how states, predictions and task vectors change along it.

Upper row: states. Lower row: predictions and the simplex of task vectors. A point is the mean over seeds, its bar the
interval over seeds, small dots the seeds. Full line: what theory predicts. Dashed: untrained
networks. Dotted: a rival explanation or the level of chance. Each in the colour of its statistic.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, LogLocator, NullLocator, StrMethodFormatter

from validate.figures.style import BLACK, BLUE, GREEN, ORANGE, RED, new_figure
from validate.sweep.axes import Axis, AxisValue
from validate.sweep.results import Pooled, ShapeRow, SweepResults

BESIDE = {"predicted": "-", "baseline": ":", "untrained": (0, (5, 3))}
"""The numbers beside a measurement, and the line each is drawn with."""


@dataclass(frozen=True)
class Series:
    """A statistic in a panel, and which of the numbers beside it are drawn."""

    statistic: str
    colour: str
    marker: str
    label: str
    beside: tuple[str, ...] = ("predicted", "untrained")


@dataclass(frozen=True)
class Panel:
    """A small plot of one or more statistics along the axis."""

    title: str
    unit: str
    series: tuple[Series, ...]
    scale: Literal["linear", "share", "log"] = "share"


PANELS = (
    Panel(
        "what the task explains",
        "share of variance",
        (Series("P0*", BLUE, "o", "P0*, last position"), Series("P2*", ORANGE, "s", "P2*, undecided")),
    ),
    Panel(
        "weights and posterior, undecided",
        "total variation",
        (Series("P3* TV", BLUE, "o", "P3*"),),
    ),
    Panel(
        "majors steadier than minors",
        "difference of R²",
        (Series("P0 contrast", BLUE, "o", "P0 contrast"),),
        "linear",
    ),
    Panel(
        "fresh tasks in the task span",
        "R²_OOD, single",
        (
            Series("R2_OOD", RED, "o", "with minors", ("predicted", "baseline", "untrained")),
            Series("R2_OOD majors only", BLUE, "s", "majors only", ("predicted",)),
        ),
    ),
    Panel(
        "modes, training mixture",
        "KL(· ‖ network), nats",
        (
            Series("KL to M1, training", BLUE, "o", "to M1", ("baseline",)),
            Series("KL to M2, training", RED, "s", "to M2", ("predicted",)),
        ),
        "log",
    ),
    Panel(
        "modes, fresh tasks",
        "KL(· ‖ network), nats",
        (
            Series("KL to M1, fresh", BLUE, "o", "to M1", ("baseline",)),
            Series("KL to M2, fresh", RED, "s", "to M2", ("predicted",)),
        ),
        "log",
    ),
    Panel(
        "edges of the simplex",
        "mean length, base = 1",
        (Series("edge length", BLUE, "o", "task vectors", ("predicted", "baseline", "untrained")),),
    ),
)


def axis_figure(results: SweepResults, name: str, axis: Axis) -> Figure:
    """Draw one axis of a sweep.

    Parameters
    ----------
    name : str
        The axis' key.
    """
    figure = new_figure(12.6, 6.0)
    grid = figure.subplots(2, 4).ravel()
    values = results.experiment.axes[name]
    for axes, panel in zip(grid, PANELS, strict=False):
        for series in panel.series:
            _draw(axes, series, results.along(name, series.statistic))
        axes.set_title(panel.title)
        axes.set_ylabel(panel.unit)
        _measure_axis(axes, panel.scale)
        if len(panel.series) > 1:
            axes.legend(loc="best")
        _value_axis(axes, axis, values)
    _cosines(grid[-1], results.shapes_along(name), values)
    figure.legend(handles=_key(), loc="outside lower center", ncols=4)
    return figure


def _draw(axes: Axes, series: Series, table: Sequence[Pooled]) -> None:
    x = np.array([row.value for row in table])
    value, low, high = (np.array([getattr(row.measured, end) for row in table]) for end in ("value", "low", "high"))
    for name in series.beside:
        axes.plot(x, [getattr(row, name) for row in table], color=series.colour, ls=BESIDE[name], lw=1.1, alpha=0.9)
    errors = [np.maximum(value - low, 0), np.maximum(high - value, 0)]
    axes.errorbar(
        x, value, yerr=errors, color=series.colour, marker=series.marker, ls="", capsize=2.5, label=series.label
    )
    for row in table:
        axes.plot([row.value] * len(row.seeds), row.seeds, color=series.colour, ls="", marker=".", ms=3, alpha=0.5)


def _measure_axis(axes: Axes, scale: Literal["linear", "share", "log"]) -> None:
    """Set the scale of a panel; "share" begins at 0 unless something is below, "log" has labels within a decade."""
    if scale == "share" and axes.get_ylim()[0] > 0:
        axes.set_ylim(bottom=0)
    elif scale == "log":
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_locator(NullLocator())


def _value_axis(axes: Axes, axis: Axis, values: Sequence[AxisValue]) -> None:
    """Label an axis of the sweep at its values, spaced by their ratios if it is so and all are positive."""
    if axis.logarithmic and min(values) > 0:
        axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(list(values)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.set_xlabel(axis.label)


def _cosines(axes: Axes, shapes: Sequence[ShapeRow], values: Sequence[AxisValue]) -> None:
    """Draw the network's Gram matrix against the tasks': a point a pair, on the line if the shapes are the same."""
    axes.plot([-1, 1], [-1, 1], color=BLACK, ls=":", lw=1)
    for index, value in enumerate(values):
        colour = mpl.colormaps["viridis"](0.9 * index / max(len(values) - 1, 1))
        pairs = [_pairs(row.cosines) for row in shapes if row.value == value]
        tasks, network = (np.concatenate(part) for part in zip(*pairs, strict=True))
        axes.plot(tasks, network, color=colour, marker="osD^v"[index % 5], ls="", ms=4, alpha=0.8, label=f"{value:g}")
    axes.set_title("Gram matrices, scale removed")
    axes.set_xlabel("cosine of two tasks")
    axes.set_ylabel("cosine of their vectors")
    axes.set_xlim(-1.05, 1.05)
    axes.set_ylim(-1.05, 1.05)
    axes.legend(loc="lower right", handletextpad=0.2)


def _pairs(cosines: Mapping[str, list[list[float]]]) -> tuple[np.ndarray, np.ndarray]:
    tasks, network = np.array(cosines["tasks"]), np.array(cosines["network"])
    above = np.triu_indices(len(tasks), 1)
    return tasks[above], network[above]


def _key() -> list[Line2D]:
    point = Line2D([], [], color=GREEN, marker="o", ls="", label="measured: mean and interval over seeds")
    labels = {"predicted": "theory", "baseline": "rival or chance", "untrained": "untrained networks"}
    return [point, *(Line2D([], [], color=GREEN, ls=BESIDE[name], label=label) for name, label in labels.items())]
