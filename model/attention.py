"""Rotary positions and causal attention in plain NumPy.

With per-head queries, keys and values q_i, k_j, v_j in R^D at positions i, j = 0 .. L - 1,

    S_ij = (R_i q_i) . (R_j k_j) / sqrt(D)  for j <= i,    P_i = softmax of S_i over j <= i,    o_i = sum_j P_ij v_j.

R_i turns the pair (x_m, x_{m + D/2}) by the angle i / 10000^(2 m / D), m = 0 .. D/2 - 1 (Su et al., arXiv:2104.09864,
with the two halves of a head as pairs). Turns compose, so R_i' R_j = R_{j - i}: a score depends on i - j alone.

As in `model.ops`, a forward returns (output, cache) and its backward stands below it.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import DTypeLike

ROTARY_BASE = 10000.0


class Rotation(NamedTuple):
    """Cosine and sine of every turn: entry (i, m) is the angle i / 10000^(2 m / D)."""

    cosine: Float[np.ndarray, "L half"]
    sine: Float[np.ndarray, "L half"]

    def first(self, length: int) -> "Rotation":
        """Return the turns of the first `length` positions."""
        return Rotation(self.cosine[:length], self.sine[:length])


def rotation(length: int, head_size: int, dtype: DTypeLike) -> Rotation:
    """Return the turns for positions 0 .. length - 1, computed in float64 and then rounded to `dtype`."""
    frequency = ROTARY_BASE ** (-2.0 * np.arange(head_size // 2) / head_size)
    angle = np.arange(length)[:, None] * frequency
    return Rotation(np.cos(angle).astype(dtype), np.sin(angle).astype(dtype))


def rotary(x: Float[np.ndarray, "B L H D"], turn: Rotation) -> tuple[Float[np.ndarray, "B L H D"], Any]:
    """Turn every pair: (a, b) becomes (a cos - b sin, a sin + b cos)."""
    a, b = np.split(x, 2, axis=-1)
    cosine, sine = turn.cosine[:, None, :], turn.sine[:, None, :]
    return np.concatenate([a * cosine - b * sine, a * sine + b * cosine], axis=-1), turn


def rotary_backward(dy: Float[np.ndarray, "B L H D"], cache: Any) -> Float[np.ndarray, "B L H D"]:
    """Turn back: a turn is orthogonal, so its transpose is the turn by minus the angle."""
    dx, _ = rotary(dy, Rotation(cache.cosine, -cache.sine))
    return dx


def causal_attention(
    query: Float[np.ndarray, "B L H D"], key: Float[np.ndarray, "B L H D"], value: Float[np.ndarray, "B L H D"]
) -> tuple[Float[np.ndarray, "B L H D"], Any]:
    """Return o_i = sum_j P_ij v_j with P_i = softmax of q_i . k_j / sqrt(D) over j <= i."""
    length, scale = query.shape[1], float(query.shape[-1]) ** -0.5
    q, k, v = (np.swapaxes(x, 1, 2) for x in (query, key, value))  # (B, H, L, D)
    scores = scale * (q @ np.swapaxes(k, -1, -2))
    scores = np.where(np.tri(length, dtype=bool), scores, -np.inf)
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    attention = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return np.swapaxes(attention @ v, 1, 2), (q, k, v, attention, scale)


def causal_attention_backward(
    dy: Float[np.ndarray, "B L H D"], cache: Any
) -> tuple[Float[np.ndarray, "B L H D"], Float[np.ndarray, "B L H D"], Float[np.ndarray, "B L H D"]]:
    """Return dq = dS k / sqrt(D), dk = dS' q / sqrt(D), dv = P' do; dP = do v', dS = P (dP - sum_j P_ij dP_ij)."""
    q, k, v, attention, scale = cache
    do = np.swapaxes(dy, 1, 2)
    dattention = do @ np.swapaxes(v, -1, -2)
    mean = np.sum(attention * dattention, axis=-1, keepdims=True)
    dscores = scale * attention * (dattention - mean)
    dq, dk = dscores @ k, np.swapaxes(dscores, -1, -2) @ q
    dv = np.swapaxes(attention, -1, -2) @ do
    return np.swapaxes(dq, 1, 2), np.swapaxes(dk, 1, 2), np.swapaxes(dv, 1, 2)
