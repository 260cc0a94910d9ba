"""What the figures show of prefixes: statistics by position and site, and a map of states."""

from typing import Any

import numpy as np

from theory.prefix import Cells, informative_positions, judged_position, predicted_residuals
from validate.capture.sources import StateSource
from validate.claims.prefix.design import PrefixDesign, States, dummies, planted
from validate.claims.prefix.probe import regression
from validate.claims.prefix.statistics import prefix_values
from validate.claims.properties import Setting

N_POSITIONS, N_POINTS = 9, 600
"""Positions of the portrait, and states on its map."""


def prefix_portrait(source: StateSource, setting: Setting) -> dict[str, Any]:
    """Describe a source for the figures, by position and site.

    Returns
    -------
    dict
        ``positions``; ``predicted``, the residuals of exact states by name, and ``sites``, statistics by site and name:
        a number for each position; ``informative``, the first and last such position; ``judged``; and ``map``.
    """
    family, majors = planted(setting.family), setting.majors
    judged, informative = judged_position(family, majors), informative_positions(family)
    frequent = [i for i in range(family.length - 1) if Cells.at(family, majors, i).frequent]
    spread = np.linspace(frequent[0], frequent[-1], N_POSITIONS)
    # The judged position takes the place of the one nearest to it.
    spread[np.abs(spread - judged).argmin()] = judged
    positions = sorted({min(frequent, key=lambda i: abs(i - place)) for place in spread.tolist()})
    sites: dict[str, dict[str, list[float]]] = {site: {} for site in source.sites}
    shown: dict[str, Any] = {}
    for position in positions:
        design = PrefixDesign.at(setting, position)
        states = design.states(source)
        for site, table in sites.items():
            for name, value in prefix_values(states[site], design).items():
                table.setdefault(name, []).append(value)
        if position == judged:
            shown = {"site": source.sites[-1]} | prefix_map(states[source.sites[-1]], design)
    residuals = [predicted_residuals(family, majors, position) for position in positions]
    return {
        "positions": positions,
        "informative": [informative[0], informative[-1]],
        "judged": judged,
        "predicted": {name: [residual[name] for residual in residuals] for name in residuals[0]},
        "sites": sites,
        "map": shown,
    }


def prefix_map(states: States, design: PrefixDesign) -> dict[str, list[Any]]:
    """Return coordinates of states on the two directions in which their means by steps shown differ most.

    The symbol's mean state is removed first. It and the directions come from the first half of every cell, the states
    shown from the second; ``steps`` and ``tasks`` say what they have seen.
    """
    first, second = design.halves
    rest = states - regression(dummies(design.symbols), states, first)
    means = regression(dummies(design.steps), rest, first)[first]
    directions = np.linalg.svd(means - means.mean(axis=0), full_matrices=False)[2][:2]
    rows = second[np.linspace(0, len(second) - 1, min(N_POINTS, len(second))).astype(int)]
    return {
        "points": (rest[rows] @ directions.T).round(4).tolist(),
        "steps": design.steps[rows].tolist(),
        "tasks": design.tasks[rows].tolist(),
    }
