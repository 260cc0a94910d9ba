"""Analysis of covariance of hidden states: task by a covariate that takes any value.

The counterpart of `statistics.effects` where what is current is a vector x (regression) and no design can balance it.
The covariate is independent of the task; over all sequences it is centred and whitened, f = (1, z). Each task's
coefficients are least squares, b_k = (F'F)^-1 F'h, fitted on that task's sequences. With e_i a residual, l_i its
leverage and p_ig the row of (F'F)^-1 F', the noise of b_kg has the covariance sum_i p_ig^2 e_i e_i' / (1 - l_i),
and the variance within is the mean of |e_i|^2 / (1 - l_i), the product of a residual with the residual of a fit from
which its own sequence was left out (MacKinnon and White 1985). For indicators of cells these are the formulas of
`statistics.effects`.

The law of the covariate is estimated too: with it the sizes of current and interaction move, which each sequence's
influence includes.

Source: the paper, section on long-context stability (analysis of covariance with common or per-task slopes); the
starred shares are this project's.
"""

import numpy as np
from jaxtyping import Float

from validate.statistics.parts import Parts, products_of_covariances

RANK_TOLERANCE = 1e-9
"""Directions in which the covariates vary less than this share of the most are left out."""


def whitened(current: Float[np.ndarray, "K n F"]) -> Float[np.ndarray, "K n G"]:
    """Return (1, z): the covariates with mean 0 and covariance I over all sequences, constant directions left out."""
    flat = current.reshape(-1, current.shape[-1])
    centred = flat - flat.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(flat))
    kept = values > RANK_TOLERANCE * max(np.square(flat).mean(), np.finfo(float).tiny)
    z = centred @ (vectors[:, kept] / np.sqrt(values[kept]))
    return np.concatenate([np.ones_like(flat[:, :1]), z], axis=1).reshape(*current.shape[:2], -1)


def slope_projections(n_tasks: int, n_features: int) -> Float[np.ndarray, "3 U U"]:
    """Return the forms of task, current and interaction in the coefficients (k, g) of K tasks and G features."""
    along = np.full((n_tasks, n_tasks), 1 / n_tasks)
    own = np.eye(n_tasks) - along
    first = np.diag(np.arange(n_features) == 0).astype(float)
    rest = np.eye(n_features) - first
    return np.stack([np.kron(own, first), np.kron(along, rest), np.kron(own, rest)]) / n_tasks


def slope_parts(
    states: Float[np.ndarray, "K n W"], current: Float[np.ndarray, "K n F"], intervals: bool = True
) -> Parts:
    """Estimate the parts of the states' variation from natural sequences of each task.

    Parameters
    ----------
    states, current : ndarray, shapes (K, n, W) and (K, n, F)
        States and what is current, more sequences a task than F + 1, drawn independently.
    intervals : bool
        Whether the covariance of the errors is wanted.
    """
    features = whitened(current)
    n_tasks, n, n_features = features.shape
    rows = np.linalg.pinv(features).swapaxes(1, 2)
    coefficients = rows.swapaxes(1, 2) @ states
    left_free = 1 - (rows * features).sum(axis=-1, keepdims=True)
    residuals = (states - features @ coefficients) / np.sqrt(left_free)
    squares = np.einsum("knw,knw->kn", residuals, residuals)
    forms = slope_projections(n_tasks, n_features)
    flat = coefficients.reshape(n_tasks * n_features, -1)
    pulls = forms @ flat
    noise = np.einsum("kng,kn->kg", np.square(rows), squares).ravel()
    between = (pulls * flat).sum(axis=(1, 2)) - np.diagonal(forms, axis1=1, axis2=2) @ noise
    values = np.append(between, squares.mean())
    if not intervals:
        return Parts(values)
    influence = _influence(features, coefficients, rows, residuals, squares, pulls)
    products = products_of_covariances(residuals * np.sqrt(left_free), n - n_features) / n**2
    pairs = np.zeros((4, 4))
    pairs[:3, :3] = np.einsum("puv,quv,uv->pq", forms, forms, np.kron(products, np.ones((n_features, n_features))))
    return Parts.of(values, influence, pairs)


def additive_model(
    states: Float[np.ndarray, "K n W"], current: Float[np.ndarray, "K n F"]
) -> tuple[Float[np.ndarray, "K W"], Float[np.ndarray, "F W"]]:
    """Return an intercept for each task and the slope common to all: least squares on deviations from tasks' means.

    The least slope where a covariate does not vary.
    """
    mean_state, mean_current = states.mean(axis=1, keepdims=True), current.mean(axis=1, keepdims=True)
    own = (current - mean_current).reshape(-1, current.shape[-1])
    slope = np.linalg.pinv(own.T @ own, hermitian=True) @ (own.T @ (states - mean_state).reshape(len(own), -1))
    return (mean_state - mean_current @ slope)[:, 0], slope


def _influence(
    features: Float[np.ndarray, "K n G"],
    coefficients: Float[np.ndarray, "K G W"],
    rows: Float[np.ndarray, "K n G"],
    residuals: Float[np.ndarray, "K n W"],
    squares: Float[np.ndarray, "K n"],
    pulls: Float[np.ndarray, "3 U W"],
) -> Float[np.ndarray, "N 4"]:
    """Return what each sequence adds to the errors of the parts: through the coefficients, and the covariate's law."""
    n_tasks, n, n_features = features.shape
    along = np.einsum("pkgw,knw->pkng", pulls.reshape(3, n_tasks, n_features, -1), residuals)
    linear = 2 * np.einsum("pkng,kng->pkn", along, rows)
    mean = coefficients.mean(axis=0)
    own, z = coefficients - mean, features[..., 1:]
    across = np.einsum("kw,kgw->g", own[:, 0], own[:, 1:]) / n_tasks
    common, apart = mean[1:] @ mean[1:].T, np.einsum("kgw,khw->gh", own[:, 1:], own[:, 1:]) / n_tasks
    law = np.stack([2 * z @ across, *(((z @ gram) * z).sum(axis=-1) for gram in (common, apart)), squares])
    influence = np.concatenate([linear, np.zeros((1, n_tasks, n))]) + law / (n_tasks * n)
    influence = influence - influence.mean(axis=2, keepdims=True)
    return influence.reshape(4, -1).T
