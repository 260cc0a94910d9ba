"""Loss, distance to the Bayes predictors, and phase by training step, on the same held-out sequences."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from validate.figures.style import BLACK, BLUE, ORANGE, REFERENCE_STYLE, defined, heading, new_figure

POPULATIONS = {"training": "training mixture", "fresh": "fresh tasks"}
PHASE_LOOKS = {"training": (BLUE, "-", "o"), "fresh": (ORANGE, "--", "s")}

Rows = list[dict[str, Any]]


def training_curves(networks: Sequence[dict[str, Any]], metrics: Rows) -> Figure:
    """Draw held-out loss by step, one row a network, one column a population."""
    figure = new_figure(8.0, 2.2 * len(networks) + 0.6)
    grid = figure.subplots(len(networks), len(POPULATIONS), squeeze=False)
    for row, network in zip(grid, networks, strict=True):
        own = records_of(network, metrics)
        steps = [record["step"] + 1 for record in own]
        for axes, population in zip(row, POPULATIONS, strict=True):
            losses = defined([record["held_out"][population] for record in own])
            references = network["references"][population]
            axes.plot(steps, losses, color=BLACK, marker="o", markersize=2.5, label="network")
            for name, (colour, dash, label) in REFERENCE_STYLE.items():
                if references[name] is not None:
                    axes.axhline(references[name], color=colour, ls=dash, label=label)
            axes.set_ylim(*_limits(losses, [loss for loss in references.values() if loss is not None]))
        unit = "squared units" if network["family"] == "regression" else "nats per symbol"
        row[0].set_ylabel(f"{heading(network)}\nheld-out loss ({unit})")
    _finish(figure, grid)
    return figure


def mode_curves(networks: Sequence[dict[str, Any]], metrics: Rows) -> Figure:
    """Draw the distance to each Bayes predictor, and the phase ratio, by step: one row a network.

    Records that do not tell distances are left out.
    """
    figure = new_figure(10.5, 2.2 * len(networks) + 0.6)
    grid = figure.subplots(len(networks), len(POPULATIONS) + 1, squeeze=False, sharex="row")
    for row, network in zip(grid, networks, strict=True):
        own = [record for record in records_of(network, metrics) if "distance" in record]
        steps = [record["step"] + 1 for record in own]
        for axes, population in zip(row, POPULATIONS, strict=False):
            for name, (colour, dash, label) in REFERENCE_STYLE.items():
                values = defined([record["distance"][population][name] for record in own])
                axes.plot(steps, values, color=colour, ls=dash, label=label)
            axes.set_yscale("log")
        _phases(row[-1], steps, own)
        unit = "squared distance" if network["family"] == "regression" else "KL(model ‖ predictor), nats"
        row[0].set_ylabel(f"{heading(network)}\n{unit}")
    for axes in grid.flat:
        axes.set_xscale("log")
    grid[0][-1].set_title("phase: which mode is nearer")
    _finish(figure, grid)
    return figure


def has_distances(network: dict[str, Any], metrics: Rows) -> bool:
    """Tell whether some record of a network tells its distances."""
    return any("distance" in record for record in records_of(network, metrics))


def _phases(axes: Axes, steps: list[int], records: Rows) -> None:
    """Draw the phase ratio of both populations; the upper half is M2's, the lower M1's."""
    axes.axhline(0, color=BLACK, lw=0.8)
    for population, (colour, dash, marker) in PHASE_LOOKS.items():
        values = defined([record["phase"][population] for record in records])
        axes.plot(steps, values, color=colour, ls=dash, marker=marker, ms=2.5, label=POPULATIONS[population])
    bound = max(0.3, *(1.15 * abs(end) for end in axes.get_ylim()))
    axes.set_ylim(-bound, bound)
    axes.set_ylabel("log₁₀ D(M1) / D(M2)")
    for height, name in ((0.95, "nearer M2"), (0.05, "nearer M1")):
        side = "top" if height > 0.5 else "bottom"
        axes.text(0.02, height, name, transform=axes.transAxes, va=side, fontsize=8, color="#555555")
    axes.legend(loc="upper right", fontsize=7)


def records_of(network: dict[str, Any], metrics: Rows) -> Rows:
    """Return the records of one network."""
    return [m for m in metrics if all(m[key] == network[key] for key in ("family", "design", "seed"))]


def _finish(figure: Figure, grid: np.ndarray) -> None:
    """Name the columns by population and give the figure one legend."""
    for axes, label in zip(grid[0], POPULATIONS.values(), strict=False):
        axes.set_title(label)
    for axes in grid[-1]:
        axes.set_xlabel("training step")
    figure.legend(*grid[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=4)


def _limits(losses: np.ndarray, references: Iterable[float]) -> tuple[float, float]:
    """Return a range that shows the end of training; the first steps may leave it at the top."""
    finite = np.sort(losses[np.isfinite(losses)])
    shown = np.concatenate([finite[: max(1, int(0.95 * len(finite)))], list(references)])
    low, high = (float(shown.min()), float(shown.max())) if len(shown) else (0.0, 1.0)
    margin = 0.06 * (high - low) or 0.1
    return low - margin, high + margin
