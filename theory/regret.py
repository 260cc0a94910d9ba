"""Regret of the prior predictive: what it costs not to know the task.

    regret_t(z) = E_z[log p(s_<t | z) - log p(s_<t)]        nats, summed over the targets before t
    I_t = E over the prior of regret_t(z) = I(z; s_<t)      the information the context has about the task

    dice        -t H(p) - sum_v E log (a)_{n_v} + log (V a)_t,  n_v ~ Binomial(t, p_v); over the prior n_v is
                beta-binomial(t, a, (V - 1) a) and E H(p) = digamma(V a + 1) - digamma(a + 1)
    regression  for covariates X, with l = (sigma / tau)^2, A = X'X + l I and M = I - l A^-1,
                1/2 log det(A / l) - 1/2 trace M + 1/2 w' M w / tau^2; over the prior 1/2 log det(A / l)
    Dyck        sum_j P(j steps shown) [log Catalan(n) - log N(height after j steps, 2 n - j)]

The last two lines of regression: y ~ N(X w, sigma^2 I) has E log-likelihood = -t/2 up to constants that cancel, and
under the evidence N(0, C), C = sigma^2 I + tau^2 X X', E y' C^-1 y = w' X' C^-1 X w + sigma^2 trace C^-1, where
X' C^-1 X = M / tau^2 and sigma^2 trace C^-1 = t - trace M. Only the average over X is left to Monte Carlo.

Ridge risk, the mean squared error of the prior predictive on y_t, noise included, w from the prior and X given:

    sigma^2 (1 + trace A^-1).

Markov chains, and any other family, are averaged over sampled sequences. In the long run the regret of dice grows by
(V - 1) / 2 log t, of Markov chains by V (V - 1) / 2 log t, of regression by d / 2 log t; of Dyck paths it stops at
log Catalan(n).

Source: Clarke and Barron, Information-theoretic asymptotics of Bayes methods (1990); Rissanen (1984); Rasmussen and
Williams, Gaussian Processes for Machine Learning (2006), chapters 2 and 7.
"""

from dataclasses import dataclass
from functools import singledispatch

import numpy as np
from jaxtyping import Float, Int
from scipy.special import digamma, entr
from scipy.stats import betabinom, binom

from theory.ballot import log_catalan, log_completions
from theory.categorical import log_rising_factorial
from theory.dice import BiasedDice
from theory.dyck import PlantedDyck
from theory.exposure import steps_shown_law
from theory.notation import LatentTasks, Pool
from theory.regression import NoisyLinearRegression
from theory.risk import RiskCurve


@dataclass(frozen=True, eq=False)
class TaskCurves:
    """One curve per task, with Monte Carlo standard errors.

    Attributes
    ----------
    mean, standard_error : ndarray, shape (N, T)
        The standard error is 0 where the mean is exact.
    """

    mean: Float[np.ndarray, "N T"]
    standard_error: Float[np.ndarray, "N T"]


@singledispatch
def regret(family: LatentTasks, truths: Pool, rng: np.random.Generator, n_draws: int) -> TaskCurves:
    """Return the regret of the prior predictive on each task of `truths`, in nats summed over the targets before t.

    Parameters
    ----------
    truths : Pool
        N tasks.
    rng : numpy Generator
        Source of sequences (in general) or covariates (regression). Dice and Dyck paths are exact and do not use it.
    n_draws : int
        Sequences, or tables of covariates, per task; at least 2. Cost: their likelihoods and evidences. Dice instead
        take N V T^2 terms.
    """
    _require_draws(n_draws)
    tasks = np.repeat(np.arange(len(truths)), n_draws)
    density = information_density(family, truths, tasks, rng).reshape(len(truths), n_draws, -1)
    return TaskCurves(*_mean_and_error(density))


@singledispatch
def information(family: LatentTasks, rng: np.random.Generator, n_draws: int) -> RiskCurve:
    """Return I_t, the regret averaged over the prior: what the targets before t tell about the task, in nats.

    `rng` and `n_draws` as in `regret`. About exp(I_t) tasks can be told apart after t targets.
    """
    _require_draws(n_draws)
    density = information_density(family, family.sample_pool(rng, n_draws), np.arange(n_draws), rng)
    return RiskCurve(*_mean_and_error(density))


def information_density(
    family: LatentTasks, pool: Pool, tasks: Int[np.ndarray, " B"], rng: np.random.Generator
) -> Float[np.ndarray, "B T"]:
    """Return log p(s_<t | z) - log p(s_<t) of one sampled sequence for each entry z of `tasks`."""
    batch = family.sample(rng, pool, len(tasks), tasks)
    density = -family.log_evidence(batch)
    for task in np.unique(tasks):
        rows = np.flatnonzero(tasks == task)
        density[rows] += family.log_likelihood(Pool(pool.parameters[task : task + 1]), batch[rows])[..., 0]
    return density


@regret.register
def _(family: BiasedDice, truths: Pool, rng: np.random.Generator, n_draws: int) -> TaskCurves:
    t = np.arange(family.length)
    mean = np.empty((len(truths), family.length))
    for task, law in enumerate(truths.parameters):
        pmf = sum(binom.pmf(t, t[:, None], p) for p in law)
        mean[task] = -t * entr(law).sum() - _expected_log_evidence(family, pmf)
    return TaskCurves(mean, np.zeros_like(mean))


@information.register
def _(family: BiasedDice, rng: np.random.Generator, n_draws: int) -> RiskCurve:
    t, a, n_faces = np.arange(family.length), family.concentration, family.faces
    pmf = n_faces * betabinom.pmf(t, t[:, None], a, (n_faces - 1) * a)
    mean = -t * (digamma(n_faces * a + 1) - digamma(a + 1)) - _expected_log_evidence(family, pmf)
    return RiskCurve(mean, np.zeros_like(mean))


def _expected_log_evidence(family: BiasedDice, pmf: Float[np.ndarray, "T n"]) -> Float[np.ndarray, " T"]:
    """Return E[sum_v log (a)_{n_v}] - log (V a)_t, where pmf[t, n] = sum_v P(n_v = n after t rolls)."""
    table = log_rising_factorial(family.concentration, family.length - 1)
    return pmf @ table - log_rising_factorial(family.faces * family.concentration, family.length - 1)


@regret.register
def _(family: PlantedDyck, truths: Pool, rng: np.random.Generator, n_draws: int) -> TaskCurves:
    height = np.pad(np.cumsum(truths.parameters, axis=1), ((0, 0), (1, 0)))
    n_steps = 2 * family.pairs
    gained = log_catalan(family.pairs) - log_completions(
        height, np.broadcast_to(n_steps - _steps(family), height.shape)
    )
    mean = gained @ steps_shown_law(family).T
    return TaskCurves(mean, np.zeros_like(mean))


@information.register
def _(family: PlantedDyck, rng: np.random.Generator, n_draws: int) -> RiskCurve:
    """A path is at height r after j steps with probability N(r, j) N(r, 2 n - j) / Catalan(n)."""
    steps = _steps(family)
    before, height = np.meshgrid(steps, steps, indexing="ij")
    log_ways = log_completions(height, 2 * family.pairs - before)
    probability = np.exp(log_completions(height, before) + log_ways - log_catalan(family.pairs))
    gained = np.where(probability > 0, log_catalan(family.pairs) - log_ways, 0)
    mean = steps_shown_law(family) @ (probability * gained).sum(axis=1)
    return RiskCurve(mean, np.zeros_like(mean))


def _steps(family: PlantedDyck) -> Int[np.ndarray, " steps"]:
    return np.arange(2 * family.pairs + 1)


@regret.register
def _(family: NoisyLinearRegression, truths: Pool, rng: np.random.Generator, n_draws: int) -> TaskCurves:
    log_det, inverse = _ridge_covariances(family, rng, n_draws)
    kept = np.eye(family.dimension) - _penalty(family) * inverse
    fit = np.einsum("ki,xtij,kj->kxt", truths.parameters, kept, truths.parameters) / family.task_scale**2
    return TaskCurves(*_mean_and_error((log_det - np.trace(kept, axis1=-2, axis2=-1) + fit) / 2))


@information.register
def _(family: NoisyLinearRegression, rng: np.random.Generator, n_draws: int) -> RiskCurve:
    log_det, _ = _ridge_covariances(family, rng, n_draws)
    return RiskCurve(*_mean_and_error(log_det / 2))


def ridge_risk(family: NoisyLinearRegression, rng: np.random.Generator, n_draws: int) -> RiskCurve:
    """Return the mean squared error of the prior predictive at target t, task from the prior: the covariates are drawn.

    It starts at sigma^2 + d tau^2 and falls to sigma^2 as sigma^2 (1 + d / t).
    """
    _, inverse = _ridge_covariances(family, rng, n_draws)
    return RiskCurve(*_mean_and_error(family.noise**2 * (1 + np.trace(inverse, axis1=-2, axis2=-1))))


def _penalty(family: NoisyLinearRegression) -> float:
    return (family.noise / family.task_scale) ** 2


def _ridge_covariances(
    family: NoisyLinearRegression, rng: np.random.Generator, n_draws: int
) -> tuple[Float[np.ndarray, "X T"], Float[np.ndarray, "X T d d"]]:
    """Return log det(A / l) and A^-1 before each target, for `n_draws` tables of covariates."""
    _require_draws(n_draws)
    x = rng.standard_normal((n_draws, family.points, family.dimension))
    gram = np.zeros((n_draws, family.points, family.dimension, family.dimension))
    np.cumsum(x[:, :-1, :, None] * x[:, :-1, None, :], axis=1, out=gram[:, 1:])
    scaled = np.eye(family.dimension) + gram / _penalty(family)
    return np.linalg.slogdet(scaled)[1], np.linalg.inv(scaled) / _penalty(family)


def _mean_and_error(
    draws: Float[np.ndarray, "*tasks X T"],
) -> tuple[Float[np.ndarray, "*tasks T"], Float[np.ndarray, "*tasks T"]]:
    return draws.mean(axis=-2), draws.std(axis=-2, ddof=1) / np.sqrt(draws.shape[-2])


def _require_draws(n_draws: int) -> None:
    if n_draws < 2:
        raise ValueError(f"n_draws must be at least 2; got {n_draws}")
