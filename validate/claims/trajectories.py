"""Along sequences: weights of the tasks in the states, in the exact posterior, and in the running average.

Nothing here is judged; `claims.properties` does that. The posterior is over the majors alone, whatever the mixture: the
coordinates have no other corners.
"""

import numpy as np

from theory import Mixture
from validate.capture.finite import retrieval_or_prior
from validate.claims.base import EVERY_FAMILY, Controls, Findings, Observed, Question, Shown, Side
from validate.claims.forced import Forced, forced_interaction
from validate.experiment.sampling import draw_natural, predicted
from validate.experiment.scopes import DIVERSE, MAJORS_ONLY
from validate.statistics.alignment import total_variation

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
N_TRAJECTORIES = 3

Path = list[list[list[float]]]
"""Simplex coordinates along some sequences, (sequences, P, K)."""


class TrajectoriesShown(Shown):
    """What is shown along sequences.

    Attributes
    ----------
    alignment : dict
        Quantiles over held-out sequences of the true task's weight by position, (quantiles, P), in the posterior, the
        states and the running average.
    distance : dict
        Quantiles over the same sequences of the total variation between a sequence's states' coordinates and its own
        posterior, and its own running average, by position, (quantiles, P).
    trajectories : dict
        By population, coordinates along a few sequences, of the posterior and of the states.
    forced : Forced or None
        The interaction a linear read-out forces on the states in front of it.
    """

    question = "trajectories"
    alignment: dict[str, list[list[float]]]
    distance: dict[str, list[list[float]]]
    trajectories: dict[str, dict[str, Path]]
    forced: Forced | None


def alignment(observed: Observed) -> dict[str, list[list[float]]]:
    """Return quantiles over sequences of the true task's weight, by position, shape (quantiles, P) each."""
    setting = observed.setting
    beta = observed.captured.additive_fit(observed.site).coordinates
    weights = {"posterior": setting.posterior, "states": beta, "averaging": setting.averaging}
    tasks = setting.score.tasks
    return {
        name: np.quantile(weight[np.arange(len(tasks)), :, tasks], QUANTILES, axis=0).tolist()
        for name, weight in weights.items()
    }


def distance(observed: Observed) -> dict[str, list[list[float]]]:
    """Return quantiles over sequences of how far the states' coordinates are from posterior and from average."""
    setting, beta = observed.setting, observed.captured.additive_fit(observed.site).coordinates
    rivals = {"posterior": setting.posterior, "averaging": setting.averaging}
    return {
        name: np.quantile(total_variation(beta, other), QUANTILES, axis=0).tolist() for name, other in rivals.items()
    }


def trajectories(side: Side) -> dict[str, dict[str, Path]]:
    """Return coordinates along a few sequences of majors, minors and fresh tasks, of exact posterior and states."""
    setting, mixture = side.setting, side.mixture
    model = side.observed.captured.additive_model(side.site)
    rng = setting.stream("trajectories")
    pools = {"majors": setting.majors, "fresh tasks": setting.family.sample_pool(rng, N_TRAJECTORIES)}
    if mixture.minors is not None:
        pools["minors"] = setting.family.make_pool(mixture.minors.parameters[:N_TRAJECTORIES])
    majors = Mixture(setting.family, setting.majors)
    table: dict[str, dict[str, Path]] = {}
    for name, pool in pools.items():
        batch = draw_natural(setting.family, rng, pool, 1)[:N_TRAJECTORIES]
        states = side.source.states(batch)[side.site]
        table[name] = {
            "posterior": predicted(retrieval_or_prior(majors, batch).weights, setting.n_positions).tolist(),
            "states": model.fit(states, setting.current(batch)).coordinates.tolist(),
        }
    return table


def analyse(side: Side, controls: Controls) -> Findings:
    """Describe a side along sequences, if that is to be shown."""
    if not controls.show:
        return Findings()
    return Findings(
        shown=TrajectoriesShown(
            alignment=alignment(side.observed),
            distance=distance(side.observed),
            trajectories=trajectories(side),
            forced=forced_interaction(side.setting.family, side.setting.majors),
        )
    )


QUESTION = Question(
    name="trajectories",
    claims=(),
    families=EVERY_FAMILY,
    scopes=(MAJORS_ONLY, DIVERSE),
    needs="network",
    statistics=(),
    analyse=analyse,
    shown=TrajectoriesShown,
)
