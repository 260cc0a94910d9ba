"""What the figures show of prefixes: statistics by position and site, and a map of states."""

import numpy as np
from pydantic import BaseModel

from theory.prefix import Cells, informative_positions, judged_position, planted, predicted_residuals
from validate.capture.sources import StateSource
from validate.claims.base import Shown
from validate.claims.prefix.probe import regression
from validate.claims.prefix.sample import PrefixSample, States, dummies
from validate.claims.prefix.statistics import estimates
from validate.experiment.setting import Setting
from validate.statistics.intervals import Numbers

N_POSITIONS, N_POINTS = 9, 600
"""Positions of the portrait, and states on its map."""


class PrefixMap(BaseModel):
    """States of a site on two directions, with the steps and the task each has seen."""

    site: str
    points: list[tuple[float, float]]
    steps: list[int]
    tasks: list[int]


class PrefixShown(Shown):
    """What is shown of prefixes.

    Attributes
    ----------
    positions : list of int
    informative : tuple of int
        The first and last position at which the prefix matters.
    judged : int
    predicted : dict
        Residuals of exact states by name, a number for each position.
    sites : dict
        Statistics by site and name, a number for each position.
    """

    question = "prefix"
    positions: list[int]
    informative: tuple[int, int]
    judged: int
    predicted: dict[str, Numbers]
    sites: dict[str, dict[str, Numbers]]
    map: PrefixMap


def prefix_shown(source: StateSource, setting: Setting) -> PrefixShown:
    """Describe a source for the figures, by position and site."""
    family, majors = planted(setting.family), setting.majors
    judged, informative = judged_position(family, majors), informative_positions(family)
    frequent = [i for i in range(family.length - 1) if Cells.at(family, majors, i).frequent]
    spread = np.linspace(frequent[0], frequent[-1], N_POSITIONS)
    # The judged position takes the place of the one nearest to it.
    spread[np.abs(spread - judged).argmin()] = judged
    positions = sorted({min(frequent, key=lambda i: abs(i - place)) for place in spread.tolist()})
    sites: dict[str, dict[str, list[float]]] = {site: {} for site in source.sites}
    for position in positions:
        sample = PrefixSample.at(setting, position)
        states = sample.states(source)
        for site, table in sites.items():
            for name, estimate in estimates(states[site], sample, setting.without_intervals).items():
                table.setdefault(name, []).append(estimate.value)
        if position == judged:
            located = prefix_map(source.sites[-1], states[source.sites[-1]], sample)
    residuals = [predicted_residuals(family, majors, position) for position in positions]
    return PrefixShown(
        positions=positions,
        informative=(int(informative[0]), int(informative[-1])),
        judged=judged,
        predicted={name: [residual[name] for residual in residuals] for name in residuals[0]},
        sites=sites,
        map=located,
    )


def prefix_map(site: str, states: States, sample: PrefixSample) -> PrefixMap:
    """Return coordinates of states on the two directions in which their means by steps shown differ most.

    The symbol's mean state is removed first. It and the directions come from the first half of every cell, the states
    shown from the second; ``steps`` and ``tasks`` say what they have seen.
    """
    first, second = sample.halves
    rest = states - regression(dummies(sample.symbols), states, first)
    means = regression(dummies(sample.steps), rest, first)[first]
    directions = np.linalg.svd(means - means.mean(axis=0), full_matrices=False)[2][:2]
    rows = second[np.linspace(0, len(second) - 1, min(N_POINTS, len(second))).astype(int)]
    return PrefixMap(
        site=site,
        points=(rest[rows] @ directions.T).round(4).tolist(),
        steps=sample.steps[rows].tolist(),
        tasks=sample.tasks[rows].tolist(),
    )
