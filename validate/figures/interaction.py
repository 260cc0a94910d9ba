"""Measured interaction of task and current by layer, beside the share the read-out forces (`claims.forced`)."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from validate.claims.catalogue import CRITERIA
from validate.figures.style import (
    BLACK,
    ORANGE,
    intervals,
    layer_axis,
    network_looks,
    new_figure,
    small_share_axis,
)

SHOWN = {
    "P1": "P1: share of all cells (η²)",
    "P1*": "P1*: interaction / (interaction + task)",
}


def interaction_by_layer(networks: list[dict[str, Any]]) -> Figure:
    """Draw P1 and P1* at the last position with intervals, a series a network, and the forced share as a line."""
    figure = new_figure(10.0, 3.4)
    drawn: list[float | None] = []
    for axes, (name, label) in zip(figure.subplots(1, len(SHOWN), sharey=True), SHOWN.items(), strict=True):
        for index, (network, look) in enumerate(zip(networks, network_looks(networks), strict=True)):
            estimates = [statistics[name] for statistics in network["properties"].values()]
            drawn += [estimate[end] for estimate in estimates for end in ("value", "low")]
            colour, marker, dash = look
            places = np.arange(len(estimates)) + 0.1 * (index - (len(networks) - 1) / 2)
            intervals(axes, places, estimates, color=colour, marker=marker, ls=dash, label=network["design"])
        forced = networks[0].get("forced")
        if forced is not None:
            text = "share the read-out forces on the states it reads"
            axes.axhline(forced[name], color=ORANGE, lw=2.5, alpha=0.8, zorder=1, label=text)
        axes.axhline(CRITERIA[name].tolerance, color=BLACK, ls="--", lw=1, label="tolerance")
        axes.set_title(label)
        layer_axis(axes, len(networks[0]["properties"]))
    # The axes share their scale.
    small_share_axis(figure.axes[0], drawn)
    figure.axes[0].set_ylabel("share of squares, last position")
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure
