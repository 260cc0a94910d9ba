"""Worlds of networks that predict as known mixtures of candidates do.

    faithful   M1 (majors only) or M2 (diverse) with a little of the uniform law: no network is exact
    astray     each predicts as the other should
    simpler    both predict as one does that knows the prior of tasks and none of them

True values are those of `N_TRUE` sequences.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float

from theory import Batch, Mixture, Pool, stream
from validate.capture.candidates import Arenas, reference_mean
from validate.claims import modes, retrieval, second_mode
from validate.claims.base import Controls, Observed, Side, Statistics
from validate.claims.enough import LEAST_COMPARED
from validate.experiment.sampling import predicted
from validate.judging.calibration.interpolating import FAMILY, SITE, setting_of
from validate.judging.calibration.rows import World, values_of

N_MINORS, N_TRUE = 32, 20_000

PRIOR, UNIFORM = "prior predictive", "uniform"
WORLDS: dict[str, tuple[dict[str, float], dict[str, float]]] = {
    "faithful": ({"M1": 0.98, UNIFORM: 0.02}, {"M2": 0.98, UNIFORM: 0.02}),
    "astray": ({"M2": 0.98, UNIFORM: 0.02}, {"M1": 0.98, UNIFORM: 0.02}),
    "simpler": ({PRIOR: 0.98, UNIFORM: 0.02}, {PRIOR: 0.95, UNIFORM: 0.05}),
}
"""Weights of the majors-only and of the diverse network."""


@dataclass(frozen=True, eq=False)
class Predictor:
    """A source that predicts a mixture of references, and has no states."""

    mixture: Mixture
    weights: Mapping[str, float]
    sites: tuple[str, ...] = (SITE,)

    def states(self, batch: Batch, last: bool = False) -> dict[str, Float[np.ndarray, "B P W"]]:
        """Return no states: none are asked for."""
        return {}

    def mean(self, batch: Batch) -> Float[np.ndarray, "B P D"]:
        """Mix the references' predictions."""
        uniform = np.full(FAMILY.targets(batch).shape, 1 / FAMILY.faces)
        parts = [
            weight * (uniform if name == UNIFORM else reference_mean(name, self.mixture, batch))
            for name, weight in self.weights.items()
        ]
        return predicted(np.sum(parts, axis=0), len(FAMILY.encode(batch[:1]).positions))


def minors_of(seed: int) -> Pool:
    """Return the minors of the diverse network."""
    return FAMILY.sample_pool(stream(seed, "calibration/minors"), N_MINORS)


def measured(
    seed: int, weights: tuple[Mapping[str, float], Mapping[str, float]], n: int, index: int, label: str
) -> Statistics:
    """Put the predictions of two networks through the questions of retrieval, the modes and OOD loss."""
    setting = setting_of(seed, max(n, 4), index, label)
    minors, sides = minors_of(seed), []
    for own, mixture in zip(
        weights, (Mixture(FAMILY, setting.majors), Mixture(FAMILY, setting.majors, minors)), strict=True
    ):
        sides.append(Side(Observed(Predictor(mixture, own), setting, SITE), Arenas(mixture, setting)))
    plain, diverse = sides
    found = dict(retrieval.QUESTION.analyse(plain, Controls()).statistics)
    found |= second_mode.QUESTION.analyse(diverse, Controls()).statistics
    found |= modes.QUESTION.analyse(diverse, Controls()).statistics
    return found | second_mode.OOD_LOSS.analyse(diverse, Controls(plain=plain)).statistics


@cache
def truth(seed: int, name: str) -> dict[str, float]:
    """Return the values of many sequences."""
    return values_of(measured(seed, WORLDS[name], N_TRUE, 0, "calibration/many"))


def prediction_worlds(seed: int, n: int) -> Iterator[World]:
    """Yield worlds of n sequences of each population; none where so few are not judged."""
    if n < LEAST_COMPARED:
        return
    null = measured(seed, ({UNIFORM: 1.0}, {UNIFORM: 1.0}), n, 0, f"calibration/uniform/{n}")
    for name, weights in WORLDS.items():
        true = truth(seed, name)

        def measure(
            index: int, name: str = name, weights: tuple[dict[str, float], dict[str, float]] = weights
        ) -> Statistics:
            return measured(seed, weights, n, index, f"calibration/{name}/{n}")

        yield World(f"predictions, {name}", n, true, measure, null)
