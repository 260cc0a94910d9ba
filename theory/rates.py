"""How fast the posterior learns the task: growth of the log-odds, error exponents, and the limit on unknown tasks.

With R[z, k] = KL rate of task k under data of task z, in nats per target, the log-odds of task j over task k grow
under data of z by R[z, k] - R[z, j] per target; for j = z this is R[z, k] itself.

    dice          R = KL(p_z || p_k)                              log-odds are a sum of independent terms
    Markov        R = sum_a occupancy_z(a) KL(P_z[a] || P_k[a])   ergodic theorem; occupancy from a uniform start
    regression    R = |w_z - w_k|^2 / (2 sigma^2)                 E[(eps + (w_z - w_k) . x / sigma)^2 - eps^2] / 2
    Dyck          R = inf for different paths, 0 for the same     the first step that differs excludes a path

The posterior is unsettled on rare sequences for longer than that: its average error falls by `theory.exponents`.

Sources: Cover and Thomas, Elements of Information Theory (2006), chapter 11; Berk, Limiting behavior of posterior
distributions (1966), for tasks outside the pool; arXiv:2605.03780.
"""

from dataclasses import dataclass
from functools import singledispatch
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import logsumexp, rel_entr

from theory.checks import is_number, quoted, require_array, require_real, require_shape
from theory.dice import BiasedDice
from theory.dyck import PlantedDyck
from theory.exponents import error_exponent
from theory.exposure import common_steps, long_run_occupancy, steps_shown_law
from theory.markov import MarkovChains
from theory.mixture import Mixture
from theory.notation import LatentTasks, Pool
from theory.regression import NoisyLinearRegression
from theory.regret import information
from theory.tasks import require_pool

TIE = 1e-9
SUMMARY_FRESH, SUMMARY_DRAWS = 4, 400


@singledispatch
def divergence_rate(family: LatentTasks, truths: Pool, pool: Pool) -> Float[np.ndarray, "N K"]:
    """Return R[z, k], the KL rate of task k of `pool` under data of task z of `truths`, in nats per target.

    It is +inf where a task excludes what the truth keeps producing.
    """
    raise TypeError(f"no divergence rate is known for {type(family).__name__}")


@divergence_rate.register
def _(family: BiasedDice, truths: Pool, pool: Pool) -> Float[np.ndarray, "N K"]:
    _require_pools(family, truths, pool)
    rate: Float[np.ndarray, "N K"] = rel_entr(truths.parameters[:, None], pool.parameters).sum(axis=-1)
    return rate


@divergence_rate.register
def _(family: MarkovChains, truths: Pool, pool: Pool) -> Float[np.ndarray, "N K"]:
    _require_pools(family, truths, pool)
    return _weighted(long_run_occupancy(truths.parameters), _row_divergence(truths, pool))


@divergence_rate.register
def _(family: NoisyLinearRegression, truths: Pool, pool: Pool) -> Float[np.ndarray, "N K"]:
    _require_pools(family, truths, pool)
    gap = truths.parameters[:, None] - pool.parameters
    rate: Float[np.ndarray, "N K"] = np.square(gap).sum(axis=-1) / (2 * family.noise**2)
    return rate


@divergence_rate.register
def _(family: PlantedDyck, truths: Pool, pool: Pool) -> Float[np.ndarray, "N K"]:
    _require_pools(family, truths, pool)
    different = (truths.parameters[:, None] != pool.parameters).any(axis=-1)
    return np.where(different, np.inf, 0.0)


@singledispatch
def expected_log_odds(family: LatentTasks, pool: Pool) -> Float[np.ndarray, "T K K"]:
    """Return E_z[log p(s_<t | z) - log p(s_<t | k)], exact at every target t, entry [t, z, k], in nats.

    In the long run it grows by `divergence_rate`. Dyck: 0 until the first step that differs can have been shown, +inf
    from there on, because one such step makes the odds infinite.
    """
    raise TypeError(f"no expected log-odds are known for {type(family).__name__}")


@expected_log_odds.register
def _(family: BiasedDice, pool: Pool) -> Float[np.ndarray, "T K K"]:
    return _linear(divergence_rate(family, pool, pool), family.length)


@expected_log_odds.register
def _(family: NoisyLinearRegression, pool: Pool) -> Float[np.ndarray, "T K K"]:
    return _linear(divergence_rate(family, pool, pool), family.points)


@expected_log_odds.register
def _(family: MarkovChains, pool: Pool) -> Float[np.ndarray, "T K K"]:
    require_pool("pool", family, pool)
    divergence = _row_divergence(pool, pool)
    state = np.full((len(pool), family.states), 1 / family.states)
    log_odds = np.zeros((family.length, len(pool), len(pool)))
    for target in range(2, family.length):
        log_odds[target] = log_odds[target - 1] + _weighted(state, divergence)
        state = np.einsum("ka,kab->kb", state, pool.parameters)
    return log_odds


@expected_log_odds.register
def _(family: PlantedDyck, pool: Pool) -> Float[np.ndarray, "T K K"]:
    require_pool("pool", family, pool)
    shared = common_steps(pool)
    excluded = (shared < 2 * family.pairs) & (np.arange(family.length)[:, None, None] > shared)
    return np.where(excluded, np.inf, 0.0)


@singledispatch
def typical_posterior(family: LatentTasks, pool: Pool, weights: Float[np.ndarray, " K"]) -> Float[np.ndarray, "T K"]:
    """Return an upper bound on the typical posterior of the true task, exp(E_z[log alpha_{t,z}]), entry [t, z].

    -log alpha_z = log sum_k exp(log pi_k - log pi_z - log-odds of z over k) is convex in the log-odds, so by Jensen's
    inequality it is on average at least its value at the expected log-odds. For Dyck paths the value is exact. Only
    ratios of the weights count, and all must be positive.
    """
    log_prior = np.log(_positive(weights, pool))
    exponent = log_prior - expected_log_odds(family, pool)
    return np.exp(log_prior - logsumexp(exponent, axis=-1))


@typical_posterior.register
def _(family: PlantedDyck, pool: Pool, weights: Float[np.ndarray, " K"]) -> Float[np.ndarray, "T K"]:
    """Given j steps shown, alpha_z is pi_z over the weight of all paths that share the first j steps with z."""
    require_pool("pool", family, pool)
    log_prior, n_steps = np.log(_positive(weights, pool)), 2 * family.pairs
    sharing = common_steps(pool)[None] >= np.arange(n_steps + 1)[:, None, None]
    log_posterior = log_prior - np.log(sharing @ weights)
    return np.exp(steps_shown_law(family) @ log_posterior)


def settling_position(typical: Float[np.ndarray, "T K"], concentration: float) -> Int[np.ndarray, " K"]:
    """Return, for each true task, the first target at which the typical posterior reaches `concentration`.

    T where it does not. As `typical_posterior` is an upper bound, the posterior does not typically settle earlier.
    """
    if not (is_number(concentration) and 0 < concentration < 1):
        raise ValueError(f"concentration must be in (0, 1); got {quoted(concentration)}")
    require_real("typical", typical, 2)
    if not len(typical) or np.any((typical < 0) | (typical > 1 + TIE)):
        raise ValueError("typical must hold probabilities, one row a target")
    reached = typical >= concentration
    return np.where(reached.any(axis=0), reached.argmax(axis=0), len(typical))


@dataclass(frozen=True, eq=False)
class MisspecifiedLimit:
    """Where the posterior goes when the truth is not in the pool.

    Attributes
    ----------
    nearest : ndarray of int, shape (N,)
        Task of least divergence rate, the first of several; -1 if every task is excluded: then there is no posterior.
    gap : ndarray, shape (N,)
        Nats per target by which the log-odds of `nearest` over the next other task grow; 0 for a tie, +inf if all
        others are excluded.
    tied : ndarray of bool, shape (N, K)
        Tasks within round-off of the least rate. Between two of them the log-odds are a random walk without drift:
        the posterior never settles, unless they predict the same, when it stays at the ratio of the prior.
    """

    nearest: Int[np.ndarray, " N"]
    gap: Float[np.ndarray, " N"]
    tied: Bool[np.ndarray, "N K"]


def misspecified_limit(rates: Float[np.ndarray, "N K"]) -> MisspecifiedLimit:
    """Return the limit of the posterior from the divergence rates of the pool under each truth."""
    require_array("rates", rates, 2)
    if not np.all(rates >= 0):
        raise ValueError("rates must be at least 0, and no NaN")
    ordered = np.sort(np.pad(rates, ((0, 0), (0, 1)), constant_values=np.inf), axis=1)
    least, second = ordered[:, 0], ordered[:, 1]
    possible = np.isfinite(least)
    bound = np.where(possible, least, 0) * (1 + TIE)
    tied = (rates <= bound[:, None]) & possible[:, None]
    gap = np.where(tied.sum(axis=1) > 1, 0.0, second - np.where(possible, least, 0))
    return MisspecifiedLimit(np.where(possible, rates.argmin(axis=1), -1), gap, tied)


def _require_pools(family: LatentTasks, truths: Pool, pool: Pool) -> None:
    require_pool("truths", family, truths)
    require_pool("pool", family, pool)


def _positive(weights: Float[np.ndarray, " K"], pool: Pool) -> Float[np.ndarray, " K"]:
    require_shape("weights", weights, (len(pool),))
    if not np.all((weights > 0) & np.isfinite(weights)):
        raise ValueError("weights must be positive and finite: a task of weight 0 is never believed in")
    return weights


def _linear(growth: Float[np.ndarray, "K K"], n_targets: int) -> Float[np.ndarray, "T K K"]:
    """Return t growth at t = 0, 1, ..., with 0 at t = 0 also where the growth is infinite."""
    t = np.arange(n_targets)[:, None, None]
    return np.where(t > 0, np.maximum(t, 1) * growth, 0.0)


def _row_divergence(truths: Pool, pool: Pool) -> Float[np.ndarray, "N K V"]:
    divergence: Float[np.ndarray, "N K V"] = rel_entr(truths.parameters[:, None], pool.parameters).sum(axis=-1)
    return divergence


def summary(family: LatentTasks, mixture: Mixture, rng: np.random.Generator) -> dict[str, Any]:
    """Return the rates of a mixture's majors and of a few fresh tasks, as numbers and lists ready to print or store.

    Keys: "log_odds_growth" and "error_exponent" (nats per target, rows the true major, columns the other),
    "settling" (first targets at which the typical posterior of each major, among the majors alone, can reach the
    concentrations), "fresh_tasks" (the major nearest to each of four tasks outside the pool, -1 if all are excluded,
    and the growth of its log-odds over the next), "information" (regret of the prior predictive, averaged over the
    prior, in nats). None stands for infinity and, in "settling", for not within the sequence.
    """
    majors = mixture.majors
    typical = typical_posterior(family, majors, np.full(len(majors), 1 / len(majors)))
    limit = misspecified_limit(divergence_rate(family, family.sample_pool(rng, SUMMARY_FRESH), majors))
    told = information(family, rng, SUMMARY_DRAWS)
    targets = [t for t in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if t < len(told.mean) - 1] + [len(told.mean) - 1]
    settling = {
        str(level): [int(t) if t < len(typical) else None for t in settling_position(typical, level)]
        for level in (0.5, 0.9, 0.99)
    }
    return {
        "log_odds_growth": _numbers(divergence_rate(family, majors, majors)),
        "error_exponent": _numbers(error_exponent(family, majors)),
        "settling": settling,
        "fresh_tasks": {"nearest": limit.nearest.tolist(), "growth": _numbers(limit.gap)},
        "information": {
            "target": targets,
            "nats": _numbers(told.mean[targets]),
            "standard_error": _numbers(told.standard_error[targets]),
        },
    }


def _numbers(values: Float[np.ndarray, "..."]) -> Any:
    """Return nested lists of floats, None where a value is not finite."""
    entries = values.astype(object)
    entries[~np.isfinite(values)] = None
    return entries.tolist()


def _weighted(state: Float[np.ndarray, "N V"], divergence: Float[np.ndarray, "N K V"]) -> Float[np.ndarray, "N K"]:
    """Return sum_a state(a) divergence(a), where a state that is never met counts nothing, whatever its divergence."""
    met = state[:, None] > 0
    return (np.where(met, divergence, 0) * np.where(met, state[:, None], 1)).sum(axis=-1)
