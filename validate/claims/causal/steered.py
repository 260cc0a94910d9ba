"""Steering: write another point of the simplex into the states and see whether the prediction follows.

At the positions of a window, for weights a on a grid of the simplex,

    h' = h - Q Q'(h - mu_t - nu c_t) + sum_k a_k theta_k,        Q an orthonormal basis of span{theta},

and the prediction should become the target sum_k a_k m_k, from theory. With D = KL(target || prediction) in nats, for
numbers that of Gaussians with the noise's variance, the statistic is the share of the distance that steering takes
away,

    steering = 1 - mean D(target || steered) / mean D(target || unsteered)       mean over grid, window, sequences.

1: the prediction is the target; 0: steering does nothing; negative: it does harm. Only the window's states are
changed, so later layers may still read the true task from earlier positions.

What theory says of an exact-Bayes network: 1 if the layers after the site mix probabilities (or numbers); if they mix
logits, D is the gap of the geometric mixture (`theory.convex.geometric_gap`) and the share a little lower. The
window's unsteered predictions are then those of M2, or M1 where the mixture has no minors.

Nulls: the same with other simplices in place of theta. *Rotated*: theta R for random orthogonal R, of the same shape
but elsewhere. *Permuted*: theta_{k + j} for task k, for every shift j > 0: the right span with the wrong corners. And
untrained networks with their own theta.

Source: the paper, section on steering, which takes positions 25-39 of 128; the window here is the same share.
"""

from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import ortho_group

from theory import Batch, divergence, extrapolation, hull_coordinates, nats_per_loss, retrieval
from theory.convex import geometric_gap
from validate.claims.causal.subject import Change, Subject
from validate.statistics.subspace import span_basis

WINDOW = (0.2, 0.3)
"""The window's first and last position, in shares of the P positions that predict."""


def simplex_grid(n_tasks: int, per_side: int) -> Float[np.ndarray, "G K"]:
    """Return all weights that are multiples of 1 / (per_side - 1), corners included."""
    shares = combinations_with_replacement(range(n_tasks), per_side - 1)
    return np.stack([np.bincount(share, minlength=n_tasks) for share in shares]) / (per_side - 1)


def window(n_positions: int) -> Int[np.ndarray, " J"]:
    """Return the positions that are steered, counted among those that predict."""
    first, last = int(WINDOW[0] * n_positions), int(np.ceil(WINDOW[1] * n_positions))
    return np.arange(first, min(last + 1, n_positions))


@dataclass(frozen=True, eq=False)
class Steering:
    """The sequences, targets and unsteered predictions that every simplex is tried on.

    Attributes
    ----------
    grid : ndarray, shape (G, K)
    columns : ndarray of int, shape (J,)
        The window.
    targets : ndarray, shape (G, B, J, D)
    unsteered : ndarray, shape (B, J, D)
    """

    subject: Subject
    batch: Batch
    grid: Float[np.ndarray, "G K"]
    columns: Int[np.ndarray, " J"]
    targets: Float[np.ndarray, "G B J D"]
    unsteered: Float[np.ndarray, "B J D"]

    @classmethod
    def of(cls, subject: Subject, batch: Batch, per_side: int) -> "Steering":
        """Prepare the grid of a subject on some sequences of the majors."""
        family, majors = subject.family, subject.mixture.majors
        grid, columns = simplex_grid(len(majors), per_side), window(len(subject.intercepts))
        shape = family.targets(batch).shape[:2]
        targets = [
            subject.beside(family.mixed_mean(majors, batch, np.tile(point, (*shape, 1))))[:, columns] for point in grid
        ]
        arrays = family.encode(batch)
        unsteered = subject.read(arrays.inputs, arrays.positions[columns], {})
        return cls(subject, batch, grid, columns, np.stack(targets), unsteered)

    def distance(self, mean: Float[np.ndarray, "G B J D"]) -> Float[np.ndarray, "G B"]:
        """Return D(target || prediction), the mean over the window."""
        kind, nats = self.subject.family.target_kind, nats_per_loss(self.subject.family)
        return np.stack([nats * divergence(kind, *pair).mean(axis=1) for pair in zip(self.targets, mean, strict=True)])

    def before(self) -> Float[np.ndarray, "G B"]:
        """Return the distance of the unsteered predictions to each target."""
        return self.distance(np.broadcast_to(self.unsteered, self.targets.shape))

    def steered(self, simplex: Float[np.ndarray, "K W"]) -> Float[np.ndarray, "G B J D"]:
        """Return the predictions at the window when points of a simplex are written into its states."""
        subject, arrays = self.subject, self.subject.family.encode(self.batch)
        positions = arrays.positions[self.columns]
        inputs = arrays.inputs[:, : positions[-1] + 1]
        current = subject.beside(subject.family.current(self.batch))[:, self.columns]
        context = subject.intercepts[self.columns] + current @ subject.current
        basis = span_basis(simplex)

        def change(point: Float[np.ndarray, " K"]) -> Change:
            return lambda states: states - (states - context) @ basis @ basis.T + point @ simplex

        return np.stack(
            [subject.read(inputs, positions, subject.edit(positions, change(point))) for point in self.grid]
        )

    def moments(self, simplex: Float[np.ndarray, "K W"]) -> Float[np.ndarray, "B 2"]:
        """Return each sequence's mean distance to the targets, steered and unsteered: what the share is made of."""
        return self.against_unsteered(self.distance(self.steered(simplex)))

    def against_unsteered(self, distance: Float[np.ndarray, "G B"]) -> Float[np.ndarray, "B 2"]:
        """Put distances beside those of the unsteered predictions, averaged over the grid."""
        return np.stack([distance.mean(axis=0), self.before().mean(axis=0)], axis=-1)

    def located(self, mean: Float[np.ndarray, "B J D"], rows: slice | np.ndarray = slice(None)) -> np.ndarray:
        """Return the one point of the simplex, (K,), whose mixture is closest to these sequences' predictions.

        All predictions together, since one of them need not identify a point (a number does not).
        """
        family, majors = self.subject.family, self.subject.mixture.majors
        vertices = self.subject.beside(family.task_mean(majors, self.batch))[:, self.columns][rows]
        return hull_coordinates(mean[rows].ravel(), np.moveaxis(vertices, 2, 0).reshape(len(majors), -1))

    def ideal(self) -> tuple[Float[np.ndarray, " G"], float]:
        """Return what a network with exact weights and a read-out that mixes logits leaves of D, and its share."""
        subject, mixture = self.subject, self.subject.mixture
        predictor = extrapolation if mixture.n_minors else retrieval
        exact = subject.beside(predictor(mixture, self.batch).mean)[:, self.columns]
        unsteered = self.distance(np.broadcast_to(exact, self.targets.shape)).mean(axis=1)
        if subject.family.target_kind == "real":
            return np.zeros(len(self.grid)), 1.0
        laws = subject.beside(subject.family.task_mean(mixture.majors, self.batch))[:, self.columns]
        gap = [geometric_gap(np.broadcast_to(point, laws.shape[:-1]), laws).mean() for point in self.grid]
        return np.array(gap), 1 - float(np.mean(gap) / unsteered.mean())


def rotated(simplex: Float[np.ndarray, "K W"], rng: np.random.Generator) -> Float[np.ndarray, "K W"]:
    """Return the simplex turned by a uniformly random rotation or reflection: same lengths and angles."""
    return simplex @ ortho_group.rvs(simplex.shape[1], random_state=rng)


def permuted(simplex: Float[np.ndarray, "K W"]) -> list[Float[np.ndarray, "K W"]]:
    """Return the simplex with its corners given to other tasks, once for every cyclic shift: none keeps its own."""
    return [np.roll(simplex, shift, axis=0) for shift in range(1, len(simplex))]
