"""Held-out loss by training step beside the Bayes risks, on the same sequences."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from validate.figures.by_step import EVALUATED, finish
from validate.figures.group import GalleryFigure, Group
from validate.figures.style import BLACK, REFERENCE_STYLE, heading, new_figure, units_of


def training_curves(group: Group) -> Figure:
    """Draw held-out loss by step, one row a network, one column a population."""
    figure = new_figure(8.0, 2.2 * len(group.trained) + 0.6)
    grid = figure.subplots(len(group.trained), len(EVALUATED), squeeze=False)
    for row, network in zip(grid, group.trained, strict=True):
        own = group.rows_of(network)
        steps = [record.step + 1 for record in own]
        risks = next((record.references for record in own if record.references), {})
        for axes, population in zip(row, EVALUATED, strict=True):
            losses = np.array([record.held_out[population] for record in own])
            references = {name: loss for name, loss in risks.get(population, {}).items() if np.isfinite(loss)}
            axes.plot(steps, losses, color=BLACK, marker="o", markersize=2.5, label="network")
            for name, loss in references.items():
                colour, dash, label = REFERENCE_STYLE[name]
                axes.axhline(loss, color=colour, ls=dash, label=label)
            axes.set_ylim(*_limits(losses, list(references.values())))
        row[0].set_ylabel(f"{heading(network)}\nheld-out loss\n({units_of(network.family).loss})")
    finish(figure, grid)
    return figure


def _limits(losses: Float[np.ndarray, " R"], references: Sequence[float]) -> tuple[float, float]:
    """Return a range that shows the end of training; the first steps may leave it at the top."""
    finite = np.sort(losses[np.isfinite(losses)])
    shown = np.concatenate([finite[: max(1, int(0.95 * len(finite)))], references])
    low, high = (float(shown.min()), float(shown.max())) if len(shown) else (0.0, 1.0)
    margin = 0.06 * (high - low) or 0.1
    return low - margin, high + margin


FIGURE = GalleryFigure(
    name="training",
    title="Training against the Bayes risk",
    caption="Held-out loss by training step. Horizontal lines are the exact risks, on the same sequences, of M1"
    " (posterior over the training pool), M2 (majors and one fresh task) and the prior predictive. On the training"
    " mixture no predictor can do better than M1.",
    draw=training_curves,
    qualifies=lambda network, group: bool(group.rows_of(network)),
)
