"""Has a network learned? Its skill, on held-out sequences of its training mixture.

    skill = 1 - KL(M || network) / KL(M || prior weights)

M is the nearer of M1 and M2, by KL(M || network). *Prior weights* predict with the mixture's weights whatever was
seen: the best prediction that infers nothing of the task from its context (dice: the mean die; Markov chains: the mean
row of the current state; regression: the mean coefficients times x_t). Of numbers, KL is that of Gaussians with the
noise's variance. 1: the network is M; 0: it is as far from M as one that reads no context; below 0: farther.

KL runs from the exact law to the network, so that it is the loss the network could still lose, and no floor is needed
where a task excludes a symbol.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from theory import Batch, LatentTasks, Mixture, divergence, nats_per_loss
from validate.capture.candidates import MODES, reference_mean
from validate.experiment.sampling import predicted

LEARNED = 0.98
"""The least skill of a network that has learned; below it claims about its states say nothing of the paper."""


class Skill:
    """Exact predictions on some sequences, and how far from each of them one without context is.

    Parameters
    ----------
    exact : mapping of str to ndarray, shape (B, P, D)
        The exact predictions that may be meant; the one nearest to a network is.
    unread : ndarray, shape (B, P, D)
        The prediction without context.
    """

    def __init__(
        self,
        family: LatentTasks,
        exact: Mapping[str, Float[np.ndarray, "B P D"]],
        unread: Float[np.ndarray, "B P D"],
    ) -> None:
        self._kind, self._nats = family.target_kind, nats_per_loss(family)
        self.exact = dict(exact)
        self.unread = {name: self._distance(mean, unread) for name, mean in exact.items()}

    @classmethod
    def of_mixture(cls, mixture: Mixture, batch: Batch, n_positions: int) -> "Skill":
        """Return the skill of a network trained on a mixture, on sequences of it."""
        exact = {mode: predicted(reference_mean(mode, mixture, batch), n_positions) for mode in MODES}
        return cls(mixture.family, exact, without_context(mixture, batch, n_positions))

    def _distance(self, exact: Float[np.ndarray, "B P D"], mean: Float[np.ndarray, "B P D"]) -> Float[np.ndarray, " B"]:
        return self._nats * divergence(self._kind, exact, mean).mean(axis=1)

    def moments(self, mean: Float[np.ndarray, "B P D"]) -> Float[np.ndarray, "B 2"]:
        """Return each sequence's KL(M || network) and KL(M || prior weights), nats a target, of the nearest M."""
        distances = {name: self._distance(exact, mean) for name, exact in self.exact.items()}
        nearest = min(distances, key=lambda name: float(distances[name].mean()))
        return np.stack([distances[nearest], self.unread[nearest]], axis=-1)


def without_context(mixture: Mixture, batch: Batch, n_positions: int) -> Float[np.ndarray, "B P D"]:
    """Return what a mixture's weights predict that are never updated."""
    weights = np.broadcast_to(mixture.weights, (*mixture.family.targets(batch).shape[:2], len(mixture.pool)))
    return predicted(mixture.family.mixed_mean(mixture.pool, batch, weights), n_positions)
