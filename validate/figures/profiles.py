"""Statistics by position: a row a statistic, a column a network, a line a layer."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from validate.claims.catalogue import CRITERIA
from validate.claims.properties import PropertiesShown
from validate.figures.group import Group
from validate.figures.style import (
    BLACK,
    heading,
    judged_layer,
    layer_bar,
    layer_colours,
    new_figure,
    position_axis,
    share_axis,
    small_share_axis,
)
from validate.judging.results import NetworkResult

CHOSEN = {"marker": "o", "mfc": "white", "ms": 4.5, "lw": 2.2, "zorder": 3}
"""How the layer that claims are judged at stands out."""


def profiles(group: Group, labels: Mapping[str, str], height: float) -> Figure:
    """Draw statistics of the profile by position.

    Parameters
    ----------
    labels : mapping
        Label by statistic.
    height : float
        Of a row, inches.
    """
    shown = group.showing(PropertiesShown)
    figure = new_figure(2.9 * len(shown) + 1.4, height * len(labels) + 0.6)
    grid = figure.subplots(len(labels), len(shown), squeeze=False, sharex=True, sharey="row")
    for row, (name, label) in zip(grid, labels.items(), strict=True):
        for axes, (network, properties) in zip(row, shown, strict=True):
            _lines(axes, network, properties, name)
        if CRITERIA[name].direction == "at most":
            drawn = [values[name] for _, properties in shown for values in properties.profile.values()]
            small_share_axis(row[0], np.concatenate(drawn))
        else:
            share_axis(row[0])
        row[0].set_ylabel(label)
    for axes, (network, _) in zip(grid[0], shown, strict=True):
        axes.set_title(f"{heading(network)}\njudged: layer {judged_layer(network)}")
    for axes, (network, _) in zip(grid[-1], shown, strict=True):
        position_axis(axes, network.family)
    layer_bar(figure, grid, max((list(properties.profile) for _, properties in shown), key=len))
    figure.legend(*grid[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def _lines(axes: Axes, network: NetworkResult, properties: PropertiesShown, name: str) -> None:
    """Draw one statistic of one network, the chosen layer on top, and its tolerance."""
    colours = layer_colours(len(properties.profile))
    for colour, (site, values) in zip(colours, properties.profile.items(), strict=True):
        series = np.array(values[name])
        # Some statistics are known at every position, the others at the scored ones.
        every = len(series) != len(properties.positions)
        read = np.arange(len(series)) + 1 if every else np.array(properties.positions) + 1
        chosen = site == network.site
        label = "layer at which claims are judged" if chosen else None
        look = CHOSEN | ({"marker": "", "mec": colour} if every else {"mec": colour}) if chosen else {"lw": 1.3}
        axes.plot(read, series, color=colour, label=label, **look)
    axes.axhline(CRITERIA[name].tolerance, color=BLACK, ls="--", lw=1, label="tolerance")
