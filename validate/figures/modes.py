"""How far the network is from each explanation of its predictions, and which mixture of them comes nearest."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from validate.claims.catalogue import CRITERIA
from validate.claims.modes import ModesShown
from validate.figures.group import GalleryFigure, Group
from validate.figures.style import (
    BLACK,
    ORANGE,
    POPULATIONS,
    PURPLE,
    REFERENCE_STYLE,
    heading,
    new_figure,
    position_axis,
    units_of,
)

RIVAL_LOOKS = ((ORANGE, (0, (5, 1, 1, 1))), (PURPLE, (0, (2, 1))))
"""Colour and dash of the family's own rivals, in their order."""

HATCHES = {"M1": "//", "M2": "\\\\", "prior predictive": ".."}


def mode_distances(group: Group) -> Figure:
    """Draw distances by position, a row a network and a column a population, and the best mixture's weights."""
    shown = group.showing(ModesShown)
    populations = [name for name in POPULATIONS if any(name in modes.populations for _, modes in shown)]
    n_columns = len(populations) + 1
    figure = new_figure(2.35 * n_columns + 0.9, 2.3 * len(shown) + 0.8)
    grid = figure.subplots(len(shown), n_columns, squeeze=False)
    for row, (network, modes) in zip(grid, shown, strict=True):
        own = [
            axes for axes, name in zip(row, populations, strict=False) if _distances(axes, modes, name, network.family)
        ]
        low, high = (end([axes.get_ylim()[place] for axes in own]) for place, end in enumerate((min, max)))
        for axes in own:
            axes.set_ylim(max(low, 1e-7), high)
            axes.tick_params(labelleft=axes is row[0])
        row[0].set_ylabel(f"{heading(network)}\n{units_of(network.family).distance}")
        _weights(row[-1], modes, populations)
    for axes, name in zip(grid[0], populations, strict=False):
        axes.set_title(POPULATIONS[name])
    grid[0][-1].set_title("best mixture")
    figure.legend(*grid[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure


def looks(candidates: Iterable[str]) -> dict[str, tuple[str, Any, str]]:
    """Return colour, dash and label of each candidate: the Bayes predictors', then the rivals' in their order."""
    names = list(candidates)
    rivals = [name for name in names if name not in REFERENCE_STYLE]
    own = {name: (*look, name) for name, look in zip(rivals, RIVAL_LOOKS, strict=False)}
    return {name: (REFERENCE_STYLE | own)[name] for name in names}


def _distances(axes: Axes, modes: ModesShown, population: str, family: str) -> bool:
    """Draw the distances of one network on one population; a population it does not have leaves an empty panel."""
    if population not in modes.populations:
        axes.set_axis_off()
        axes.text(0.5, 0.5, f"no {POPULATIONS[population]}", ha="center", transform=axes.transAxes, color="#777777")
        return False
    distance = modes.populations[population].distance
    for name, (colour, dash, label) in looks(distance).items():
        values = np.array(distance[name].by_position)
        axes.plot(np.arange(len(values)) + 1, values, color=colour, ls=dash, label=label)
    axes.set_yscale("log")
    position_axis(axes, family)
    return True


def _weights(axes: Axes, modes: ModesShown, populations: Sequence[str]) -> None:
    """Draw the weights of the best mixture as one bar a population; a line marks what the modes must reach."""
    own = [name for name in populations if name in modes.populations]
    for place, population in enumerate(own):
        weights, start = modes.populations[population].weights, 0.0
        for name, (colour, _, _) in looks(weights).items():
            hatch = HATCHES.get(name)
            axes.barh(place, weights[name], left=start, height=0.7, color=colour, hatch=hatch, ec="white", alpha=0.75)
            start += weights[name]
    axes.axvline(CRITERIA["mode weight"].tolerance, color=BLACK, lw=1, ls="--")
    axes.set_yticks(range(len(own)), own)
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xlabel("weight")
    axes.grid(visible=False)


FIGURE = GalleryFigure(
    name="modes",
    title="Which explanation the network behaves like",
    caption="Distance of the network's predictions from each candidate, by position, for sequences of each population."
    " Right: weights of the convex mixture of all candidates that comes nearest, fitted on one half of them; the dashed"
    " line is what M1 and M2 together must reach.",
    draw=mode_distances,
    needs=(ModesShown,),
)
