"""How far the network is from each explanation of its predictions, and which mixture of them comes nearest."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from validate.figures.style import BLACK, ORANGE, PURPLE, REFERENCE_STYLE, defined, heading, new_figure, position_axis

POPULATIONS = {"training": "training mixture", "majors": "majors", "minors": "minors", "fresh": "fresh tasks"}
RIVAL_LOOKS = ((ORANGE, (0, (5, 1, 1, 1))), (PURPLE, (0, (2, 1))))
"""Colour and dash of the family's own rivals, in their order."""

HATCHES = {"M1": "//", "M2": "\\\\", "prior predictive": ".."}


def mode_distances(networks: list[dict[str, Any]]) -> Figure:
    """Draw distances by position, a row a network and a column a population, and the best mixture's weights."""
    populations = [name for name in POPULATIONS if any(name in network["modes"] for network in networks)]
    weighted = any("weights" in mode for network in networks for mode in network["modes"].values())
    n_columns = len(populations) + weighted
    figure = new_figure(2.35 * n_columns + 0.9, 2.3 * len(networks) + 0.8)
    grid = figure.subplots(len(networks), n_columns, squeeze=False)
    for row, network in zip(grid, networks, strict=True):
        own = [axes for axes, name in zip(row, populations, strict=False) if _distances(axes, network, name)]
        low, high = (end([axes.get_ylim()[place] for axes in own]) for place, end in enumerate((min, max)))
        for axes in own:
            axes.set_ylim(max(low, 1e-7), high)
            axes.tick_params(labelleft=axes is row[0])
        row[0].set_ylabel(f"{heading(network)}\n{_distance_label(network['family'])}")
        if weighted:
            _weights(row[-1], network, populations)
    for axes, name in zip(grid[0], populations, strict=False):
        axes.set_title(POPULATIONS[name])
    if weighted:
        grid[0][-1].set_title("best mixture")
    figure.legend(*grid[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure


def looks(candidates: list[str]) -> dict[str, tuple[str, Any, str]]:
    """Return colour, dash and label of each candidate: the Bayes predictors', then the rivals' in their order."""
    rivals = [name for name in candidates if name not in REFERENCE_STYLE]
    own = {name: (*look, name) for name, look in zip(rivals, RIVAL_LOOKS, strict=False)}
    return {name: (REFERENCE_STYLE | own)[name] for name in candidates}


def _distance_label(family: str) -> str:
    return "squared distance" if family == "regression" else "KL(model ‖ candidate), nats"


def _distances(axes: Axes, network: dict[str, Any], population: str) -> bool:
    """Draw the distances of one network on one population; a population it does not have leaves an empty panel."""
    if population not in network["modes"]:
        axes.set_axis_off()
        axes.text(0.5, 0.5, f"no {POPULATIONS[population]}", ha="center", transform=axes.transAxes, color="#777777")
        return False
    distance = network["modes"][population]["distance"]
    for name, (colour, dash, label) in looks(list(distance)).items():
        values = defined(distance[name]["by_position"])
        axes.plot(np.arange(len(values)) + 1, values, color=colour, ls=dash, label=label)
    axes.set_yscale("log")
    position_axis(axes, network["family"])
    return True


def _weights(axes: Axes, network: dict[str, Any], populations: list[str]) -> None:
    """Draw the weights of the best mixture as one bar a population; a line marks what the modes must reach."""
    own = [name for name in populations if "weights" in network["modes"].get(name, {})]
    for place, population in enumerate(own):
        weights, start = network["modes"][population]["weights"], 0.0
        for name, (colour, _, _) in looks(list(weights)).items():
            hatch = HATCHES.get(name)
            axes.barh(place, weights[name], left=start, height=0.7, color=colour, hatch=hatch, ec="white", alpha=0.75)
            start += weights[name]
    axes.axvline(0.9, color=BLACK, lw=1, ls="--")
    axes.set_yticks(range(len(own)), own)
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xlabel("weight")
    axes.grid(visible=False)
