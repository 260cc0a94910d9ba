"""Worlds of interpolating states: dice, whose states hold known weights of the majors.

    h_t = mu_t + sum_k b_tk theta_k + nu_{s_t} + noise,      b_t = (1 - w) alpha_t + w gamma_t

alpha_t is the exact posterior and gamma_t are the coordinates of the running average: with w = 0 the states follow the
posterior, with w = 1 the average. The labelled states hold the corners, b = e_k. True values are those of the same
statistics with the true vectors, and with means and scores of `N_TRUE` sequences a task and more; given what is
current, with corners of as many.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from jaxtyping import Float

from theory import Batch, BiasedDice, Mixture, hull_coordinates, retrieval, stream
from validate.capture.captured import Captured
from validate.capture.labelled import CellStates
from validate.claims.base import Statistics
from validate.claims.conditional import Scored, judged
from validate.claims.properties import SEQUENCE_STATISTICS, properties, sequence_moments
from validate.experiment.sampling import predicted
from validate.experiment.schema import Measurement
from validate.experiment.setting import Setting
from validate.judging.calibration.cells import noise_of
from validate.judging.calibration.rows import World, values_of
from validate.statistics.interpolation import AdditiveModel, MainEffects

FAMILY, N_MAJORS, WIDTH = BiasedDice(faces=4, length=24), 3, 12
MAJORS = [[0.5, 0.3, 0.15, 0.05], [0.05, 0.5, 0.3, 0.15], [0.15, 0.05, 0.5, 0.3]]
"""Laws of the faces: so far apart that the last position is decided, and close enough for many undecided ones."""

REPLICATES, N_TRUE = 200, 3000
SITE = "states"

MIXES = {
    "posterior, quiet": (0.0, 0.05),
    "posterior, noisy": (0.0, 0.6),
    "average": (1.0, 0.3),
}
"""Weight of the average, and the mean square of the noise; task vectors have a mean square of 1."""


def setting_of(seed: int, n: int, index: int, label: str = "calibration") -> Setting:
    """Return the setting of a draw: the same majors, other sequences."""
    majors = FAMILY.make_pool(MAJORS)
    sizes = Measurement(
        cell_sequences=n, fresh_tasks=n, fresh_sequences=16, mode_sequences=n, untrained=2, replicates=REPLICATES
    )
    return Setting(f"{label} {seed}", FAMILY, majors, index, sizes)


def sizes_of_cells(n: int) -> Measurement:
    """Return the sizes of a draw that has cells alone: all else is as small as may be."""
    return Measurement(
        cell_sequences=n, fresh_tasks=4, fresh_sequences=4, mode_sequences=4, untrained=2, replicates=REPLICATES
    )


@dataclass(frozen=True, eq=False)
class Vectors:
    """The true vectors of a world."""

    task: Float[np.ndarray, "K W"]
    current: Float[np.ndarray, "F W"]
    intercepts: Float[np.ndarray, "P W"]

    @classmethod
    def drawn(cls, rng: np.random.Generator, n_positions: int) -> "Vectors":
        """Draw task vectors of mean square 1, and larger vectors of what is current."""
        task, current = rng.standard_normal((N_MAJORS, WIDTH)), rng.standard_normal((FAMILY.faces, WIDTH))
        task, current = task - task.mean(axis=0), current - current.mean(axis=0)
        task, current = (v / np.sqrt(np.square(v).sum(axis=1).mean()) for v in (task, current))
        return cls(task, np.sqrt(3) * current, rng.standard_normal((n_positions, WIDTH)))

    @property
    def effects(self) -> MainEffects:
        """As an additive model takes them."""
        return MainEffects(self.task, self.current)


@dataclass(frozen=True, eq=False)
class Interpolating:
    """Draws of one world's states."""

    seed: int
    mix: float
    within: float

    @cached_property
    def vectors(self) -> Vectors:
        """The world's vectors."""
        return Vectors.drawn(stream(self.seed, "calibration/vectors"), FAMILY.length - 1)

    def weights(self, setting: Setting, batch: Batch) -> Float[np.ndarray, "B P K"]:
        """Return b_t: of posterior and running average."""
        posterior = retrieval(Mixture(FAMILY, setting.majors), batch).weights
        average = hull_coordinates(FAMILY.running_average(batch), FAMILY.average_vertices(setting.majors))
        return predicted((1 - self.mix) * posterior + self.mix * average, setting.n_positions)

    def states(self, setting: Setting, batch: Batch, rng: np.random.Generator) -> Float[np.ndarray, "B P W"]:
        """Return the states of some sequences."""
        v = self.vectors
        exact = v.intercepts + self.weights(setting, batch) @ v.task + setting.current(batch) @ v.current
        return exact + noise_of(rng, exact.shape[:2], self.within, WIDTH)

    def captured(self, setting: Setting) -> Captured:
        """Draw the states of a setting's sequences."""
        v, rng = self.vectors, setting.stream("states")
        shape = (len(setting.scored), N_MAJORS, FAMILY.faces, setting.sizes.cell_sequences)
        corners = (v.task[:, None] + v.current)[:, :, None]
        labelled = CellStates(corners + noise_of(rng, shape, self.within, WIDTH))
        fit, score = (self.states(setting, batch, rng) for batch in (setting.fit, setting.score))
        return Captured(setting, {SITE: labelled}, {SITE: fit}, {SITE: score}, {})

    @cached_property
    def truth(self) -> dict[str, float]:
        """Return the statistics' values with the true vectors, on many sequences."""
        setting, v = setting_of(self.seed, N_TRUE, 0, "calibration/truth"), self.vectors
        columns, rng = setting.judged, setting.stream("states")
        states, current = self.states(setting, setting.score, rng), setting.current(setting.score)
        others = self.states(setting, setting.fit, rng)[:, columns], setting.current(setting.fit)[:, columns]
        model = AdditiveModel.of(v.effects, *others)
        moments = sequence_moments(model.fit(states[:, columns], current[:, columns]), setting)
        additive = {
            name: float(back(statistic(moments[name].mean(axis=0, keepdims=True)).item()))
            for name, (statistic, back) in SEQUENCE_STATISTICS.items()
        }
        return additive | values_of(given_current(self.captured(setting), replicates=0))


def interpolating_worlds(seed: int, n: int) -> Iterator[World]:
    """Yield worlds of interpolating states, with n sequences a cell and as many of each task for the intercepts."""
    null = no_simplex(seed, n)
    for name, (mix, within) in MIXES.items():
        world = known(seed, mix, within)

        def measure(index: int, world: Interpolating = world, name: str = name) -> Statistics:
            setting = setting_of(seed, n, index, f"calibration/{name}/{n}")
            return asked(world.captured(setting))

        yield World(f"states, {name}", n, world.truth, measure, null)


@cache
def known(seed: int, mix: float, within: float) -> Interpolating:
    """Return a world, whose truth is then found once."""
    return Interpolating(seed, mix, within)


def given_current(captured: Captured, replicates: int) -> Statistics:
    """Estimate the statistics of the simplex given what is current."""
    return judged(captured, Scored(captured), SITE, replicates)


def asked(captured: Captured) -> Statistics:
    """Put both questions about the simplex to the states of a draw."""
    return properties(captured, SITE) | given_current(captured, REPLICATES)


def no_simplex(seed: int, n: int) -> Statistics:
    """Return the statistics of states that are noise."""
    setting = setting_of(seed, n, 0, f"calibration/null/{n}")
    rng, n_positions = setting.stream("states"), setting.n_positions
    cells = noise_of(rng, (len(setting.scored), N_MAJORS, FAMILY.faces, n), 1.0, WIDTH)
    fit, score = (noise_of(rng, (len(batch), n_positions), 1.0, WIDTH) for batch in (setting.fit, setting.score))
    return asked(Captured(setting, {SITE: CellStates(cells)}, {SITE: fit}, {SITE: score}, {}))
