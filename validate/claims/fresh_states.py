"""What is shown of the states of fresh tasks, by site: shares inside subspaces, angles, dimensions, distances.

Beside the statistics of `claims.geometry`: effective dimensions of single and of averaged states, about their own mean
(an average over m sequences still holds 1/m of the variance within tasks), shares inside a population's own leading
directions (estimated on every other of its tasks), and distances to S.
"""

from functools import partial

import numpy as np
from pydantic import BaseModel

from validate.claims.base import MARKOV_GIVEN_TASK, Controls, Findings, Observed, Question, Shown, Side
from validate.claims.geometry import (
    N_LEADING,
    angles,
    fresh_moments,
    random_level,
    random_moments,
    resampled,
    rest_moments,
    share,
)
from validate.claims.task_states import TaskStates, task_states
from validate.experiment.scopes import DIVERSE, MAJORS_ONLY
from validate.experiment.setting import Setting
from validate.statistics.intervals import Estimate, Number, bootstrap
from validate.statistics.subspace import (
    ball_radius,
    distances_from,
    effective_dimension,
    leading_directions,
    share_inside,
    span_basis,
    subspace_moments,
)

WITHOUT_CURRENT = "fresh, without the current"
"""States of fresh tasks with the vector of what is current removed."""


class Shares(BaseModel):
    """R2_OOD on the span of the task vectors: single states, R2_OOD* of them, task averages, and random subspaces."""

    single: Estimate
    rest: Estimate
    averaged: Estimate
    chance: Estimate


class Angles(BaseModel):
    """Smallest and largest principal angle to S, degrees."""

    smallest: Estimate
    largest: Estimate


class Dimension(BaseModel):
    """Effective dimension of single and of averaged states."""

    single: Number
    averaged: Number


class Distance(BaseModel):
    """Distance of the fresh tasks' averaged states to S, and the radius of a ball that holds their projections."""

    rms: Number
    largest: Number
    radius: Number


class Directions(BaseModel):
    """What is shown of one site.

    Attributes
    ----------
    angles, dimension : dict
        By population; of the angles also those of fresh states without the current, and of random subspaces in the
        place of S.
    shares : dict
        Of each new population's squares, inside S, the minors' leading directions and its own.
    """

    angles: dict[str, Angles]
    dimension: dict[str, Dimension]
    shares: dict[str, dict[str, Number]]
    distance: Distance


class FreshStatesShown(Shown):
    """By site, R2_OOD and directions."""

    question = "fresh states"
    subspace: dict[str, Shares]
    directions: dict[str, Directions]


def subspace(observed: Observed) -> dict[str, Shares]:
    """Return R2_OOD on the task span by site, of single states and of task averages, beside random subspaces'."""
    setting, captured = observed.setting, observed.captured
    averaged = captured.averaged()

    def estimate(moments: np.ndarray) -> Estimate:
        return bootstrap(moments, share_inside, setting.stream("bootstrap/portrait"), setting.sizes.replicates)

    table = {}
    for site, single in observed.once(fresh_moments).items():
        basis = span_basis(captured.main_effects(site).task)
        of_averages = subspace_moments(averaged.fresh[site], captured.centre(site), basis)
        chance = observed.once(random_moments)[site]
        table[site] = Shares(
            single=estimate(single),
            rest=estimate(observed.once(rest_moments)[site]),
            averaged=estimate(of_averages),
            chance=estimate(chance),
        )
    return table


def directions(states: TaskStates, setting: Setting) -> Directions:
    """Return what figures show of one site's states."""
    new = {name: mean for name, mean in states.averaged.items() if name != "majors"}
    away = distances_from(new["fresh"], states.span)

    def to_span(mean: np.ndarray) -> list[Estimate]:
        return resampled(lambda rows: angles(mean[rows], states.span), [len(mean)], setting)

    found = {name: to_span(mean) for name, mean in new.items()}
    found[WITHOUT_CURRENT] = to_span(states.rest["fresh"])
    width, rank = states.span.shape
    found["random subspace"] = random_level(width, rank, partial(angles, new["fresh"]), setting)
    return Directions(
        angles={name: Angles(smallest=smallest, largest=largest) for name, (smallest, largest) in found.items()},
        dimension={
            name: Dimension(single=states.single[name], averaged=effective_dimension(mean))
            for name, mean in states.averaged.items()
        },
        shares={name: _shares(states, name) for name in new},
        distance=Distance(
            rms=float(np.sqrt(np.square(away).mean())),
            largest=float(away.max()),
            radius=ball_radius(new["fresh"] @ states.span),
        ),
    )


def _shares(states: TaskStates, population: str) -> dict[str, float]:
    mean = states.averaged[population]
    shares = {
        "task span": share(mean, states.span),
        "own directions": share(mean[1::2], leading_directions(mean[::2], N_LEADING)),
    }
    if "minors" in states.averaged and population != "minors":
        shares["minors' directions"] = share(mean, leading_directions(states.averaged["minors"], N_LEADING))
    return shares


def analyse(side: Side, controls: Controls) -> Findings:
    """Describe the states of fresh tasks, if that is to be shown."""
    if not controls.show:
        return Findings()
    sites = side.once(task_states)
    return Findings(
        shown=FreshStatesShown(
            subspace=subspace(side.observed),
            directions={site: directions(states, side.setting) for site, states in sites.items()},
        )
    )


QUESTION = Question(
    name="fresh states",
    claims=(),
    families=MARKOV_GIVEN_TASK,
    scopes=(MAJORS_ONLY, DIVERSE),
    needs="states",
    statistics=(),
    analyse=analyse,
    shown=FreshStatesShown,
)
