"""What is kept of the last states of tasks, of majors, minors and fresh ones, by site."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float

from theory import Pool
from validate.capture.captured import N_AGAIN, Captured
from validate.claims.base import Side
from validate.experiment.sampling import draw_natural
from validate.statistics.subspace import effective_dimension, span_basis


@dataclass(frozen=True, eq=False)
class Reference:
    """What states of tasks are compared with, estimated from the majors.

    Attributes
    ----------
    span : ndarray, shape (W, K - 1)
        An orthonormal basis of S.
    current : ndarray, shape (F, W)
        nu.
    centre, level : ndarray, shape (W,)
        The majors' mean state, and what of it is of the current.
    """

    span: Float[np.ndarray, "W r"]
    current: Float[np.ndarray, "F W"]
    centre: Float[np.ndarray, " W"]
    level: Float[np.ndarray, " W"]

    @classmethod
    def of(cls, captured: Captured, site: str, resample: np.random.Generator | None = None) -> "Reference":
        """Estimate it at a site; with `resample`, from sequences drawn again."""
        late, setting = captured.late(site), captured.setting
        states, current = captured.fit[site][:, -1], setting.current(setting.fit)[:, -1]
        if resample is not None:
            late, rows = late.resampled(resample), captured.fit_rows(resample)
            states, current = states[rows], current[rows]
        effects = late.main_effects()
        return cls(
            span_basis(effects.task), effects.current, states.mean(axis=0), current.mean(axis=0) @ effects.current
        )

    @classmethod
    def resampled(cls, captured: Captured, site: str) -> list["Reference"]:
        """Estimate it from sequences drawn again, `N_AGAIN` times; of no use without intervals, and then an empty list.

        Sources with one setting have the same sequences in the same draw.
        """
        return [cls.of(captured, site, again) for again in captured.setting.streams("bootstrap/references", N_AGAIN)]


@dataclass(frozen=True, eq=False)
class TaskStates:
    """What is kept of a source's last states at one site, when the states are gone.

    Attributes
    ----------
    reference : Reference
    again : sequence of Reference
        The same of resampled sequences.
    means, currents : dict of ndarray, shapes (N, W) and (N, F)
        States, and what is current, averaged over each task's sequences, of ``majors``, of ``fresh`` tasks, and of
        ``minors`` if there are any.
    single : dict
        Effective dimension of the single states of each population.
    """

    reference: Reference
    again: Sequence[Reference]
    means: Mapping[str, Float[np.ndarray, "N W"]]
    currents: Mapping[str, Float[np.ndarray, "N F"]]
    single: Mapping[str, float]

    @classmethod
    def of(
        cls,
        reference: Reference,
        states: Mapping[str, Float[np.ndarray, "N m W"]],
        current: Mapping[str, Float[np.ndarray, "N m F"]],
        again: Sequence[Reference] = (),
    ) -> "TaskStates":
        """Summarise each population's states, N tasks with m sequences each, and what is current in them."""
        means, currents = ({name: part.mean(axis=1) for name, part in parts.items()} for parts in (states, current))
        single = {name: effective_dimension(np.concatenate(list(part))) for name, part in states.items()}
        return cls(reference, again, means, currents, single)

    @property
    def span(self) -> Float[np.ndarray, "W r"]:
        """An orthonormal basis of S."""
        return self.reference.span

    @cached_property
    def averaged(self) -> dict[str, Float[np.ndarray, "N W"]]:
        """Mean states less the centre, by population."""
        return {name: mean - self.reference.centre for name, mean in self.means.items()}

    @cached_property
    def rest(self) -> dict[str, Float[np.ndarray, "N W"]]:
        """The same of states with the vector of what is current removed."""
        nu, level = self.reference.current, self.reference.level
        return {name: mean - (self.currents[name] @ nu - level) for name, mean in self.averaged.items()}

    def beside_again(self) -> list["TaskStates"]:
        """Return the same states beside each of the references of resampled sequences."""
        return [replace(self, reference=one, again=()) for one in self.again]


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
    last_current = {name: setting.current(batch)[:, -1] for name, batch in batches.items()}
    table = {}
    for site in captured.fresh:
        states = {name: part[site] for name, part in populations.items()}
        current = {name: last_current[name].reshape(*part.shape[:2], -1) for name, part in states.items()}
        again = Reference.resampled(captured, site)
        table[site] = TaskStates.of(Reference.of(captured, site), states, current, again)
    return table
