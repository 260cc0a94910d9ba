"""Has a network learned? Its skill, on held-out sequences such as it is trained on.

    skill = 1 - KL(M || network) / KL(M || best without context)

M is the nearer of M1 and M2, by KL(M || network). The best prediction without context is a function of the position and
of what is current alone, and so infers nothing of the task:

    best without context = C_t (argmin over B of sum |M_t - C_t B|^2)        at each position t, over the sequences

with C_t what is current, one row a sequence: the mean of M over the sequences with the same current symbol, which
minimises KL(M || .), or the best linear map of the covariates. It is fitted to the very sequences it is scored on, and
so is a little better than it could be elsewhere: skill errs on the low side. Of numbers, KL is that of Gaussians with
the noise's variance. Skill is 1 if the network is M, 0 if it is as far from M as one that reads no context.

KL runs from the exact law to the network, so that it is the loss the network could still lose, and no floor is needed
where a task excludes a symbol.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from theory import Batch, LatentTasks, Mixture, divergence, nats_per_loss
from validate.capture.candidates import MODES, reference_mean
from validate.experiment.sampling import predicted

LEAST_WORTH = 1e-9
"""Nats a target below which context is worth nothing, as where there is one task alone: skill is undefined then."""

LEARNED = 0.98
"""The least skill of a network that has learned; below it claims about its states say nothing of the paper."""


class Skill:
    """Exact predictions on some sequences, and how far from each of them the best one without context is.

    Parameters
    ----------
    exact : mapping of str to ndarray, shape (B, P, D)
        The exact predictions that may be meant; the one nearest to a network is.
    current : ndarray, shape (B, P, F)
        What is current.
    """

    def __init__(
        self,
        family: LatentTasks,
        exact: Mapping[str, Float[np.ndarray, "B P D"]],
        current: Float[np.ndarray, "B P F"],
    ) -> None:
        self._kind, self._nats = family.target_kind, nats_per_loss(family)
        self.exact = dict(exact)
        self.without = {name: self._distance(mean, without_context(mean, current)) for name, mean in exact.items()}

    @classmethod
    def of_mixture(cls, mixture: Mixture, batch: Batch, n_positions: int) -> "Skill":
        """Return the skill of a network trained on a mixture, on sequences of it."""
        exact = {mode: predicted(reference_mean(mode, mixture, batch), n_positions) for mode in MODES}
        return cls(mixture.family, exact, predicted(mixture.family.current(batch), n_positions))

    @classmethod
    def of_fresh_tasks(cls, family: LatentTasks, batch: Batch, n_positions: int) -> "Skill":
        """Return the skill of a network trained on a new task in every sequence: M is the prior predictive."""
        exact = {"prior predictive": predicted(family.fresh_mean(batch), n_positions)}
        return cls(family, exact, predicted(family.current(batch), n_positions))

    def _distance(self, exact: Float[np.ndarray, "B P D"], mean: Float[np.ndarray, "B P D"]) -> Float[np.ndarray, " B"]:
        return self._nats * divergence(self._kind, exact, mean).mean(axis=1)

    def moments(self, mean: Float[np.ndarray, "B P D"]) -> Float[np.ndarray, "B 2"]:
        """Return each sequence's KL(M || network) and KL(M || best without context), nats, of the nearest M."""
        distances = {name: self._distance(exact, mean) for name, exact in self.exact.items()}
        nearest = min(distances, key=lambda name: float(distances[name].mean()))
        return np.stack([distances[nearest], self.without[nearest]], axis=-1)

    def __call__(self, mean: Float[np.ndarray, "B P D"]) -> float:
        """Return the skill of some predictions; nan where context is worth nothing."""
        left, without = self.moments(mean).mean(axis=0)
        return float(1 - left / without) if without > LEAST_WORTH else float("nan")


def without_context(
    exact: Float[np.ndarray, "B P D"], current: Float[np.ndarray, "B P F"]
) -> Float[np.ndarray, "B P D"]:
    """Return the best prediction of `exact` that is a function of the position and of what is current."""
    means, states = np.moveaxis(exact, 1, 0), np.moveaxis(current, 1, 0)
    transposed = states.swapaxes(1, 2)
    # Of symbols the normal equations are diagonal: a mean of laws is a law, and positive where one of them is.
    fitted = states @ (np.linalg.pinv(transposed @ states, hermitian=True) @ (transposed @ means))
    return np.moveaxis(fitted, 0, 1)
