"""What the figures show of one network: numbers by layer and position, sample trajectories, distances by population.

Everything here is descriptive; verdicts come from `claims.base` and `claims.catalogue` alone.
"""

from dataclasses import asdict
from typing import Any

import numpy as np

from theory import Mixture
from validate.capture.balanced import draw_natural
from validate.capture.finite import retrieval_or_prior
from validate.capture.sources import StateSource, predicted
from validate.claims.base import fresh_moments, random_moments
from validate.claims.forced import forced_interaction
from validate.claims.properties import Captured, Setting, additive_fit, additive_model, profile, properties
from validate.statistics.intervals import Estimate, Statistic, bootstrap
from validate.statistics.subspace import share_inside

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
N_TRAJECTORIES = 3


def network_portrait(
    source: StateSource, captured: Captured, mixture: Mixture, setting: Setting, site: str
) -> dict[str, Any]:
    """Describe one network: its states by layer and position, at the chosen site along sequences."""
    return {
        "positions": list(setting.scored),
        "late": list(setting.late),
        "profile": profile(captured, setting),
        "properties": {
            site: {name: asdict(e) for name, e in properties(captured, setting, site).items()} for site in source.sites
        },
        "alignment": alignment(captured, setting, site),
        "trajectories": trajectories(source, captured, mixture, setting, site),
        "forced": forced_interaction(setting.family, setting.majors),
        "subspace": subspace(captured, setting),
    }


def alignment(captured: Captured, setting: Setting, site: str) -> dict[str, list[list[float]]]:
    """Return quantiles over sequences of the true task's weight, by position, shape (quantiles, P) each."""
    beta = additive_fit(captured, setting, site).coordinates
    weights = {"posterior": setting.posterior, "states": beta, "averaging": setting.averaging}
    tasks = setting.score.tasks
    return {
        name: np.quantile(weight[np.arange(len(tasks)), :, tasks], QUANTILES, axis=0).tolist()
        for name, weight in weights.items()
    }


def trajectories(
    source: StateSource, captured: Captured, mixture: Mixture, setting: Setting, site: str
) -> dict[str, dict[str, list[list[list[float]]]]]:
    """Return simplex coordinates along a few sequences of majors, minors and fresh tasks: exact posterior and states.

    The posterior is over the majors alone, whatever the mixture: the coordinates have no other corners.
    """
    model = additive_model(captured, setting, site)
    rng = setting.stream("trajectories")
    pools = {"majors": setting.majors, "fresh tasks": setting.family.sample_pool(rng, N_TRAJECTORIES)}
    if mixture.minors is not None:
        pools["minors"] = setting.family.make_pool(mixture.minors.parameters[:N_TRAJECTORIES])
    majors = Mixture(setting.family, setting.majors)
    table = {}
    for name, pool in pools.items():
        batch = draw_natural(setting.family, rng, pool, 1)[:N_TRAJECTORIES]
        states = source.states(batch)[site]
        table[name] = {
            "posterior": predicted(retrieval_or_prior(majors, batch).weights, setting.n_positions).tolist(),
            "states": model.fit(states, setting.current(batch)).coordinates.tolist(),
        }
    return table


def subspace(captured: Captured, setting: Setting) -> dict[str, dict[str, Any]]:
    """Return R2_OOD on the task span by site, of single states and of task averages, beside random subspaces'."""
    averaged = captured.averaged()
    table = {}
    for site in captured.fresh:
        moments = {
            "single": fresh_moments(captured, setting, site),
            "averaged": fresh_moments(averaged, setting, site),
            "chance": random_moments(captured, setting, site),
        }
        table[site] = {name: asdict(_bootstrap(part, share_inside, setting)) for name, part in moments.items()}
    return table


def _bootstrap(moments: np.ndarray, statistic: Statistic, setting: Setting) -> Estimate:
    return bootstrap(moments, statistic, setting.stream("bootstrap/portrait"), setting.sizes.replicates)
