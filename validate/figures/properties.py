"""P0, P0*, P1 and P1* by layer and position, trained beside untrained."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from validate.claims.catalogue import CRITERIA
from validate.figures.style import (
    BLACK,
    defined,
    heading,
    layer_bar,
    layer_colours,
    layer_of,
    new_figure,
    position_axis,
    share_axis,
    small_share_axis,
)

SHOWN = {
    "P0": "P0: R² of task and current\n(share of squares)",
    "P0*": "P0*: share of the task\n(share of squares)",
    "P1": "P1: η², interaction\n(share of squares)",
    "P1*": "P1*: interaction against task\n(share of squares)",
}

CHOSEN = {"marker": "o", "mfc": "white", "ms": 4.5, "lw": 2.2, "zorder": 3}
"""How the layer that claims are judged at stands out."""


def properties_by_layer(networks: list[dict[str, Any]]) -> Figure:
    """Draw the four statistics of the task design: a column a network, a line a layer."""
    return profiles(networks, SHOWN, 2.2)


def profiles(networks: list[dict[str, Any]], shown: Mapping[str, str], height: float) -> Figure:
    """Draw statistics of the profile by position: a row a statistic, a column a network, a line a layer.

    Parameters
    ----------
    shown : mapping
        Label by statistic.
    height : float
        Of a row, inches.
    """
    figure = new_figure(2.9 * len(networks) + 1.4, height * len(shown) + 0.6)
    grid = figure.subplots(len(shown), len(networks), squeeze=False, sharex=True, sharey="row")
    for row, (name, label) in zip(grid, shown.items(), strict=True):
        for axes, network in zip(row, networks, strict=True):
            _lines(axes, network, name)
        criterion = CRITERIA.get(name)
        if criterion is not None and criterion.direction == "at most":
            drawn = [values[name] for network in networks for values in network["profile"].values()]
            small_share_axis(row[0], np.concatenate([defined(values) for values in drawn]))
        else:
            share_axis(row[0])
        row[0].set_ylabel(label)
    for axes, network in zip(grid[0], networks, strict=True):
        axes.set_title(f"{heading(network)}\nchosen: layer {layer_of(network['chosen'])}")
    for axes, network in zip(grid[-1], networks, strict=True):
        position_axis(axes, network["family"])
    layer_bar(figure, grid, max(len(network["profile"]) for network in networks))
    figure.legend(*grid[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def _lines(axes: Axes, network: dict[str, Any], name: str) -> None:
    """Draw one statistic of one network, the chosen layer on top, and its tolerance."""
    colours = layer_colours(len(network["profile"]))
    for colour, (site, values) in zip(colours, network["profile"].items(), strict=True):
        series = defined(values[name])
        # Some statistics are known at every position, the others at the scored ones.
        every = len(series) != len(network["positions"])
        read = np.arange(len(series)) + 1 if every else np.array(network["positions"]) + 1
        chosen = site == network["chosen"]
        label = "layer at which claims are judged" if chosen else None
        look = CHOSEN | ({"marker": "", "mec": colour} if every else {"mec": colour}) if chosen else {"lw": 1.3}
        axes.plot(read, series, color=colour, label=label, **look)
    if name in CRITERIA:
        axes.axhline(CRITERIA[name].tolerance, color=BLACK, ls="--", lw=1, label="tolerance")
