"""Loss of a prediction, divergence of two predictions, and the risk of a predictor at each position.

    loss of a symbol       -log q(s_t)                    nats
    loss of a real target  |y_t - q_t|^2                  squared units of the target
    divergence of symbols  KL(p || q) = sum_v p_v log(p_v / q_v)  nats
    divergence of reals    |p - q|^2
    risk at position t     R_t = E[loss of target t], the mean over sequences of the mixture

The retrieval predictor has the least risk on its own mixture at every position; that least risk is the Bayes risk.
Source: Cover and Thomas, Elements of Information Theory (2006), chapters 2 and 11.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatch
from typing import get_args

import numpy as np
from jaxtyping import Float
from scipy.special import rel_entr

from theory.bayes import predicted_mean
from theory.checks import require_one_of, require_real, require_whole
from theory.mixture import Mixture
from theory.notation import Batch, LatentTasks, Prediction, TargetKind
from theory.regression import NoisyLinearRegression


@dataclass(frozen=True, eq=False)
class RiskCurve:
    """Risk at each position with its Monte Carlo standard error.

    Attributes
    ----------
    mean, standard_error : ndarray, shape (T,)
        In nats for symbols, in squared units of the target for reals.
    """

    mean: Float[np.ndarray, " T"]
    standard_error: Float[np.ndarray, " T"]


def prediction_loss(family: LatentTasks, mean: Float[np.ndarray, "B T D"], batch: Batch) -> Float[np.ndarray, "B T"]:
    """Return the loss of predicting `mean` for every target of the batch: `target_loss` on the batch's targets."""
    return target_loss(family.target_kind, mean, family.targets(batch))


def target_loss(
    kind: TargetKind, mean: Float[np.ndarray, "B T D"], targets: Float[np.ndarray, "B T D"]
) -> Float[np.ndarray, "B T"]:
    """Return the loss of predicting `mean` where `targets` came, symbols as one-hot vectors.

    Symbols: -log of the probability given to the observed symbol, in nats; +inf where that is 0. Reals: squared error.
    """
    _require_predictions(kind, mean=mean, targets=targets)
    if kind == "real":
        return _squared_distance(mean, targets)
    with np.errstate(divide="ignore"):
        loss: Float[np.ndarray, "B T"] = -np.log(np.einsum("btd,btd->bt", mean, targets))
    return loss


def divergence(
    kind: TargetKind, p_mean: Float[np.ndarray, "B T D"], q_mean: Float[np.ndarray, "B T D"]
) -> Float[np.ndarray, "B T"]:
    """Return how far prediction q is from prediction p.

    ``"symbol"``: KL(p || q) in nats, +inf where q excludes what p allows. ``"real"``: squared distance.
    """
    _require_predictions(kind, q_mean=q_mean, p_mean=p_mean)
    if kind == "real":
        return _squared_distance(p_mean, q_mean)
    relative_entropy: Float[np.ndarray, "B T"] = rel_entr(p_mean, q_mean).sum(axis=-1)
    return relative_entropy


@singledispatch
def nats_per_loss(family: LatentTasks) -> float:
    """Return how many nats a unit of loss or divergence is worth.

    Symbols are measured in nats: 1. With Gaussian noise the log loss is |y - q|^2 / (2 sigma^2) and a constant, so a
    squared unit is worth 1 / (2 sigma^2) nats.
    """
    return 1.0


@nats_per_loss.register
def _(family: NoisyLinearRegression) -> float:
    return 1 / (2 * family.noise**2)


def bayes_risk(
    mixture: Mixture,
    predictor: Callable[[Mixture, Batch], Prediction],
    rng: np.random.Generator,
    n_sequences: int,
) -> RiskCurve:
    """Estimate the risk of an exact predictor on sequences of the mixture.

    Parameters
    ----------
    mixture : Mixture
        Where the sequences come from.
    predictor : callable
        `retrieval`, `extrapolation`, or ``lambda mixture, batch: prior_predictive(mixture.family, batch)``.
    rng : numpy Generator
        Source of the sequences.
    n_sequences : int
        At least 2; the standard error falls as its square root.

    Returns
    -------
    RiskCurve
        Mean and standard error per position; both are +inf where a sequence had infinite loss.
    """
    require_whole("n_sequences", n_sequences, 2)
    batch = mixture.sample(rng, n_sequences)
    losses = prediction_loss(mixture.family, predicted_mean(predictor, mixture, batch), batch)
    finite = np.isfinite(losses).all(axis=0)
    spread = np.where(finite, losses, 0).std(axis=0, ddof=1)
    return RiskCurve(
        mean=losses.mean(axis=0),
        standard_error=np.where(finite, spread / np.sqrt(n_sequences), np.inf),
    )


def _require_predictions(kind: TargetKind, **arrays: Float[np.ndarray, "..."]) -> None:
    """Refuse an unknown kind, and predictions that are not of one shape, not finite, or of symbols and below 0."""
    require_one_of("kind", kind, get_args(TargetKind))
    (name, first), (other, second) = arrays.items()
    for key, array in arrays.items():
        require_real(key, array)
        if kind == "symbol" and np.any(array < 0):
            raise ValueError(f"{key} must hold probabilities that are at least 0")
    if first.shape != second.shape:
        raise ValueError(f"{name} must have the shape of {other}, {second.shape}; got {first.shape}")


def _squared_distance(p: Float[np.ndarray, "B T D"], q: Float[np.ndarray, "B T D"]) -> Float[np.ndarray, "B T"]:
    distance: Float[np.ndarray, "B T"] = np.square(p - q).sum(axis=-1)
    return distance
