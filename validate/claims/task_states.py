"""What is kept of the last states of tasks, of majors, minors and fresh ones, by site."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from theory import Pool
from validate.claims.base import Side
from validate.experiment.sampling import draw_natural
from validate.statistics.subspace import effective_dimension, span_basis


@dataclass(frozen=True, eq=False)
class TaskStates:
    """What is kept of a source's last states at one site, when the states are gone.

    Attributes
    ----------
    span : ndarray, shape (W, K - 1)
        An orthonormal basis of S.
    centre : ndarray, shape (W,)
        The majors' mean state.
    averaged, rest : dict of ndarray, shape (N, W)
        States less the centre, averaged over each task's sequences, of ``majors``, of ``fresh`` tasks, and of
        ``minors`` if there are any; and the same of states with the vector of what is current removed.
    single : dict
        Effective dimension of the single states of each population.
    """

    span: Float[np.ndarray, "W r"]
    centre: Float[np.ndarray, " W"]
    averaged: dict[str, Float[np.ndarray, "N W"]]
    rest: dict[str, Float[np.ndarray, "N W"]]
    single: dict[str, float]

    @classmethod
    def of(
        cls,
        task_vectors: Float[np.ndarray, "K W"],
        centre: Float[np.ndarray, " W"],
        states: Mapping[str, Float[np.ndarray, "N m W"]],
        of_current: Mapping[str, Float[np.ndarray, "N m W"]],
    ) -> "TaskStates":
        """Summarise each population's states, N tasks with m sequences each, and what in them is of the current."""
        averaged = {name: part.mean(axis=1) - centre for name, part in states.items()}
        level = of_current["majors"].mean(axis=(0, 1))
        rest = {name: mean - (of_current[name].mean(axis=1) - level) for name, mean in averaged.items()}
        single = {name: effective_dimension(np.concatenate(list(part))) for name, part in states.items()}
        return cls(span_basis(task_vectors), centre, averaged, rest, single)


def task_states(side: Side) -> dict[str, TaskStates]:
    """Return by site what is kept of a side's states; its mixture says which minors there are."""
    setting, mixture, captured = side.setting, side.mixture, side.observed.captured
    n_majors = len(setting.majors)
    populations = {
        "majors": {site: part[:, -1].reshape(n_majors, -1, part.shape[-1]) for site, part in captured.fit.items()},
        "fresh": captured.fresh,
    }
    batches = {"majors": setting.fit, "fresh": setting.fresh}
    if mixture.minors is not None:
        n_tasks, n_each = min(mixture.n_minors, setting.sizes.fresh_tasks), setting.sizes.fresh_sequences
        some = Pool(mixture.minors.parameters[:n_tasks])
        batches["minors"] = draw_natural(setting.family, setting.stream("minors"), some, n_each)
        last = side.source.states(batches["minors"], last=True)
        populations["minors"] = {site: part.reshape(n_tasks, n_each, -1) for site, part in last.items()}
    current = {name: setting.current(batch)[:, -1] for name, batch in batches.items()}
    table = {}
    for site in captured.fresh:
        effects, states = captured.main_effects(site), {name: part[site] for name, part in populations.items()}
        of_current = {name: (current[name] @ effects.current).reshape(part.shape) for name, part in states.items()}
        table[site] = TaskStates.of(effects.task, captured.centre(site), states, of_current)
    return table
