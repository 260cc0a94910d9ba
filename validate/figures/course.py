"""R2_OOD by training step: a panel a network, a line a layer."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from validate.figures.style import BLACK, defined, heading, layer_bar, layer_colours, layer_of, new_figure
from validate.figures.training import Rows, records_of


def span_course(networks: list[dict[str, Any]], metrics: Rows) -> Figure:
    """Draw the share inside the span of the task vectors against the training step; dotted: a random subspace."""
    n_layers = len(networks[0]["subspace"])
    figure = new_figure(1.2 + 3.4 * len(networks), 3.1)
    grid = figure.subplots(1, len(networks), squeeze=False, sharey=True)
    for axes, network in zip(grid[0], networks, strict=True):
        own = [record for record in records_of(network, metrics) if "inside" in record]
        steps = [record["step"] + 1 for record in own]
        for site, colour in zip(network["subspace"], layer_colours(n_layers), strict=True):
            shares = defined([record["inside"].get(site) for record in own])
            chosen = site == network["chosen"]
            look = {"lw": 2.2, "marker": "o", "ms": 3.5} if chosen else {"lw": 1.2}
            label = f"layer {layer_of(site)}, chosen on other sequences" if chosen else None
            axes.plot(steps, shares, color=colour, label=label, **look)
        chance = np.mean([share["chance"]["value"] for share in network["subspace"].values()])
        axes.axhline(chance, color=BLACK, ls=":", lw=1, label="random subspace")
        axes.set(xscale="log", xlabel="training step", ylim=(0, 1), title=heading(network))
        axes.legend(fontsize=7.5, loc="upper left")
    grid[0][0].set_ylabel("R²_OOD, single sequences\n(share of squares)")
    layer_bar(figure, grid, n_layers)
    return figure


def has_course(network: dict[str, Any], metrics: Rows) -> bool:
    """Tell whether some record of a network tells its R2_OOD."""
    return any("inside" in record for record in records_of(network, metrics))
