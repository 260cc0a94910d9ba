"""Dyck paths: how many there are, how a uniformly random one walks, and drawing one.

A Dyck path of 2 n steps goes up (+1) or down (-1), never below 0, and ends at 0. At height r (the ups that are still
unmatched) with k steps left, the number of ways to finish is the ballot number

    N(r, k) = C(k, (k - r) / 2) - C(k, (k - r) / 2 - 1) = (r + 1) / (k + 1) C(k + 1, (k - r) / 2)

and 0 unless 0 <= r <= k with k - r even. (All walks from r to 0, less those that touch -1, which reflect at -1 into
walks from -2 - r to 0.) From the start, N(0, 2 n) = C(2 n, n) / (n + 1) is the Catalan number. A uniformly random path
takes each step in proportion to the ways to finish after it,

    P(down | r, k) = N(r - 1, k - 1) / N(r, k) = r (k + r + 2) / (2 k (r + 1)).

Source: Feller, An Introduction to Probability Theory (1968), chapter III; arXiv:2605.03780, distribution E4.
"""

import numpy as np
from jaxtyping import Float, Int

from theory.categorical import log_rising_factorial


def log_completions(height: Int[np.ndarray, "*batch"], left: Int[np.ndarray, "*batch"]) -> Float[np.ndarray, "*batch"]:
    """Return log N(r, k), the log number of ways to finish from height r with k steps left; -inf for none."""
    possible = (height >= 0) & (height <= left) & ((left - height) % 2 == 0)
    r, k = np.where(possible, height, 0), np.where(possible, left, 0)
    log_factorial = log_rising_factorial(1.0, int(k.max(initial=0)) + 1)
    downs = (k - r) // 2
    log_binomial = log_factorial[k + 1] - log_factorial[downs] - log_factorial[k + 1 - downs]
    return np.where(possible, log_binomial + np.log((r + 1) / (k + 1)), -np.inf)


def log_catalan(pairs: int) -> float:
    """Return the log of the Catalan number C(2 n, n) / (n + 1), the number of Dyck paths of n pairs."""
    return float(log_completions(np.array(0), np.array(2 * pairs)))


def down_probability(
    height: Int[np.ndarray, "*batch"], left: Int[np.ndarray, "..."] | int
) -> Float[np.ndarray, "*batch"]:
    """Return P(down) of a uniformly random path at height r with k steps left, where it can be finished and k > 0.

    It is exactly 0 at height 0 and exactly 1 where only downs can still finish.
    """
    probability: Float[np.ndarray, "*batch"] = height * (left + height + 2) / (2 * left * (height + 1))
    return probability


def random_paths(rng: np.random.Generator, pairs: int, n_paths: int) -> Int[np.ndarray, "K steps"]:
    """Draw uniformly random Dyck paths of 2 * `pairs` steps, as rows of +1 and -1."""
    n_steps = 2 * pairs
    uniforms = rng.random((n_paths, n_steps))
    paths = np.empty((n_paths, n_steps), dtype=np.int64)
    height = np.zeros(n_paths, dtype=np.int64)
    for step in range(n_steps):
        paths[:, step] = np.where(uniforms[:, step] < down_probability(height, n_steps - step), -1, 1)
        height += paths[:, step]
    return paths


def as_paths(rows: Int[np.ndarray, "..."] | Float[np.ndarray, "..."], pairs: int) -> Int[np.ndarray, "K steps"]:
    """Return rows as int64 Dyck paths of 2 * `pairs` steps.

    Raises
    ------
    ValueError
        If the table is not (K, 2 pairs) with K at least 1, or a row is not a Dyck path.
    """
    if rows.ndim != 2 or rows.shape[1] != 2 * pairs or not len(rows):
        raise ValueError(f"parameters must have shape (K, {2 * pairs}) with K at least 1; got {rows.shape}")
    if not np.all(np.abs(rows) == 1):
        raise ValueError("steps of a path must be +1 (up) or -1 (down)")
    paths = rows.astype(np.int64)
    heights = np.cumsum(paths, axis=1)
    broken = np.flatnonzero((heights.min(axis=1) < 0) | (heights[:, -1] != 0))
    if broken.size:
        raise ValueError(f"a path must never go below 0 and must end at 0; row {broken[0]} does not")
    return paths
