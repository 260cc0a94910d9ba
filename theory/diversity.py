"""Task diversity: what it is worth to know N tasks by heart, and when it stops paying off.

On sequences of the training mixture retrieval (M1) is the exact predictor, so the expected divergence of another
predictor from it is that predictor's excess risk, target by target (discrete: KL(M1 || M2); reals: |M1 - M2|^2).
No closed form is known; `expected_divergence` averages over pools, majors and minors weighted by their mass.

Bounds. Let m(s) be the evidence under the prior, m_N(s) = 1/N sum_i p(s | z_i) with tasks drawn from the prior, and
i(z; s) = log p(s | z) - log m(s). The gain of knowing the N tasks, in nats summed over the targets before t, is

    gain_t(N) = E KL(m_N || m)        and satisfies
    max(I_t - log N, 0)  <=  gain_t(N)  <=  E log(1 + (e^i - 1) / N),      I_t = E i = I(z; s_<t).

Lower bound: gain = E log m_N / m = I(z; s) - I(index; s | pool), and an index of N tasks holds at most log N. Upper
bound: s comes from one of the tasks, z; given z and s the others are independent with E p(s | z_i) = m(s), so by
Jensen's inequality E log (p(s | z) + sum of the others) / (N m(s)) <= log (e^i + N - 1) / N.

So knowing pays while log N < I_t: about exp(I_t) tasks can be told apart in t targets, and of more than those, none
is worth remembering. For a mixture of majors and N minors of mass q the summed KL(M1 || M2) is at most q gain(N),
because KL is convex and the majors' parts are equal.

Source: arXiv:2605.03780 for the question; Cover and Thomas (2006), chapters 2 and 7; the upper bound is the
soft-covering argument of Cuff, Distributed channel synthesis (2013).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from theory.bayes import extrapolation, posterior, predicted_mean, prior_predictive, retrieval
from theory.blocks import blocks
from theory.checks import is_number, quoted, require_whole
from theory.mixture import Mixture
from theory.notation import Batch, LatentTasks, Prediction
from theory.regret import information_density
from theory.risk import RiskCurve, divergence, prediction_loss

Predictor = Callable[[Mixture, Batch], Prediction]


@dataclass(frozen=True, eq=False)
class DivergenceCurves:
    """Expected divergence of M2 and of the prior predictive from M1, by diversity and target.

    Attributes
    ----------
    minor_counts : tuple of int
        The diversities N_minor.
    extrapolation, prior_predictive : tuple of RiskCurve
        One curve over targets for each diversity: nats for symbols, squared units for reals.
    """

    minor_counts: tuple[int, ...]
    extrapolation: tuple[RiskCurve, ...]
    prior_predictive: tuple[RiskCurve, ...]


def expected_divergence(
    family: LatentTasks,
    minor_counts: Sequence[int],
    rng: np.random.Generator,
    *,
    n_majors: int = 3,
    minor_mass: float = 0.1,
    n_pools: int = 16,
    n_sequences: int = 32,
) -> DivergenceCurves:
    """Estimate E KL(M1 || M2) and E KL(M1 || prior predictive) on the training mixture, over random pools.

    Parameters
    ----------
    minor_counts : sequence of int
        Diversities N_minor, at least 0.
    n_pools : int
        Independent pools of majors and minors per diversity, at least 2; standard errors are over pools.
    n_sequences : int
        Sequences of majors and again of minors per pool, at least 1.

    Notes
    -----
    Cost per diversity: 2 n_pools n_sequences T (n_majors + N_minor) likelihoods.
    """
    for name, value, least in (("n_majors", n_majors, 1), ("n_pools", n_pools, 2), ("n_sequences", n_sequences, 1)):
        require_whole(name, value, least)
    _require_counts("minor_counts", minor_counts, 0)
    to_extrapolation, to_prior = [], []
    for n_minors in minor_counts:
        gaps = np.array(
            [
                _divergence_from_retrieval(
                    Mixture(
                        family,
                        family.sample_pool(rng, n_majors),
                        family.sample_pool(rng, n_minors) if n_minors else None,
                        minor_mass,
                    ),
                    rng,
                    n_sequences,
                )
                for _ in range(n_pools)
            ]
        )
        to_extrapolation.append(_curve(gaps[:, 0]))
        to_prior.append(_curve(gaps[:, 1]))
    return DivergenceCurves(tuple(minor_counts), tuple(to_extrapolation), tuple(to_prior))


@dataclass(frozen=True, eq=False)
class GainBounds:
    """Bounds on the gain of knowing N tasks over knowing their prior only.

    Attributes
    ----------
    lower, upper : ndarray, shape (S, T)
        For each of S pool sizes: nats, summed over the targets before t.
    lower_error, upper_error : ndarray, shape (S, T)
        Monte Carlo standard errors.
    """

    lower: Float[np.ndarray, "S T"]
    upper: Float[np.ndarray, "S T"]
    lower_error: Float[np.ndarray, "S T"]
    upper_error: Float[np.ndarray, "S T"]


def gain_bounds(family: LatentTasks, pool_sizes: Sequence[int], rng: np.random.Generator, n_draws: int) -> GainBounds:
    """Return the bounds of the module's opening; no pool is drawn, so the cost does not depend on its size.

    Cost: n_draws sequences, each with one likelihood and one evidence.
    """
    _require_counts("pool_sizes", pool_sizes, 1)
    density = _density(family, rng, n_draws)
    information = density.mean(axis=0)
    error = density.std(axis=0, ddof=1) / np.sqrt(n_draws)
    lower = np.array([np.maximum(information - np.log(size), 0) for size in pool_sizes])
    terms = [_upper_terms(density, np.log(size)) for size in pool_sizes]
    return GainBounds(
        lower=lower,
        upper=np.array([term.mean(axis=0) for term in terms]),
        lower_error=np.where(lower > 0, error, 0),
        upper_error=np.array([term.std(axis=0, ddof=1) / np.sqrt(n_draws) for term in terms]),
    )


def paying_diversity(
    family: LatentTasks, rng: np.random.Generator, n_draws: int, gain: float = 1.0
) -> tuple[Float[np.ndarray, " T"], Float[np.ndarray, " T"]]:
    """Return bounds, by context length, on the number of tasks at which knowing them is worth `gain` nats a sequence.

    Below the first number exp(I_t - gain) knowing is certainly worth more, above the second certainly less (up to the
    Monte Carlo error of I_t and of the upper bound). Both are at least 1: a single task may already be worth less.
    """
    if not (is_number(gain) and 0 < gain < np.inf):
        raise ValueError(f"gain must be positive and finite; got {quoted(gain)}")
    density = _density(family, rng, n_draws)
    least = np.maximum(density.mean(axis=0) - gain, 0)
    # The upper bound falls with log N, to below e^(max i) / N.
    low = np.zeros(density.shape[1])
    high = np.maximum(np.maximum(density.max(axis=0), 0) - np.log(gain), 0)
    for _ in range(60):
        middle = (low + high) / 2
        above = _upper_terms(density, middle).mean(axis=0) > gain
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.exp(least), np.exp(high)


def predicted_losses(mixture: Mixture, rng: np.random.Generator, n_sequences: int) -> dict[str, dict[str, RiskCurve]]:
    """Return the expected loss of each exact predictor on each kind of sequence, by target.

    Outer keys: "training", "majors", "minors" (if there are any), "fresh" (OOD: every sequence has a new task). Inner
    keys: "retrieval", "extrapolation", "prior predictive". Nats for symbols, squared error for reals; +inf where a
    predictor excludes what happens, as retrieval does with new Dyck paths.
    """
    require_whole("n_sequences", n_sequences, 2)
    family = mixture.family
    kinds = {
        "training": mixture.sample(rng, n_sequences),
        "majors": family.sample(rng, mixture.majors, n_sequences),
        "fresh": family.sample(rng, family.sample_pool(rng, n_sequences), n_sequences, np.arange(n_sequences)),
    }
    if mixture.minors is not None and mixture.n_minors:
        kinds["minors"] = family.sample(rng, mixture.minors, n_sequences)
    return {
        kind: {
            "retrieval": _curve(_retrieval_loss(mixture, batch)),
            "extrapolation": _curve(_loss(mixture, extrapolation, batch)),
            "prior predictive": _curve(_loss(mixture, _prior_predictive, batch)),
        }
        for kind, batch in kinds.items()
    }


def _divergence_from_retrieval(
    mixture: Mixture, rng: np.random.Generator, n_sequences: int
) -> Float[np.ndarray, "2 T"]:
    """Return the mean divergence of M2 and of the prior predictive on one mixture, majors and minors by their mass."""
    family, q = mixture.family, mixture.minor_mass if mixture.n_minors else 0.0
    parts = [(1 - q, mixture.majors)]
    if mixture.minors is not None and q > 0:
        parts.append((q, mixture.minors))
    gaps = []
    for mass, pool in parts:
        batch = family.sample(rng, pool, n_sequences)
        known = predicted_mean(retrieval, mixture, batch)
        others = [predicted_mean(other, mixture, batch) for other in (extrapolation, _prior_predictive)]
        gaps.append([mass * divergence(family.target_kind, known, other).mean(axis=0) for other in others])
    return np.sum(gaps, axis=0)


def _prior_predictive(mixture: Mixture, batch: Batch) -> Prediction:
    return prior_predictive(mixture.family, batch)


def _loss(mixture: Mixture, predictor: Predictor, batch: Batch) -> Float[np.ndarray, "B T"]:
    return prediction_loss(mixture.family, predicted_mean(predictor, mixture, batch), batch)


def _retrieval_loss(mixture: Mixture, batch: Batch) -> Float[np.ndarray, "B T"]:
    """Return the loss of M1, +inf from the first symbol on that no task of the pool allows."""
    family = mixture.family
    n_targets = family.targets(batch).shape[1]
    loss = np.empty((len(batch), n_targets))
    for rows, block in blocks(batch, n_targets * len(mixture.pool)):
        log_likelihood = family.log_likelihood(mixture.pool, block)
        excluded = np.all(log_likelihood[..., mixture.weights > 0] == -np.inf, axis=-1)
        log_likelihood[excluded] = 0
        alpha = posterior(log_likelihood, mixture.weights)
        loss[rows] = prediction_loss(family, family.mixed_mean(mixture.pool, block, alpha), block)
        loss[rows][excluded] = np.inf
    return loss


def _require_counts(name: str, counts: Sequence[int], least: int) -> None:
    if not len(counts):
        raise ValueError(f"{name} must hold at least one number; got none")
    for count in counts:
        require_whole(f"each of {name}", count, least)


def _density(family: LatentTasks, rng: np.random.Generator, n_draws: int) -> Float[np.ndarray, "B T"]:
    """Return i(z; s_<t) for tasks of the prior, one sequence each."""
    require_whole("n_draws", n_draws, 2)
    return information_density(family, family.sample_pool(rng, n_draws), np.arange(n_draws), rng)


def _upper_terms(
    density: Float[np.ndarray, "B T"], log_size: Float[np.ndarray, " T"] | float
) -> Float[np.ndarray, "B T"]:
    """Return log(1 + (e^i - 1) / N) = log(e^i + (N - 1)) - log N."""
    log_size = np.asarray(log_size)
    with np.errstate(divide="ignore"):
        log_others = log_size + np.log1p(-np.exp(-log_size))
    return np.logaddexp(density, log_others) - log_size


def _curve(draws: Float[np.ndarray, "X T"]) -> RiskCurve:
    """Return mean and standard error over draws, both +inf where one is."""
    finite = np.isfinite(draws).all(axis=0)
    spread = np.where(finite, draws, 0).std(axis=0, ddof=1)
    return RiskCurve(draws.mean(axis=0), np.where(finite, spread / np.sqrt(len(draws)), np.inf))
