"""Distance of the network's predictions to each Bayes predictor, by position and population."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from validate.figures.style import REFERENCE_STYLE, new_figure, position_axis

POPULATIONS = {"training": "training mixture", "majors": "majors", "fresh": "fresh tasks"}


def mode_distances(networks: list[dict[str, Any]]) -> Figure:
    """Draw distances by position: a row a network, a column a population."""
    figure = new_figure(9.0, 3.6 * len(networks))
    grid = figure.subplots(len(networks), len(POPULATIONS), squeeze=False, sharey=True)
    for row, network in zip(grid, networks, strict=True):
        for axes, (population, label) in zip(row, POPULATIONS.items(), strict=True):
            for name, (colour, dash, reference_label) in REFERENCE_STYLE.items():
                summary = network["modes"][population]["distance"][name]
                values = np.array(summary["by_position"])
                text = f"{reference_label}: {summary['mean']['value']:.4f}"
                axes.plot(np.arange(len(values)) + 1, values, color=colour, ls=dash, label=text)
            axes.set_yscale("log")
            axes.set_title(f"{network['family']}, {network['design']}: {label}")
            axes.legend(
                title="mean over positions (nats)",
                fontsize=7.5,
                title_fontsize=7.5,
                loc="upper center",
                bbox_to_anchor=(0.5, -0.24),
            )
            position_axis(axes)
        row[0].set_ylabel("KL(model ‖ predictor)\n(nats)")
    return figure
