"""How much of out-of-distribution states lies in the span of the task vectors.

    R2_OOD = sum |Q'(h - m)|^2 / sum |h - m|^2

h: last states of sequences of fresh tasks; m: the majors' mean state at that position; Q: an orthonormal basis of
span{theta_k}, of rank K - 1. *Single* takes each sequence's state, *averaged* first averages the sequences of a task.
A random subspace of rank r holds r / W on average, whatever the states.

Intervals resample the fresh tasks. Source: the paper, section on near-orthogonality.
"""

import numpy as np
from jaxtyping import Float
from scipy.linalg import orth

from validate.intervals import Estimate, bootstrap, ratio

N_SUBSPACES = 50
"""Random subspaces over which the chance level is averaged."""


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
