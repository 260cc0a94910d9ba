"""Every statistic of a source's states, on the same sequences for every source.

`Setting` holds the sequences of one seed and what the theory says of them; `Captured` the states one source gives
them; `properties` turns both into the estimates that the claims P0-P3* are judged by. The ladder, the networks and
their nulls all pass through here.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Float

from theory import Batch, LatentTasks, Mixture, Pool, hull_coordinates, retrieval
from theory.randomness import stream
from validate.capture.balanced import draw_natural
from validate.capture.designs import TaskDesign, capture_design
from validate.capture.sources import StateSource, predicted
from validate.experiment.schema import Measurement
from validate.statistics.alignment import correlation_moments, fisher_z, pooled_mean, total_variation, undecided
from validate.statistics.interpolation import AdditiveFit, AdditiveModel, MainEffects
from validate.statistics.intervals import Estimate, Statistic, bootstrap, explained_share

N_LATE = 4
"""Late positions at which task and symbol vectors are estimated, evenly spaced over the last fifth."""

N_MODELS = 25
"""Resampled additive models over which the intervals of P2 to P3* run."""

SEQUENCE_STATISTICS: dict[str, tuple[Statistic, Callable[[float], float]]] = {
    "P2": (explained_share, float),
    "P2*": (explained_share, float),
    "P3 r": (fisher_z, np.tanh),
    "P3 TV": (pooled_mean, float),
    "P3* TV": (pooled_mean, float),
    "P3* contest": (pooled_mean, float),
}
"""By name, the function of the sequences' mean moments and the way back to the statistic's own scale."""


@dataclass(frozen=True)
class Setting:
    """The sequences of one family and seed on which states are measured, and the exact posterior on them."""

    kind: str
    family: LatentTasks
    majors: Pool
    seed: int
    sizes: Measurement
    half: Literal["judgement", "choice"] = "judgement"
    """Claims are judged on sequences of one half, the layer at which they are is chosen on those of the other."""

    @cached_property
    def choice(self) -> "Setting":
        """The same tasks with other sequences, half as many."""
        sizes = self.sizes.model_copy(update={"cell_sequences": max(4, self.sizes.cell_sequences // 2)})
        return replace(self, sizes=sizes, half="choice")

    @cached_property
    def n_positions(self) -> int:
        """Number of states of a sequence."""
        return len(self.family.encode(self.fit[:1]).positions)

    @cached_property
    def late(self) -> tuple[int, ...]:
        """Late positions; the last of them is the last scored position."""
        last = self.n_positions - 1
        return tuple(int(p) for p in np.unique(np.linspace(0.8 * last, last, N_LATE).round().astype(int)))

    @cached_property
    def scored(self) -> tuple[int, ...]:
        """Positions at which the task design is captured: 1, 3, 7, 15, ... and the late ones."""
        early = [2**j - 1 for j in range(1, 20) if 2**j - 1 < self.late[0]]
        return (*early, *self.late)

    @cached_property
    def judged(self) -> np.ndarray:
        """Positions at which P2 and P3 are judged: 4 to T/2, where undecided states are pooled, then the last."""
        return np.append(np.arange(4, (self.n_positions + 1) // 2 + 1), self.n_positions - 1)

    def stream(self, purpose: str, step: int = 0) -> np.random.Generator:
        """Return the random stream of this family, seed and half for a purpose."""
        place = self.kind if self.half == "judgement" else f"{self.kind}/{self.half}"
        return stream(self.seed, f"{place}/{purpose}", step)

    @cached_property
    def fit(self) -> Batch:
        """Sequences from which means are estimated."""
        return draw_natural(self.family, self.stream("natural/fit"), self.majors, self.sizes.cell_sequences)

    @cached_property
    def score(self) -> Batch:
        """Held-out sequences on which states are scored, twice as many."""
        return draw_natural(self.family, self.stream("natural/score"), self.majors, 2 * self.sizes.cell_sequences)

    @cached_property
    def fresh(self) -> Batch:
        """Sequences of fresh tasks, never trained on, task by task."""
        rng = self.stream("fresh tasks")
        pool = self.family.sample_pool(rng, self.sizes.fresh_tasks)
        return draw_natural(self.family, rng, pool, self.sizes.fresh_sequences)

    @cached_property
    def posterior(self) -> Float[np.ndarray, "B P K"]:
        """alpha: the exact posterior over the majors at each state of the scored sequences."""
        mixture = Mixture(self.family, self.majors)
        return predicted(retrieval(mixture, self.score).weights, self.n_positions)

    @cached_property
    def averaging(self) -> Float[np.ndarray, "B P K"]:
        """gamma: the simplex coordinates of the running average at each state of the scored sequences."""
        average = predicted(self.family.running_average(self.score), self.n_positions)
        return hull_coordinates(average, self.family.average_vertices(self.majors))

    def current(self, batch: Batch) -> Float[np.ndarray, "B P F"]:
        """Return what is current at each state: the symbol as one-hot, or the covariate."""
        return predicted(self.family.current(batch), self.n_positions)


@dataclass(frozen=True)
class Captured:
    """States of one source, by site: labelled by task, and as they come."""

    design: dict[str, TaskDesign]
    """At the scored positions."""
    fit: dict[str, Float[np.ndarray, "F P W"]]
    score: dict[str, Float[np.ndarray, "B P W"]]
    fresh: dict[str, Float[np.ndarray, "N m W"]]
    """Last states of the fresh tasks' sequences: N tasks, m sequences each."""

    @classmethod
    def of(cls, source: StateSource, setting: Setting) -> "Captured":
        """Capture a source's states; every source sees the same sequences."""
        rng, n = setting.stream("balanced"), setting.sizes.cell_sequences
        design = capture_design(source, setting.family, setting.majors, setting.scored, n, rng)
        grid = (setting.sizes.fresh_tasks, setting.sizes.fresh_sequences, -1)
        fresh = {site: states.reshape(grid) for site, states in source.states(setting.fresh, last=True).items()}
        return cls(design, source.states(setting.fit), source.states(setting.score), fresh)

    def shuffled(self, setting: Setting) -> "Captured":
        """Return the same states with the design's task labels shuffled."""
        design = {site: states.shuffled(setting.stream("shuffled labels")) for site, states in self.design.items()}
        return replace(self, design=design)

    def averaged(self) -> "Captured":
        """Return the same states with those of each fresh task averaged over its sequences."""
        return replace(self, fresh={site: states.mean(axis=1, keepdims=True) for site, states in self.fresh.items()})

    def centre(self, site: str) -> Float[np.ndarray, " W"]:
        """Return the majors' mean state at the last position."""
        return self.fit[site][:, -1].mean(axis=0)


def late_design(captured: Captured, setting: Setting, site: str) -> TaskDesign:
    """Return the design of a site at the late positions."""
    return captured.design[site].at(range(len(setting.scored) - len(setting.late), len(setting.scored)))


def main_effects(captured: Captured, setting: Setting, site: str) -> MainEffects:
    """Estimate the vectors of the tasks and of what is current, of a site at the late positions."""
    return late_design(captured, setting, site).main_effects()


def additive_model(
    captured: Captured,
    setting: Setting,
    site: str,
    columns: np.ndarray | slice = slice(None),
    resample: np.random.Generator | None = None,
) -> AdditiveModel:
    """Estimate the additive model of a site at some positions, from the task design and the fit sequences.

    With `resample`, both samples are drawn again with replacement, the fit sequences within their task.
    """
    late = late_design(captured, setting, site)
    states, current = captured.fit[site][:, columns], setting.current(setting.fit)[:, columns]
    if resample is not None:
        late = late.resampled(resample)
        n_each = setting.sizes.cell_sequences
        rows = np.repeat(np.arange(0, len(states), n_each), n_each) + resample.integers(n_each, size=len(states))
        states, current = states[rows], current[rows]
    return AdditiveModel.of(late.main_effects(), states, current)


def additive_fit(captured: Captured, setting: Setting, site: str) -> AdditiveFit:
    """Fit the additive model to the scored sequences' states at a site."""
    model = additive_model(captured, setting, site)
    return model.fit(captured.score[site], setting.current(setting.score))


def properties(captured: Captured, setting: Setting, site: str) -> dict[str, Estimate]:
    """Estimate every statistic of the claims P0-P3* at one site.

    Returns
    -------
    dict
        Estimates by statistic: shares in [0, 1] (R2 may be negative), Pearson's r, total variation. Intervals of P2
        to P3* cover the scored sequences and, through `N_MODELS` resampled additive models, those the vectors were
        estimated from.
    """
    n_replicates = setting.sizes.replicates
    effects = late_design(captured, setting, site).estimate(setting.stream("bootstrap/cells"), n_replicates)
    point = judged_moments(captured, setting, site)
    resampled = [
        judged_moments(captured, setting, site, setting.stream("bootstrap/vectors", index)) for index in range(N_MODELS)
    ]
    rng = setting.stream("bootstrap/sequences")
    for name, own in point.items():
        statistic, back = SEQUENCE_STATISTICS[name]
        variants = np.stack([one[name] for one in resampled])
        effects[name] = bootstrap(own, statistic, rng, n_replicates, variants).map(back)
    return effects


def property_values(captured: Captured, setting: Setting, site: str) -> dict[str, float]:
    """Return the values of `properties` without their intervals."""
    shares = {name: values[-1] for name, values in late_design(captured, setting, site).shares().items()}
    for name, moments in judged_moments(captured, setting, site).items():
        statistic, back = SEQUENCE_STATISTICS[name]
        shares[name] = float(back(statistic(moments.mean(axis=0, keepdims=True)).item()))
    return shares


def judged_moments(
    captured: Captured, setting: Setting, site: str, resample: np.random.Generator | None = None
) -> dict[str, Float[np.ndarray, "B M"]]:
    """Return each scored sequence's moments at the judged positions; `resample` draws the additive model anew."""
    columns = setting.judged
    model = additive_model(captured, setting, site, columns, resample)
    fit = model.fit(captured.score[site][:, columns], setting.current(setting.score)[:, columns])
    return sequence_moments(fit, setting)


def sequence_moments(fit: AdditiveFit, setting: Setting) -> dict[str, Float[np.ndarray, "B M"]]:
    """Return, by statistic, each sequence's moments, from a fit at the judged positions."""
    alpha, beta, gamma = setting.posterior[:, setting.judged], fit.coordinates, setting.averaging[:, setting.judged]
    to_posterior, to_average = total_variation(beta, alpha), total_variation(beta, gamma)
    open_states = undecided(alpha)[:, :-1]

    def pooled(values: Float[np.ndarray, "B J"], others: Float[np.ndarray, "B J"]) -> Float[np.ndarray, "B 2"]:
        return np.stack([(part[:, :-1] * open_states).sum(axis=1) for part in (values, others)], axis=-1)

    ones = np.ones_like(to_posterior)
    return {
        "P2": np.stack([fit.error[:, -1], fit.centred[:, -1]], axis=-1),
        "P2*": pooled(fit.error, fit.remainder),
        "P3 r": correlation_moments(beta[:, -1], alpha[:, -1]),
        "P3 TV": np.stack([to_posterior[:, -1], ones[:, -1]], axis=-1),
        "P3* TV": pooled(to_posterior, ones),
        "P3* contest": pooled(to_average - to_posterior, ones),
    }


def profile(captured: Captured, setting: Setting) -> dict[str, dict[str, list[float]]]:
    """Return point values of P0-P1* at each scored position, and of P2 and P3's TV at each position, by site."""
    table: dict[str, dict[str, list[float]]] = {}
    for site, design in captured.design.items():
        fit = additive_fit(captured, setting, site)
        distance = total_variation(fit.coordinates, setting.posterior).mean(axis=0)
        additive = explained_share(np.stack([fit.error.mean(axis=0), fit.centred.mean(axis=0)], axis=-1))
        table[site] = design.shares() | {"P2": additive.tolist(), "P3 TV": distance.tolist()}
    return table
