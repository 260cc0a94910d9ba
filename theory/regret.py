"""Regret of the prior predictive: what it costs not to know the task.

    regret_t(z) = E_z[log p(s_<t | z) - log p(s_<t)]        nats, summed over the targets before t
    I_t = E over the prior of regret_t(z) = I(z; s_<t)      the information the context has about the task

    dice        -t H(p) - sum_v E log (a)_{n_v} + log (V a)_t,  n_v ~ Binomial(t, p_v); over the prior n_v is
                beta-binomial(t, a, (V - 1) a) and E H(p) = digamma(V a + 1) - digamma(a + 1)
    regression  for covariates X, with l = sigma / tau, A = X'X + l^2 I and N = l^2 A^-1,
                -1/2 log det N - 1/2 trace(I - N) + 1/2 w' (I - N) w / tau^2; over the prior -1/2 log det N
    Dyck        - sum_j P(j steps shown) sum_{i<j} log P(step i of the path | height r_i, 2 n - i steps left);
                over the prior the last logarithm becomes the mean entropy of that step

The lines of regression: y ~ N(X w, sigma^2 I) has E log-likelihood = -t/2 up to constants that cancel, and under the
evidence N(0, C), C = sigma^2 I + tau^2 X X', E y' C^-1 y = w' X' C^-1 X w + sigma^2 trace C^-1, where
X' C^-1 X = (I - N) / tau^2 and sigma^2 trace C^-1 = t - trace(I - N). Only the average over X is left to Monte Carlo.
N = n n' with n = l R^-1 and A = R'R (`theory.conjugate`): it is 1 along a coefficient of which nothing is known.

Ridge risk, the mean squared error of the prior predictive on y_t, noise included, w from the prior and X given:

    sigma^2 (1 + trace A^-1) = sigma^2 + tau^2 trace N.

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

from theory.ballot import down_probability
from theory.categorical import log_rising_factorial
from theory.checks import require_whole
from theory.conjugate import fold, prior_triangle
from theory.dice import BiasedDice
from theory.dyck import PlantedDyck
from theory.exposure import steps_shown_law
from theory.notation import LatentTasks, Pool
from theory.regression import NoisyLinearRegression
from theory.risk import RiskCurve
from theory.tasks import require_pool


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
    require_whole("n_draws", n_draws, 2)
    require_pool("truths", family, truths)
    tasks = np.repeat(np.arange(len(truths)), n_draws)
    density = information_density(family, truths, tasks, rng).reshape(len(truths), n_draws, -1)
    return TaskCurves(*_mean_and_error(density))


@singledispatch
def information(family: LatentTasks, rng: np.random.Generator, n_draws: int) -> RiskCurve:
    """Return I_t, the regret averaged over the prior: what the targets before t tell about the task, in nats.

    `rng` and `n_draws` as in `regret`. About exp(I_t) tasks can be told apart after t targets.
    """
    require_whole("n_draws", n_draws, 2)
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
    require_pool("truths", family, truths)
    t = np.arange(family.length)
    mean = np.empty((len(truths), family.length))
    for task, law in enumerate(truths.parameters):
        pmf = sum(binom.pmf(t, t[:, None], p) for p in law)
        mean[task] = -t * entr(law).sum() - _expected_log_evidence(family, pmf)
    return TaskCurves(np.maximum(mean, 0), np.zeros_like(mean))


@information.register
def _(family: BiasedDice, rng: np.random.Generator, n_draws: int) -> RiskCurve:
    t, a, n_faces = np.arange(family.length), family.concentration, family.faces
    pmf = n_faces * betabinom.pmf(t, t[:, None], a, (n_faces - 1) * a)
    mean = -t * (digamma(n_faces * a + 1) - digamma(a + 1)) - _expected_log_evidence(family, pmf)
    return RiskCurve(np.maximum(mean, 0), np.zeros_like(mean))


def _expected_log_evidence(family: BiasedDice, pmf: Float[np.ndarray, "T n"]) -> Float[np.ndarray, " T"]:
    """Return E[sum_v log (a)_{n_v}] - log (V a)_t, where pmf[t, n] = sum_v P(n_v = n after t rolls)."""
    table = log_rising_factorial(family.concentration, family.length - 1)
    return pmf @ table - log_rising_factorial(family.faces * family.concentration, family.length - 1)


@regret.register
def _(family: PlantedDyck, truths: Pool, rng: np.random.Generator, n_draws: int) -> TaskCurves:
    require_pool("truths", family, truths)
    steps = truths.parameters
    down = down_probability(np.cumsum(steps, axis=1) - steps, 2 * family.pairs - np.arange(2 * family.pairs))
    mean = _gained_by_steps(-np.log(np.where(steps < 0, down, 1 - down))) @ steps_shown_law(family).T
    return TaskCurves(mean, np.zeros_like(mean))


@information.register
def _(family: PlantedDyck, rng: np.random.Generator, n_draws: int) -> RiskCurve:
    n_steps, height = 2 * family.pairs, np.arange(2 * family.pairs + 1)
    at_height, told = (height == 0).astype(np.float64), np.zeros(n_steps)
    for step in range(n_steps):
        # Heights that cannot be met have probability 0, and there any law will do.
        down = np.where(at_height > 0, down_probability(height, n_steps - step), 0.5)
        told[step] = at_height @ (entr(down) + entr(1 - down))
        at_height = np.append((at_height * down)[1:], 0) + np.append(0, (at_height * (1 - down))[:-1])
    mean = _gained_by_steps(told) @ steps_shown_law(family).T
    return RiskCurve(mean, np.zeros_like(mean))


def _gained_by_steps(each: Float[np.ndarray, "*tasks steps"]) -> Float[np.ndarray, "*tasks steps+1"]:
    """Return the sums over the steps before step 0, 1, ..., 2 n."""
    return np.concatenate([np.zeros((*each.shape[:-1], 1)), np.cumsum(each, axis=-1)], axis=-1)


@regret.register
def _(family: NoisyLinearRegression, truths: Pool, rng: np.random.Generator, n_draws: int) -> TaskCurves:
    require_pool("truths", family, truths)
    log_det, unknown = _unknown(family, rng, n_draws)
    tasks = truths.parameters / family.task_scale
    left = np.square(np.einsum("ki,xtij->kxtj", tasks, unknown)).sum(axis=-1)
    known = family.dimension - np.square(unknown).sum(axis=(-2, -1))
    fit = np.square(tasks).sum(axis=1)[:, None, None] - left
    return TaskCurves(*_mean_and_error((log_det - known + fit) / 2))


@information.register
def _(family: NoisyLinearRegression, rng: np.random.Generator, n_draws: int) -> RiskCurve:
    log_det, _ = _unknown(family, rng, n_draws)
    return RiskCurve(*_mean_and_error(log_det / 2))


def ridge_risk(family: NoisyLinearRegression, rng: np.random.Generator, n_draws: int) -> RiskCurve:
    """Return the mean squared error of the prior predictive at target t, task from the prior: the covariates are drawn.

    It starts at sigma^2 + d tau^2 and falls to sigma^2 as sigma^2 (1 + d / t).
    """
    _, unknown = _unknown(family, rng, n_draws)
    spread = np.square(unknown).sum(axis=(-2, -1))
    return RiskCurve(*_mean_and_error(family.noise**2 + family.task_scale**2 * spread))


def _unknown(
    family: NoisyLinearRegression, rng: np.random.Generator, n_draws: int
) -> tuple[Float[np.ndarray, "X T"], Float[np.ndarray, "X T d d"]]:
    """Return -log det N and n, N = n n', before each target, for `n_draws` tables of covariates."""
    require_whole("n_draws", n_draws, 2)
    x = rng.standard_normal((n_draws, family.points, family.dimension))
    ratio = family.noise / family.task_scale
    triangle = np.tile(prior_triangle(family.dimension, ratio), (n_draws, 1, 1))
    triangles = np.empty((n_draws, family.points, family.dimension, family.dimension))
    for target in range(family.points):
        triangles[:, target] = triangle
        fold(triangle, x[:, target])
    scaled = triangles / ratio
    return 2 * np.log(np.diagonal(scaled, axis1=-2, axis2=-1)).sum(axis=-1), np.linalg.inv(scaled)


def _mean_and_error(
    draws: Float[np.ndarray, "*tasks X T"],
) -> tuple[Float[np.ndarray, "*tasks T"], Float[np.ndarray, "*tasks T"]]:
    return draws.mean(axis=-2), draws.std(axis=-2, ddof=1) / np.sqrt(draws.shape[-2])
