"""P0, P0*, P1 and P1* by layer and position, trained beside untrained."""

from typing import Any

from matplotlib.figure import Figure

from validate.claims import CRITERIA
from validate.figures.style import BLACK, LAYER_MARKERS, layer_colours, new_figure, position_axis

SHOWN = {
    "P0": "P0: R² of cells\n(share of squares)",
    "P0*": "P0*: share of the task\n(share of squares)",
    "P1": "P1: η², interaction\n(share of squares)",
    "P1*": "P1*: interaction against task\n(share of squares)",
}


def properties_by_layer(networks: list[dict[str, Any]]) -> Figure:
    """Draw the four statistics of the balanced design: a column a network, a line a layer."""
    figure = new_figure(2.9 * len(networks) + 0.8, 9.0)
    grid = figure.subplots(len(SHOWN), len(networks), squeeze=False, sharex=True, sharey="row")
    for column, network in enumerate(networks):
        read = [position + 1 for position in network["positions"]]
        colours = layer_colours(len(network["profile"]))
        for row, (name, label) in enumerate(SHOWN.items()):
            axes, criterion = grid[row][column], CRITERIA[name]
            for layer, values in enumerate(network["profile"].values()):
                marker = LAYER_MARKERS[layer % len(LAYER_MARKERS)]
                axes.plot(read, values[name], color=colours[layer], marker=marker, label=f"layer {layer}")
            axes.axhline(criterion.tolerance, color=BLACK, ls="--", lw=1, label=f"tolerance {criterion.bound()}")
            if criterion.direction == "at most":
                axes.set_yscale("log")
            else:
                axes.set_ylim(-0.05, 1.05)
            if column == 0:
                axes.set_ylabel(label)
            if row == 0:
                axes.set_title(f"{network['family']}, {network['design']}")
            if row == len(SHOWN) - 1:
                position_axis(axes)
    grid[0][-1].legend(loc="lower right")
    grid[-1][-1].legend(loc="best")
    return figure
