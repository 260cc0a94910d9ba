"""The additive model of hidden states, and the simplex coordinates it assigns to each of them.

    h_t = mu_t + sum_k beta_tk theta_k + nu' c_t + error,     beta_t in the simplex

c_t is what is current: the symbol as one-hot, so that nu' c_t is its vector nu_{s_t}, or the covariate x_t, and then
nu' c_t is linear in it. theta_k (task vectors, sum_k theta_k = 0) and nu are the main effects of the task design,
averaged over late positions. mu_t is the mean of h_t - nu' c_t over other sequences with equally many of each task: the
posterior is a martingale, so E[beta_t] stays uniform and the task term averages to zero. beta_t is the exact
constrained least-squares fit of h_t - mu_t - nu' c_t by a point of the simplex with corners theta_k.

    P2   1 - sum |error|^2 / sum |h_t - mean h_t|^2                 the share of what is current included
    P2*  1 - sum |error|^2 / sum |h_t - mu_t - nu' c_t|^2           what is left when that is removed

mean h_t is taken from the same other sequences as mu_t, so both are held out.
Source: the paper, section on simplex interpolation; P2* is this project's.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from theory import hull_coordinates

RANK_TOLERANCE = 1e-12
"""Eigenvalues of the task vectors' products below this share of the largest count as 0."""


@dataclass(frozen=True)
class MainEffects:
    """Vectors of the tasks and of what is current, estimated at late positions.

    Attributes
    ----------
    task : ndarray, shape (K, W)
        theta; sums to zero over tasks.
    current : ndarray, shape (F, W)
        nu: by symbol, where it sums to zero, or by covariate.
    """

    task: Float[np.ndarray, "K W"]
    current: Float[np.ndarray, "F W"]

    @classmethod
    def of_cells(cls, states: Float[np.ndarray, "S K V n W"]) -> "MainEffects":
        """Average the cell means of the balanced design, centred at each position, over the positions given."""
        cells = states.mean(axis=3)
        centred = (cells - cells.mean(axis=(1, 2), keepdims=True)).mean(axis=0)
        return cls(centred.mean(axis=1), centred.mean(axis=0))


@dataclass(frozen=True)
class AdditiveFit:
    """The additive model's parts for N states.

    Attributes
    ----------
    coordinates : ndarray, shape (N, K)
        beta, in the simplex.
    error : ndarray, shape (N,)
        Squared distance of the state to the fit.
    centred : ndarray, shape (N,)
        Squared distance of the state to the mean state of its position.
    remainder : ndarray, shape (N,)
        Squared length of the state with mu_t and nu' c_t removed.
    """

    coordinates: Float[np.ndarray, "*N K"]
    error: Float[np.ndarray, "*N"]
    centred: Float[np.ndarray, "*N"]
    remainder: Float[np.ndarray, "*N"]


@dataclass(frozen=True)
class AdditiveModel:
    """The additive model with every vector known; beta is fitted state by state.

    Attributes
    ----------
    intercepts, means : ndarray, shape (P, W)
        mu_t, and the mean of h_t.
    """

    effects: MainEffects
    intercepts: Float[np.ndarray, "P W"]
    means: Float[np.ndarray, "P W"]

    @classmethod
    def of(
        cls, effects: MainEffects, states: Float[np.ndarray, "B P W"], current: Float[np.ndarray, "B P F"]
    ) -> "AdditiveModel":
        """Estimate mu_t and the mean states from sequences with equally many of each task."""
        return cls(effects, (states - current @ effects.current).mean(axis=0), states.mean(axis=0))

    def fit(self, states: Float[np.ndarray, "B P W"], current: Float[np.ndarray, "B P F"]) -> AdditiveFit:
        """Fit beta to each state; the additive model's other vectors stay as they are.

        Squared lengths are put together from products of the states with the few vectors of the model: with
        a = mu_t + nu' c_t, |h - a|^2 = |h|^2 - 2 h.a + |a|^2, and so on.
        """
        task, known = self.effects.task, self.effects.current
        context = self.intercepts @ task.T + current @ (known @ task.T)
        along = states @ task.T - context  # remainder . theta_k
        square = np.einsum("...w,...w->...", states, states)
        inside = np.einsum("...f,...f->...", states @ known.T, current)
        beside = np.einsum("...pf,pf->...p", current, self.intercepts @ known.T)
        own = np.einsum("...f,fg,...g->...", current, known @ known.T, current)
        length = np.square(self.intercepts).sum(axis=-1) + 2 * beside + own
        remainder = square - 2 * (np.einsum("...pw,pw->...p", states, self.intercepts) + inside) + length
        gram = task @ task.T
        coordinates = _coordinates(along, gram)
        error = remainder - 2 * (coordinates * along).sum(axis=-1) + ((coordinates @ gram) * coordinates).sum(axis=-1)
        mean = np.square(self.means).sum(axis=-1) - 2 * np.einsum("...pw,pw->...p", states, self.means)
        return AdditiveFit(coordinates, *(np.maximum(part, 0.0) for part in (error, square + mean, remainder)))


def _coordinates(along: Float[np.ndarray, "*N K"], gram: Float[np.ndarray, "K K"]) -> Float[np.ndarray, "*N K"]:
    """Return the simplex coordinates of points known by their products with the corners.

    In an orthonormal basis of the corners' span, of rank r: corners C with C C' = gram, points along @ pinv(C').
    """
    values, vectors = np.linalg.eigh(gram)
    kept = values > RANK_TOLERANCE * max(values[-1], np.finfo(float).tiny)
    corners = vectors[:, kept] * np.sqrt(values[kept])
    return hull_coordinates(along @ (vectors[:, kept] / np.sqrt(values[kept])), corners)
