"""At which task diversity should a learner stop remembering tasks? Three answers, each with its own reason.

What it is worth to know N tasks of a uniform pool over knowing their prior, in nats summed over the targets before t:

    gain_t(N) = E log( m_N(s_<t) / m(s_<t) ),    m_N = 1/N sum_i p(s | z_i),   m = evidence,   s from the pool

It is exact for the pool drawn and averaged over pools; `theory.diversity` bounds it. By the chain rule its increments
are the excess risks E KL(m_N(. | s_<t) || m(. | s_<t)) of the fresh-task predictor, target by target. Of majors and N
minors the excess risk Delta(N) of M2 over M1 is `theory.diversity.expected_divergence`.

    indifference   Delta(N) = the learner's own error: of two predictors that differ less, it cannot tell which it is
    rational       log odds of remembering = gamma n^(1 - alpha) Delta(N) - (N I)^beta = 0
    count          N I = c (number of parameters) log 2

I = I(z; s_<T) is what a whole sequence tells of its task, in nats: what must be kept of each task to predict as if it
were known. n is the number of targets seen in training, c = 2 the bits a parameter can hold.

Rational: a Bayesian with the two predictors as hypotheses, of prior probabilities exp(-code length), has after n
targets log odds = (sum of log-likelihood ratios) - (difference of code lengths). The first sum is n Delta(N) in
expectation, the pool's extra code N I. A network learns less from n targets than a Bayesian, and its prior need not be
linear in code length: alpha, beta and gamma are for this, and alpha = 0, beta = gamma = 1 is the Bayesian.

Count: 2^(c parameters) networks can be told apart, and pools to a precision of I nats a task are exp(N I).

Source: arXiv:2605.03780 for the question; Wurgaft et al., In-context learning strategies emerge rationally (2025), for
the rational account; Allen-Zhu and Li, Physics of language models 3.3 (2024), for 2 bits a parameter. All proofs are in
docs/phase.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Real
from scipy.optimize import isotonic_regression
from scipy.special import expit, logsumexp

from theory.blocks import blocks
from theory.notation import Batch, LatentTasks, Pool
from theory.regret import information
from theory.risk import RiskCurve

Diversities = Sequence[float] | Sequence[int] | Real[np.ndarray, " N"]
"""Numbers of tasks, rising."""

BITS_PER_PARAMETER = 2.0
"""What a parameter of a trained transformer can hold."""


def gain_of_pool(family: LatentTasks, pool: Pool, batch: Batch) -> Float[np.ndarray, "B T"]:
    """Return log m_N(s_<t) - log m(s_<t) of each sequence, nats: what knowing the pool has gained before target t."""
    gained = -family.log_evidence(batch)
    for rows, block in blocks(batch, gained.shape[1] * len(pool)):
        gained[rows] += logsumexp(family.log_likelihood(pool, block), axis=-1) - np.log(len(pool))
    return gained


def exact_gain(
    family: LatentTasks, pool_sizes: Sequence[int], rng: np.random.Generator, n_pools: int = 16, n_sequences: int = 64
) -> tuple[RiskCurve, ...]:
    """Return gain_t(N) for each pool size N, with standard errors over pools.

    Parameters
    ----------
    n_pools : int
        Pools drawn for each size, at least 2.
    n_sequences : int
        Sequences of each pool. Cost: n_pools n_sequences N likelihoods a size.
    """
    if n_pools < 2 or n_sequences < 1:
        raise ValueError(f"n_pools must be at least 2 and n_sequences at least 1; got {n_pools} and {n_sequences}")
    curves = []
    for size in pool_sizes:
        gained = []
        for _ in range(n_pools):
            pool = family.sample_pool(rng, size)
            gained.append(gain_of_pool(family, pool, family.sample(rng, pool, n_sequences)).mean(axis=0))
        table = np.array(gained)
        curves.append(RiskCurve(table.mean(axis=0), table.std(axis=0, ddof=1) / np.sqrt(n_pools)))
    return tuple(curves)


def crossing(diversities: Diversities, rising: Float[np.ndarray, " N"]) -> float:
    """Return log2 of the diversity at which what should rise with it passes 0: -inf or +inf if it does not.

    Where the values are not in order, the nearest ones in order (least squares) stand for them; between diversities
    they are joined by lines in log2 N.
    """
    places, values = np.log2(np.asarray(diversities, dtype=np.float64)), np.asarray(rising, dtype=np.float64)
    if len(places) != len(values) or len(values) < 1 or np.any(np.diff(places) <= 0):
        raise ValueError("diversities must ascend, one for each value")
    ordered = np.asarray(isotonic_regression(values).x)
    if ordered[0] > 0:
        return -np.inf
    if ordered[-1] <= 0:
        return np.inf
    above = int(np.argmax(ordered > 0))
    low, high = ordered[above - 1], ordered[above]
    return float(places[above - 1] + (places[above] - places[above - 1]) * (-low) / (high - low))


def indifference(diversities: Diversities, excess: Float[np.ndarray, " N"], error: Float[np.ndarray, " N"]) -> float:
    """Return log2 of the diversity at which the excess risk Delta(N) falls to the learner's own error."""
    if np.any(np.asarray(excess) <= 0) or np.any(np.asarray(error) <= 0):
        raise ValueError("excess risk and error must be positive")
    return crossing(diversities, np.log(error) - np.log(excess))


@dataclass(frozen=True)
class Rational:
    """A learner with a prior for simplicity.

    Attributes
    ----------
    gamma : float
        How much of the evidence it takes in, positive.
    alpha : float
        How fast that falls as training goes on, in [0, 1).
    beta : float
        How the penalty grows with the code length, positive.
    """

    gamma: float = 1.0
    alpha: float = 0.0
    beta: float = 1.0

    def __post_init__(self) -> None:
        if not (self.gamma > 0 and 0 <= self.alpha < 1 and self.beta > 0):
            raise ValueError(f"gamma and beta must be positive and alpha in [0, 1); got {self}")

    def log_odds(
        self,
        shown: Real[np.ndarray, "*grid"],
        excess: Float[np.ndarray, "*grid"],
        code: Float[np.ndarray, "*grid"],
    ) -> Float[np.ndarray, "*grid"]:
        """Return the log odds of remembering over not.

        Parameters
        ----------
        shown : ndarray
            Targets n seen in training.
        excess : ndarray
            Delta(N), nats a target.
        code : ndarray
            N I, nats.
        """
        odds: Float[np.ndarray, "*grid"] = self.gamma * shown ** (1 - self.alpha) * excess - code**self.beta
        return odds

    def weight(
        self,
        shown: Real[np.ndarray, "*grid"],
        excess: Float[np.ndarray, "*grid"],
        code: Float[np.ndarray, "*grid"],
    ) -> Float[np.ndarray, "*grid"]:
        """Return the posterior probability of the predictor that does not remember."""
        weight: Float[np.ndarray, "*grid"] = expit(-self.log_odds(shown, excess, code))
        return weight

    def threshold(
        self, diversities: Diversities, shown: float, excess: Float[np.ndarray, " N"], information: float
    ) -> float:
        """Return log2 of the diversity at which the odds are even after `shown` targets; `information` is I."""
        code = np.asarray(diversities, dtype=np.float64) * information
        return crossing(diversities, -self.log_odds(np.full(len(code), float(shown)), excess, code))


def told_by_sequence(family: LatentTasks, rng: np.random.Generator, n_draws: int = 2000) -> float:
    """Return I: what all targets of a sequence but the last tell of its task, nats."""
    return float(information(family, rng, n_draws).mean[-1])


def countable_tasks(n_parameters: int, information: float, bits: float = BITS_PER_PARAMETER) -> float:
    """Return the number of tasks a network's parameters can hold, each to `information` nats."""
    if not (n_parameters > 0 and information > 0 and bits > 0):
        raise ValueError("parameters, information and bits must be positive")
    return bits * np.log(2) * n_parameters / information
