"""Subspaces of states: shares of squares inside, principal angles, effective dimension, distance.

    R2_OOD = sum |Q'(h - m)|^2 / sum |h - m|^2

h: last states of sequences of fresh tasks; m: the majors' mean state at that position; Q: an orthonormal basis of
span{theta_k}, of rank K - 1. *Single* takes each sequence's state, *averaged* first averages the sequences of a task.
A random subspace of rank r holds r / W on average, whatever the states. With a basis of other directions in place of Q
the same share says what these explain.

    leading directions   the first r right singular vectors of the states h - m
    principal angles     arccos of the singular values of Q'R for two bases; 0 where a direction is shared
    effective dimension  (tr C)^2 / tr C^2, C the covariance of the states: d if they fill d directions evenly
    radius               of a ball that holds the projections Q'(h - m): Badoiu and Clarkson's iteration finds it

Intervals resample the fresh tasks. Source: the paper, section on near-orthogonality; Golub and Van Loan, Matrix
Computations (2013), section 6.4, for the angles.
"""

import numpy as np
from jaxtyping import Float
from scipy.linalg import eigh, orth, subspace_angles

from validate.statistics.intervals import Estimate, bootstrap, ratio

N_SUBSPACES = 50
"""Random subspaces over which the chance level is averaged."""

N_STEPS = 1000
"""Steps of the iteration for the smallest ball; its radius is then less than a tenth of a percent too large."""


def span_basis(vectors: Float[np.ndarray, "K W"]) -> Float[np.ndarray, "W r"]:
    """Return an orthonormal basis of the span of some vectors (for centred task vectors the rank is K - 1)."""
    return np.asarray(orth(vectors.T))


def random_basis(width: int, rank: int, rng: np.random.Generator) -> Float[np.ndarray, "W r"]:
    """Return an orthonormal basis of a uniformly random subspace."""
    return np.linalg.qr(rng.standard_normal((width, rank)))[0]


def subspace_moments(
    states: Float[np.ndarray, "N m W"], centre: Float[np.ndarray, " W"], basis: Float[np.ndarray, "W r"]
) -> Float[np.ndarray, "N 2"]:
    """Return for each of N tasks the squared length inside the subspace and in all, averaged over its m states."""
    centred = states - centre
    inside = np.square(centred @ basis).sum(axis=-1).mean(axis=1)
    return np.stack([inside, np.square(centred).sum(axis=-1).mean(axis=1)], axis=-1)


def share_inside(moments: Float[np.ndarray, "R 2"]) -> Float[np.ndarray, " R"]:
    """Return inside / total."""
    return ratio(moments[..., 0], moments[..., 1])


def compare_shares(
    before: Float[np.ndarray, "N 2"], after: Float[np.ndarray, "N 2"], rng: np.random.Generator, n_replicates: int
) -> tuple[Estimate, Estimate]:
    """Estimate the ratio after / before and the fall before - after of two shares on the same fresh tasks.

    The tasks are resampled together, because both networks saw the same ones.
    """
    moments = np.concatenate([before, after], axis=1)

    def quotient(m: Float[np.ndarray, "R 4"]) -> Float[np.ndarray, " R"]:
        return ratio(share_inside(m[..., 2:]), share_inside(m[..., :2]))

    def fall(m: Float[np.ndarray, "R 4"]) -> Float[np.ndarray, " R"]:
        return share_inside(m[..., :2]) - share_inside(m[..., 2:])

    return bootstrap(moments, quotient, rng, n_replicates), bootstrap(moments, fall, rng, n_replicates)


def chance_moments(
    states: Float[np.ndarray, "N m W"], centre: Float[np.ndarray, " W"], rank: int, rng: np.random.Generator
) -> Float[np.ndarray, "N 2"]:
    """Return `subspace_moments` averaged over random subspaces: the chance level, rank / W up to their number."""
    bases = (random_basis(states.shape[-1], rank, rng) for _ in range(N_SUBSPACES))
    return np.mean([subspace_moments(states, centre, basis) for basis in bases], axis=0)


def leading_directions(centred: Float[np.ndarray, "N W"], rank: int) -> Float[np.ndarray, "W r"]:
    """Return the first right singular vectors of centred states: the subspace that holds most of their squares."""
    width = centred.shape[1]
    vectors: Float[np.ndarray, "W r"] = eigh(centred.T @ centred, subset_by_index=[max(width - rank, 0), width - 1])[1]
    return vectors[:, ::-1]


def principal_angles(one: Float[np.ndarray, "W r"], other: Float[np.ndarray, "W s"]) -> Float[np.ndarray, " a"]:
    """Return the principal angles of two subspaces in degrees, the smallest first."""
    return np.degrees(subspace_angles(one, other))[::-1]


def effective_dimension(states: Float[np.ndarray, "N W"]) -> float:
    """Return the participation ratio of the states' covariance, from 1 to W; nan if they do not vary."""
    variances = np.square(np.linalg.svd(states - states.mean(axis=0), compute_uv=False))
    return float(ratio(np.square(variances.sum(keepdims=True)), np.square(variances).sum(keepdims=True))[0])


def distances_from(centred: Float[np.ndarray, "N W"], basis: Float[np.ndarray, "W r"]) -> Float[np.ndarray, " N"]:
    """Return each centred state's distance from the subspace."""
    return np.linalg.norm(centred - centred @ basis @ basis.T, axis=1)


def ball_radius(points: Float[np.ndarray, "N r"]) -> float:
    """Return the radius of a ball that holds all points, nearly the smallest."""
    centre = points.mean(axis=0)
    for step in range(1, N_STEPS + 1):
        farthest = points[np.argmax(np.square(points - centre).sum(axis=1))]
        centre = centre + (farthest - centre) / (step + 1)
    return float(np.linalg.norm(points - centre, axis=1).max())
