"""Where states of new tasks go: into the span of the task vectors, into that of the minors, or elsewhere.

States are those of the last position, averaged over a task's sequences, so that what is current averages out, less the
majors' mean state. S = span{theta_k}, of rank K - 1.

    smallest angle        the smallest principal angle, in degrees, between S and the K - 1 leading directions of the
                          fresh tasks' states: that of the diverse network less that of the majors-only network
    OOD in minors' span   share of the fresh tasks' squares inside the three leading directions of the minors

Directions are estimated from one set of tasks and judged on another: S from the majors, the minors' directions from
the minors, and a population's own leading directions, beside which the share stands, from every other of its tasks.
Effective dimensions are those of single and of averaged states, about their own mean; an average over m sequences still
holds 1/m of the variance within tasks. In many dimensions two subspaces of low rank are far apart whatever they are, so
angles are compared between networks, and with those of random subspaces in the place of S.

Intervals resample tasks. Source: the paper, section on near-orthogonality; angles and dimensions are this project's.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from theory import Mixture, Pool
from validate.capture.balanced import draw_natural
from validate.capture.sources import StateSource
from validate.claims.properties import Captured, Setting, main_effects
from validate.statistics.intervals import LEVEL, Estimate
from validate.statistics.subspace import (
    N_SUBSPACES,
    ball_radius,
    distances_from,
    effective_dimension,
    leading_directions,
    principal_angles,
    random_basis,
    span_basis,
)

N_LEADING = 3
"""Leading directions of the minors in which fresh tasks are looked for."""

N_REPLICATES = 100
"""Resampled sets of tasks over which intervals run; each needs a singular value decomposition."""

Statistics = dict[str, Estimate]
Rows = Int[np.ndarray, " N"]


@dataclass(frozen=True, eq=False)
class TaskStates:
    """What is kept of a source's last states at one site, when the states are gone.

    Attributes
    ----------
    span : ndarray, shape (W, K - 1)
        An orthonormal basis of S.
    centre : ndarray, shape (W,)
        The majors' mean state.
    averaged : dict of ndarray, shape (N, W)
        States less the centre, averaged over each task's sequences, of ``majors``, of ``fresh`` tasks, and of
        ``minors`` if there are any.
    single : dict
        Effective dimension of the single states of each population.
    """

    span: Float[np.ndarray, "W r"]
    centre: Float[np.ndarray, " W"]
    averaged: dict[str, Float[np.ndarray, "N W"]]
    single: dict[str, float]

    @classmethod
    def of(
        cls,
        task_vectors: Float[np.ndarray, "K W"],
        centre: Float[np.ndarray, " W"],
        states: Mapping[str, Float[np.ndarray, "N m W"]],
    ) -> "TaskStates":
        """Summarise each population's states, N tasks with m sequences each."""
        averaged = {name: part.mean(axis=1) - centre for name, part in states.items()}
        single = {name: effective_dimension(np.concatenate(list(part))) for name, part in states.items()}
        return cls(span_basis(task_vectors), centre, averaged, single)


def task_states(source: StateSource, captured: Captured, mixture: Mixture, setting: Setting) -> dict[str, TaskStates]:
    """Return by site what is kept of a source's states; `mixture` says which minors there are."""
    n_majors = len(setting.majors)
    populations = {
        "majors": {site: part[:, -1].reshape(n_majors, -1, part.shape[-1]) for site, part in captured.fit.items()},
        "fresh": captured.fresh,
    }
    if mixture.minors is not None:
        n_tasks, n_each = min(mixture.n_minors, setting.sizes.fresh_tasks), setting.sizes.fresh_sequences
        some = Pool(mixture.minors.parameters[:n_tasks])
        last = source.states(draw_natural(setting.family, setting.stream("minors"), some, n_each), last=True)
        populations["minors"] = {site: part.reshape(n_tasks, n_each, -1) for site, part in last.items()}
    return {
        site: TaskStates.of(
            main_effects(captured, setting, site).task,
            captured.centre(site),
            {name: states[site] for name, states in populations.items()},
        )
        for site in captured.fresh
    }


def near_orthogonality(
    plain: TaskStates | None, diverse: TaskStates, untrained: Sequence[TaskStates], setting: Setting
) -> tuple[Statistics, dict[str, Statistics], dict[str, Any]]:
    """Judge where fresh tasks go in the diverse network, against the majors-only one at the same site.

    Parameters
    ----------
    plain : TaskStates or None
        Of the majors-only network, if there is one.
    untrained : sequence of TaskStates
        Of untrained networks, with the minors of the diverse mixture.

    Returns
    -------
    statistics, nulls : dict
        "smallest angle" and "OOD in minors' span". Nulls: untrained networks, in pairs for the angle; random subspaces
        in the place of S and of the minors' directions.
    portrait : dict
        Empty: what is shown of a network is in `directions`.
    """
    nulls = {"random subspace": _at_random(plain, diverse, setting)}
    for index, states in enumerate(untrained):
        partner = untrained[(index + 1) % len(untrained)] if plain is not None else None
        nulls[f"untrained network {index + 1}"] = _whereabouts(partner, states, setting)
    return _whereabouts(plain, diverse, setting), nulls, {}


def directions(sites: Mapping[str, TaskStates], setting: Setting) -> dict[str, dict[str, Any]]:
    """Return by site what figures show of a network.

    Returns
    -------
    dict
        ``angles``: smallest and largest principal angle between S and each new population, with intervals, and the
        same for random subspaces in the place of S. ``dimension``: effective dimension of each population's single and
        averaged states. ``shares``: of each new population's squares, inside S, inside the minors' leading directions
        and inside the leading directions of the other half of its own tasks. ``distance``: of the fresh tasks' states
        to S, root mean square and largest, and the radius of a ball that holds their projections, in units of the
        state.
    """
    return {site: _shown(states, setting) for site, states in sites.items()}


def _shown(states: TaskStates, setting: Setting) -> dict[str, Any]:
    new = {name: mean for name, mean in states.averaged.items() if name != "majors"}
    away = distances_from(new["fresh"], states.span)
    angles = {name: _resampled(partial(_angles, states, name), [len(mean)], setting) for name, mean in new.items()}
    width, rank = states.span.shape
    angles["random subspace"] = _random_level(width, rank, partial(_angles_to, new["fresh"]), setting)
    return {
        "angles": {
            name: {"smallest": asdict(smallest), "largest": asdict(largest)}
            for name, (smallest, largest) in angles.items()
        },
        "dimension": {
            name: {"single": states.single[name], "averaged": effective_dimension(mean)}
            for name, mean in states.averaged.items()
        },
        "shares": {name: _shares(states, name) for name in new},
        "distance": {
            "rms": float(np.sqrt(np.square(away).mean())),
            "largest": float(away.max()),
            "radius": ball_radius(new["fresh"] @ states.span),
        },
    }


def _shares(states: TaskStates, population: str) -> dict[str, float]:
    mean = states.averaged[population]
    shares = {
        "task span": _share(mean, states.span),
        "own directions": _share(mean[1::2], leading_directions(mean[::2], N_LEADING)),
    }
    if "minors" in states.averaged and population != "minors":
        shares["minors' directions"] = _share(mean, leading_directions(states.averaged["minors"], N_LEADING))
    return shares


def _whereabouts(plain: TaskStates | None, diverse: TaskStates, setting: Setting) -> Statistics:
    """Return the statistics of a pair of networks; one of them if there is no partner, or are no minors."""
    statistics, fresh = {}, diverse.averaged["fresh"]
    if plain is not None:
        pair = plain, diverse

        def rise(rows: Rows) -> list[float]:
            before, after = (_angles(states, "fresh", rows)[0] for states in pair)
            return [after - before]

        [statistics["smallest angle"]] = _resampled(rise, [len(fresh)], setting)
    if "minors" in diverse.averaged:
        minors = diverse.averaged["minors"]

        def share(rows: Rows, others: Int[np.ndarray, " M"]) -> list[float]:
            return [_share(fresh[rows], leading_directions(minors[others], N_LEADING))]

        [statistics["OOD in minors' span"]] = _resampled(share, [len(fresh), len(minors)], setting)
    return statistics


def _at_random(plain: TaskStates | None, diverse: TaskStates, setting: Setting) -> Statistics:
    """Return the same statistics with random subspaces of the same ranks."""
    statistics, fresh = {}, diverse.averaged["fresh"]
    width, rank = diverse.span.shape
    if plain is not None:
        before = plain.averaged["fresh"]

        def rise(basis: Float[np.ndarray, "W r"]) -> list[float]:
            return [_angles_to(fresh, basis)[0] - _angles_to(before, basis)[0]]

        [statistics["smallest angle"]] = _random_level(width, rank, rise, setting)
    [statistics["OOD in minors' span"]] = _random_level(width, N_LEADING, lambda basis: [_share(fresh, basis)], setting)
    return statistics


def _angles(states: TaskStates, population: str, rows: Rows) -> list[float]:
    return _angles_to(states.averaged[population][rows], states.span)


def _angles_to(centred: Float[np.ndarray, "N W"], basis: Float[np.ndarray, "W r"]) -> list[float]:
    """Return the smallest and largest principal angle between a subspace and as many leading directions of states."""
    angles = principal_angles(leading_directions(centred, basis.shape[1]), basis)
    return [float(angles[0]), float(angles[-1])]


def _share(centred: Float[np.ndarray, "N W"], basis: Float[np.ndarray, "W r"]) -> float:
    return float(np.square(centred @ basis).sum() / np.square(centred).sum())


def _resampled(statistic: Callable[..., list[float]], sizes: Sequence[int], setting: Setting) -> list[Estimate]:
    """Estimate functions of some tasks' rows, with intervals over resampled tasks of each set."""
    rng = setting.stream("bootstrap/directions")
    drawn = np.array([statistic(*(rng.integers(n, size=n) for n in sizes)) for _ in range(N_REPLICATES)])
    values = statistic(*(np.arange(n) for n in sizes))
    return [Estimate.of_replicates(value, drawn[:, index]) for index, value in enumerate(values)]


def _random_level(
    width: int, rank: int, statistic: Callable[[Float[np.ndarray, "W r"]], list[float]], setting: Setting
) -> list[Estimate]:
    """Return the mean of functions of a random subspace, and where 95 percent of the subspaces lie."""
    rng = setting.stream("random directions")
    values = np.array([statistic(random_basis(width, rank, rng)) for _ in range(N_SUBSPACES)])
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(values, [tail, 100 - tail], axis=0)
    return [Estimate(*(float(end) for end in ends)) for ends in zip(values.mean(axis=0), low, high, strict=True)]
