"""Mean states as functions of what is current, task by task, and the simplex whose corners are given by it.

c is what is current, the symbol as one-hot or the covariate, with F entries. A task's *mean state* is affine in it,

    m_k(c) = a_k + B_k' c            cells: a_k = m_k., B_ka = m_ka - m_k.;  covariates: least squares, task by task

and kept as one array of G = 1 + F rows, a_k first. Three levels of it:

    cell      a_k + B_k' c           task and current, and their interaction
    additive  a_k + B' c             B = mean of B_k over tasks
    current   a + B' c               a = mean of a_k

The additive model (`statistics.interpolation`) puts a state on the simplex with corners m_k. whatever is current; given
what is current the corners are m_k(c), and no additivity is asked for:

    h_t = mu_t + sum_k beta_tk m_k(c_t) + error,      beta_t in the simplex, exact least squares.

mu_t is the mean of h_t - m_z(c_t) over other sequences of known tasks z: the posterior is a martingale,
E[alpha_k | c_t] = P(z = k | c_t), so this is the intercept wherever beta is the posterior.

    R2    1 - sum |error|^2 / sum |h_t - mu_t - mean_k m_k(c_t)|^2

The form is conditional interpolation; it is this project's, as additivity before a read-out can be excluded by theory
(docs/geometry.md) while this cannot.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from validate.statistics.best_mixture import simplex_minimum

RIDGE = 1e-9
"""Relative addition to the products of the corners, so that corners that coincide have coordinates."""

Models = Float[np.ndarray, "*S K G W"]


def models_of_cells(states: Float[np.ndarray, "S K V n W"]) -> Float[np.ndarray, "S K G W"]:
    """Return the mean states of balanced cells, G = 1 + V."""
    cells = states.mean(axis=3)
    own = cells.mean(axis=2, keepdims=True)
    return np.concatenate([own, cells - own], axis=2)


def models_of_slopes(
    states: Float[np.ndarray, "S K n W"], current: Float[np.ndarray, "S K n F"]
) -> Float[np.ndarray, "S K G W"]:
    """Return the least-squares fit of each task's states on a covariate, G = 1 + F."""
    design = np.concatenate([np.ones((*current.shape[:-1], 1)), current], axis=-1)
    return np.asarray(np.linalg.pinv(design) @ states)


def additive(models: Models) -> Models:
    """Return the models without the interaction of task and current."""
    slopes = models[..., 1:, :].mean(axis=-3, keepdims=True)
    return np.concatenate([models[..., :1, :], np.broadcast_to(slopes, models[..., 1:, :].shape)], axis=-2)


def of_current(models: Models) -> Models:
    """Return the models without the task."""
    return np.broadcast_to(models.mean(axis=-3, keepdims=True), models.shape)


def means_at(models: Float[np.ndarray, "K G W"], current: Float[np.ndarray, "N F"]) -> Float[np.ndarray, "N K W"]:
    """Return the mean state of every task, given what is current."""
    return models[:, 0] + np.tensordot(current, models[:, 1:], axes=(1, 1))


@dataclass(frozen=True, eq=False)
class ConditionalFit:
    """Coordinates in the simplex, squared error, and squared length without it, of N states."""

    coordinates: Float[np.ndarray, "N K"]
    error: Float[np.ndarray, " N"]
    remainder: Float[np.ndarray, " N"]


@dataclass(frozen=True, eq=False)
class ConditionalModel:
    """The simplex given what is current.

    Attributes
    ----------
    corners : ndarray, shape (K, G, W)
        Mean states by task, less their mean over tasks and currents.
    intercepts : ndarray, shape (P, W)
        mu_t.
    """

    corners: Float[np.ndarray, "K G W"]
    intercepts: Float[np.ndarray, "P W"]

    @classmethod
    def of(
        cls,
        models: Float[np.ndarray, "S K G W"],
        states: Float[np.ndarray, "B P W"],
        current: Float[np.ndarray, "B P F"],
        tasks: Float[np.ndarray, " B"],
    ) -> "ConditionalModel":
        """Average the models over positions, and estimate mu_t from sequences of known tasks."""
        corners = models.mean(axis=0)
        corners[:, 0] -= corners[:, 0].mean(axis=0)
        intercepts = np.empty(states.shape[1:])
        for column in range(states.shape[1]):
            own = means_at(corners, current[:, column])[np.arange(len(tasks)), tasks]
            intercepts[column] = (states[:, column] - own).mean(axis=0)
        return cls(corners, intercepts)

    def fit(
        self, states: Float[np.ndarray, "N W"], current: Float[np.ndarray, "N F"], columns: Float[np.ndarray, " N"]
    ) -> ConditionalFit:
        """Fit each state at its position, `columns` of those the intercepts are of."""
        corners = means_at(self.corners, current)
        centre = corners.mean(axis=1, keepdims=True)
        edges = corners - centre
        rest = states - self.intercepts[columns] - centre[:, 0]
        gram = edges @ edges.swapaxes(1, 2)
        along = (edges @ rest[..., None])[..., 0]
        size = np.trace(gram, axis1=1, axis2=2) + np.finfo(float).tiny
        beta = simplex_minimum(gram + RIDGE * size[:, None, None] * np.eye(gram.shape[1]), along)
        remainder = np.square(rest).sum(axis=1)
        explained = 2 * (beta * along).sum(axis=1) - np.einsum("nj,njk,nk->n", beta, gram, beta)
        return ConditionalFit(beta, np.maximum(remainder - explained, 0.0), remainder)
