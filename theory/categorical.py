"""Categorical laws: checking them, drawing from them, their log-ratios, and their Dirichlet evidence.

    draw      s = #{v : u >= F_v},  F_v = p_0 + ... + p_v,  u uniform on [0, 1)          (inverse distribution function)
    log-ratio clr(p)_v = log p_v - mean_u log p_u,  the same for all multiples of p          (centred log-ratio)
    evidence  E[prod_v p_v^n_v] = prod_v (a)_{n_v} / (V a)_n  for p ~ Dirichlet(a, ..., a),  n = sum_v n_v

with the rising factorial (a)_n = a (a + 1) ... (a + n - 1). The evidence is written with rising factorials and not
with Gamma(a + n) / Gamma(a), because the logarithm of that ratio loses digits when a is large.

Sources: Johnson, Kotz and Balakrishnan, Discrete Multivariate Distributions (1997), chapter 35; Aitchison, The
Statistical Analysis of Compositional Data (1986), for the log-ratio.
"""

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

ROW_SUM_TOLERANCE = 1e-9

CONCENTRATIONS = (1e-12, 1e12)
"""Parameters a of a Dirichlet prior between which laws, evidences and their logarithms keep their digits."""


def as_laws(rows: ArrayLike, name: str) -> Float[np.ndarray, "... V"]:
    """Return a float64 copy of `rows`, each of which must be a probability law along the last axis.

    Raises
    ------
    ValueError
        If an entry is negative or not finite, or a row does not sum to 1 within 1e-9.
    """
    laws = np.array(rows, dtype=np.float64)
    if not np.all(np.isfinite(laws)) or np.any(laws < 0):
        raise ValueError(f"{name} must hold finite probabilities that are at least 0")
    sums = laws.sum(axis=-1)
    if np.any(np.abs(sums - 1) > ROW_SUM_TOLERANCE):
        worst = sums.flat[np.argmax(np.abs(sums - 1))]
        raise ValueError(f"each row of {name} must sum to 1; got a row that sums to {worst:.12g}")
    return laws


def draw(uniforms: Float[np.ndarray, "B T"], laws: Float[np.ndarray, "B V"]) -> Int[np.ndarray, "B T"]:
    """Turn uniform numbers on [0, 1) into symbols: row b of the result follows row b of `laws`.

    A symbol of probability 0 is never drawn: dividing by the last entry makes the distribution function
    exactly 1 from the last possible symbol on, whatever the rounding of the sum.
    """
    cumulative = np.cumsum(laws, axis=1)
    cumulative /= cumulative[:, -1:]
    symbols = np.zeros(uniforms.shape, dtype=np.int64)
    for symbol in range(laws.shape[1] - 1):
        symbols += uniforms >= cumulative[:, symbol, None]
    return symbols


def centred_log_ratio(weights: Float[np.ndarray, "*batch V"]) -> Float[np.ndarray, "*batch V"]:
    """Return log-weights less their mean over the last axis; a common factor of the weights plays no part."""
    logs = np.log(weights)
    centred: Float[np.ndarray, "*batch V"] = logs - logs.mean(axis=-1, keepdims=True)
    return centred


def log_rising_factorial(base: float, largest: int) -> Float[np.ndarray, " n"]:
    """Return the table of log (base)_n for n = 0 .. largest; base > 0.

    The sum runs in extended precision where the machine has it, so that long contexts lose no digits.
    """
    table = np.zeros(largest + 1)
    table[1:] = np.cumsum(np.log(base + np.arange(largest)), dtype=np.longdouble)
    return table


def log_dirichlet_evidence(counts: Float[np.ndarray, "*batch V"], concentration: float) -> Float[np.ndarray, "*batch"]:
    """Return the log probability, in nats, of one sequence with these symbol counts, its law from Dirichlet(a).

    Symmetric prior with parameter a = `concentration`; the order of the symbols does not matter.
    """
    n_symbols = counts.shape[-1]
    totals = counts.sum(axis=-1).astype(np.int64)
    largest = int(totals.max(initial=0))
    per_symbol = log_rising_factorial(concentration, largest)[counts.astype(np.int64)]
    normaliser = log_rising_factorial(n_symbols * concentration, largest)[totals]
    evidence: Float[np.ndarray, "*batch"] = per_symbol.sum(axis=-1) - normaliser
    return evidence
