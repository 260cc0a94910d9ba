"""The search for V: the directions whose removal hurts most on fresh tasks.

    maximise  L(V) = mean loss on fresh tasks with  h' = m + (I - V V')(h - m)  at the site,
    V = C U,  U'U = I_r,  C an orthonormal basis of the complement of span{theta, nu}

Gradient. With r_n = h_n - m and g_n = dL/dh'_n for the N changed states, stacked as rows of R and G (N, W), a change
dV gives

    dh'_n = -(dV V' + V dV') r_n
    dL    = -sum_n g_n' dV V' r_n - sum_n g_n' V dV' r_n = -tr dV'(G'R V) - tr dV'(R'G V),

so dL/dV = -(G'R + R'G) V. The unchanged states R do not depend on V, and how changed states act on later positions is
inside G, which the network's own backward gives. A test compares this with finite differences.

Ascent. On U: gradient C' dL/dV, its part tangent to the orthonormal frames, T = g - U sym(U'g), scaled to length 1;
a step of angle a_j = step_size (1 - j / steps) along it, and back to orthonormal columns by QR. Each step sees the next
quarter of the sequences. L has local maxima, so there are several starts, each the worst for the network of a handful
of random frames; the one with the largest loss on all sequences of the search is kept, and judged on others.

Source: the paper, section on double dissociation; Edelman, Arias and Smith, The geometry of algorithms with
orthogonality constraints (1998), for the tangent.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from theory import Batch, nats_per_loss
from validate.claims.causal.removal import Removal
from validate.claims.causal.subject import DifferentiableNetwork, Subject
from validate.experiment.schema import Causal
from validate.statistics.subspace import random_basis

N_PARTS = 4
"""Parts into which the sequences of the search are cut; steps take them in turn."""

N_CANDIDATES = 16
"""Random frames among which a start is chosen, by the loss on the first part."""

ROUND_OFF = 1e-12
"""Tangents this short beside the gradient are round-off: there is no uphill."""


@dataclass(frozen=True, eq=False)
class Found:
    """What a search found.

    Attributes
    ----------
    basis : ndarray, shape (W, r)
        V, of the best start.
    losses : list of float
        Loss on all sequences of the search with the V of each start removed, in nats.
    trace : list of float
        Loss on its part of the sequences before each step of the best start.
    """

    basis: Float[np.ndarray, "W r"]
    losses: list[float]
    trace: list[float]


def removal_gradient(
    basis: Float[np.ndarray, "W r"], centred: Float[np.ndarray, "N W"], gradient: Float[np.ndarray, "N W"]
) -> Float[np.ndarray, "W r"]:
    """Return dL/dV = -(G'R + R'G) V.

    Parameters
    ----------
    basis : ndarray, shape (W, r)
        V.
    centred : ndarray, shape (N, W)
        R: states before the removal, less the mean state of their position.
    gradient : ndarray, shape (N, W)
        G: gradient of the loss with respect to the states after the removal.
    """
    return -(gradient.T @ (centred @ basis) + centred.T @ (gradient @ basis))


def ascend(
    frame: Float[np.ndarray, "m r"], gradient: Float[np.ndarray, "m r"], angle: float
) -> Float[np.ndarray, "m r"]:
    """Turn an orthonormal frame by an angle (radians, to first order) along its tangent gradient."""
    overlap = frame.T @ gradient
    tangent = gradient - frame @ (overlap + overlap.T) / 2
    length = np.linalg.norm(tangent)
    if length <= ROUND_OFF * np.linalg.norm(gradient):
        return frame
    return np.linalg.qr(frame + angle / length * tangent)[0]


def search(subject: Subject, batch: Batch, mean: Float[np.ndarray, "P W"], settings: Causal) -> Found:
    """Find V on sequences of fresh tasks; the complement must have at least `settings.rank` dimensions.

    On sequences of the majors it finds what hurts them: the null of a search that may look wherever V's may.
    """
    parts = [batch[rows] for rows in np.array_split(np.arange(len(batch)), N_PARTS)]
    centred = [subject.states(part) - mean for part in parts]
    starts = []
    for restart in range(settings.restarts):
        frame = _start(subject, parts[0], mean, settings.rank, restart)
        trace = []
        for step in range(settings.steps):
            removal = Removal(subject.complement @ frame, mean)
            loss, slope = loss_and_slope(subject, parts[step % N_PARTS], centred[step % N_PARTS], removal)
            frame = ascend(frame, subject.complement.T @ slope, settings.step_size * (1 - step / settings.steps))
            trace.append(loss)
        basis = subject.complement @ frame
        starts.append(Found(basis, [_loss(subject, batch, basis, mean)], trace))
    losses = [start.losses[0] for start in starts]
    best = starts[int(np.argmax(losses))]
    return Found(best.basis, losses, best.trace)


def _start(
    subject: Subject, batch: Batch, mean: Float[np.ndarray, "P W"], rank: int, restart: int
) -> Float[np.ndarray, "m r"]:
    """Return the random frame whose removal hurts most."""
    rng, size = subject.stream("search", restart), subject.complement.shape[1]
    frames = [random_basis(size, rank, rng) for _ in range(N_CANDIDATES)]
    return max(frames, key=lambda frame: _loss(subject, batch, subject.complement @ frame, mean))


def loss_and_slope(
    subject: Subject, batch: Batch, centred: Float[np.ndarray, "B P W"], removal: Removal
) -> tuple[float, Float[np.ndarray, "W r"]]:
    """Return the loss with V removed, nats, and dL/dV; `centred` is R by sequence and position."""
    arrays, width, nats = subject.family.encode(batch), centred.shape[-1], nats_per_loss(subject.family)
    if not isinstance(subject.network, DifferentiableNetwork):
        raise TypeError(f"the search for V needs gradients; {type(subject.network).__name__} has none")
    loss, gradient = subject.network.gradient_at(subject.site, arrays, edit=subject.edit(arrays.positions, removal))
    by_state = nats * gradient[:, subject.places(arrays.positions)].reshape(-1, width).astype(np.float64)
    return nats * float(loss), removal_gradient(removal.basis, centred.reshape(-1, width), by_state)


def _loss(subject: Subject, batch: Batch, basis: Float[np.ndarray, "W r"], mean: Float[np.ndarray, "P W"]) -> float:
    return float(subject.loss(batch, Removal(basis, mean)).mean())
