"""Error exponents: how fast the posterior's average error falls.

The typical error falls like exp(-R t) with the KL rate R of `theory.rates`. The average error is dominated by rare
misleading sequences and falls more slowly. For two tasks z, k with equal prior weights,

    E_z[1 - alpha_z] = sum_s p_z p_k / (p_z + p_k),      min / 2 <= p_z p_k / (p_z + p_k) <= min(p_z, p_k),

and min(p_z, p_k) <= p_z^u p_k^(1-u) for every u in [0, 1]. So the error is at most the affinity sum_s p_z^u p_k^(1-u),
and by Chernoff the best u gives the true exponent, C = max_u lim -(1/t) log affinity_t(u). Per target the affinity is

    dice          sum_v p_{z,v}^u p_{k,v}^(1-u)
    Markov        spectral radius of the matrix P_z^u P_k^(1-u), powers entrywise
    regression    E exp(-u (1 - u) (gap . x)^2 / (2 sigma^2)), at u = 1/2: (1 + |gap|^2 / (4 sigma^2))^(-1/2)
    Dyck          1 - rho, for different paths: the chance that a position shows no step

For Dyck paths the error is the chance that too few steps were shown, P(Binomial(t, rho) <= m) with m common steps,
which is (1 - rho)^t times a polynomial. With several tasks the smallest exponent against the truth counts.

Source: Chernoff, A measure of asymptotic efficiency for tests of a hypothesis (1952); Cover and Thomas (2006),
section 11.9.
"""

from collections.abc import Callable
from functools import singledispatch

import numpy as np
from jaxtyping import Float

from theory.dice import BiasedDice
from theory.dyck import PlantedDyck
from theory.exposure import common_steps
from theory.markov import MarkovChains
from theory.notation import LatentTasks, Pool
from theory.regression import NoisyLinearRegression
from theory.tasks import require_pool

GOLDEN = (np.sqrt(5) - 1) / 2


@singledispatch
def error_exponent(family: LatentTasks, pool: Pool) -> Float[np.ndarray, "K K"]:
    """Return the Chernoff information of every two tasks in nats per target: E_z[1 - alpha_z] falls like exp(-C t).

    0 for tasks that data need not tell apart, +inf for tasks that exclude each other at once.
    """
    raise TypeError(f"no error exponent is known for {type(family).__name__}")


@error_exponent.register
def _(family: BiasedDice, pool: Pool) -> Float[np.ndarray, "K K"]:
    require_pool("pool", family, pool)
    laws = pool.parameters
    return _greatest_exponent(
        lambda u: (_power(laws[:, None], u[..., None]) * _power(laws, 1 - u[..., None])).sum(axis=-1), len(pool)
    )


@error_exponent.register
def _(family: MarkovChains, pool: Pool) -> Float[np.ndarray, "K K"]:
    require_pool("pool", family, pool)
    chains = pool.parameters
    return _greatest_exponent(
        lambda u: _spectral_radius(
            _power(chains[:, None], u[..., None, None]) * _power(chains, 1 - u[..., None, None])
        ),
        len(pool),
    )


@error_exponent.register
def _(family: NoisyLinearRegression, pool: Pool) -> Float[np.ndarray, "K K"]:
    require_pool("pool", family, pool)
    squared_gap = np.square(pool.parameters[:, None] - pool.parameters).sum(axis=-1)
    exponent: Float[np.ndarray, "K K"] = 0.5 * np.log1p(squared_gap / (4 * family.noise**2))
    return exponent


@error_exponent.register
def _(family: PlantedDyck, pool: Pool) -> Float[np.ndarray, "K K"]:
    require_pool("pool", family, pool)
    with np.errstate(divide="ignore"):
        undecided = -np.log1p(-family.density)
    return np.where(common_steps(pool) < 2 * family.pairs, undecided, 0.0)


def _power(laws: Float[np.ndarray, "..."], exponent: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Return laws^exponent with 0^0 = 0, the limit from within (0, 1): what one task excludes never counts."""
    return np.where(laws > 0, laws**exponent, 0)


def _spectral_radius(matrices: Float[np.ndarray, "*batch V V"]) -> Float[np.ndarray, "*batch"]:
    radius: Float[np.ndarray, "*batch"] = np.abs(np.linalg.eigvals(matrices)).max(axis=-1)
    return radius


def _greatest_exponent(
    affinity: Callable[[Float[np.ndarray, "K K"]], Float[np.ndarray, "K K"]], n_tasks: int
) -> Float[np.ndarray, "K K"]:
    """Return the maximum over u in [0, 1] of -log affinity(u), which is concave, by golden section."""
    low, high = np.zeros((n_tasks, n_tasks)), np.ones((n_tasks, n_tasks))
    for _ in range(80):
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        keep_left = affinity(left) < affinity(right)
        low, high = np.where(keep_left, low, left), np.where(keep_left, right, high)
    with np.errstate(divide="ignore"):
        exponent = -np.log(affinity((low + high) / 2))
    return np.where(np.eye(n_tasks, dtype=bool), 0.0, np.maximum(exponent, 0))
