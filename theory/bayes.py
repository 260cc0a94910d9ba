"""Exact Bayesian prediction of the next target over any pool of latent tasks.

    posterior   alpha_{t,k} = pi_k p(s_<t | k) / sum_j pi_j p(s_<t | j)
    prediction  E[target t | s_<t] = sum_k alpha_{t,k} m_{t,k},   m_{t,k} = E[target t | k, s_<t]

The prediction is a convex combination of what each component predicts. The three predictors differ in components:

    retrieval (M1)      all tasks of the training mixture, with their training weights
    extrapolation (M2)  the majors, (1 - q) / K_major each, and one fresh task of mass q
    prior predictive    the fresh task alone

A fresh task is one drawn from the task prior: its likelihood is the evidence p(s_<t) and its prediction is the prior
predictive, so its weight is revised by the evidence at every step. All of it is computed from logarithms, where
p(s_<t | k) itself would underflow after a few hundred symbols.

Source: arXiv:2605.03780, predictors M1 and M2; proofs in `theory.symbolic`.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from theory.blocks import blocks
from theory.checks import require_array
from theory.errors import ImpossibleSequenceError, counted_from
from theory.mixture import Mixture
from theory.notation import Batch, LatentTasks, Pool, Prediction


def posterior(
    log_likelihood: Float[np.ndarray, "B T K"], weights: Float[np.ndarray, " K"]
) -> Float[np.ndarray, "B T K"]:
    """Return the posterior over components before each target.

    Parameters
    ----------
    log_likelihood : ndarray, shape (B, T, K)
        log p(seen before target t | component k) in nats; -inf where impossible.
    weights : ndarray, shape (K,)
        Prior weights, at least 0, in any common scale.

    Returns
    -------
    ndarray, shape (B, T, K)
        Rows along K sum to 1. A weight of 0 or a likelihood of -inf gives exactly 0.

    Raises
    ------
    ImpossibleSequenceError
        If every component of positive weight has likelihood -inf somewhere.
    ValueError
        If the weights are no prior or a log likelihood is NaN or +inf.
    """
    require_array("log_likelihood", log_likelihood)
    require_array("weights", weights, 1)
    if weights.shape != log_likelihood.shape[-1:]:
        raise ValueError(f"weights must have shape {log_likelihood.shape[-1:]}; got {weights.shape}")
    if not np.all(np.isfinite(weights)) or np.any(weights < 0) or not np.any(weights > 0):
        raise ValueError("weights must be finite, at least 0, and not all 0")
    with np.errstate(divide="ignore"):
        log_joint = log_likelihood + np.log(weights)
    peak = log_joint.max(axis=-1, keepdims=True)
    if not np.all(np.isfinite(peak)):
        if np.any(np.isnan(peak) | (peak > 0)):
            raise ValueError("log_likelihood must not hold NaN or +inf")
        sequence, position = np.argwhere(peak[..., 0] == -np.inf)[0]
        raise ImpossibleSequenceError(int(sequence), int(position))
    log_joint -= peak
    joint: Float[np.ndarray, "B T K"] = np.exp(log_joint, out=log_joint)
    joint /= joint.sum(axis=-1, keepdims=True)
    return joint


def retrieval(mixture: Mixture, batch: Batch) -> Prediction:
    """Predict with the training mixture's own tasks (M1): Prediction.weights is (B, T, K) over `mixture.pool`."""
    return _predict(mixture.family, mixture.pool, mixture.weights, batch, fresh=False)


def extrapolation(mixture: Mixture, batch: Batch) -> Prediction:
    """Predict with the majors and one fresh task (M2).

    Prediction.weights is (B, T, K_major + 1), the fresh task last. Its prior weight is `mixture.minor_mass`, also
    when the mixture has no minors: M2 then stands for a learner that is prepared for new tasks it never met.
    """
    weights = np.append(mixture.major_weights(1 - mixture.minor_mass), mixture.minor_mass)
    return _predict(mixture.family, mixture.majors, weights, batch, fresh=True)


def prior_predictive(family: LatentTasks, batch: Batch) -> Prediction:
    """Predict with the task prior alone: Prediction.weights is (B, T, 1) and 1 throughout."""
    weights = posterior(family.log_evidence(batch)[..., None], np.ones(1))
    return Prediction(weights=weights, mean=family.fresh_mean(batch))


def predicted_mean(
    predictor: Callable[[Mixture, Batch], Prediction], mixture: Mixture, batch: Batch
) -> Float[np.ndarray, "B T D"]:
    """Return the mean that a predictor predicts, without ever holding the weights of the whole batch.

    The weights are (B, T, K): 1024 sequences of 192 targets over 4096 tasks would take 6 GiB. Here a few sequences
    are predicted at a time and only their mean is kept.

    Parameters
    ----------
    predictor : callable
        `retrieval`, `extrapolation`, or ``lambda mixture, batch: prior_predictive(mixture.family, batch)``.
    mixture : Mixture
        What the predictor knows.
    batch : Batch
        The sequences.
    """
    mean = np.empty_like(mixture.family.targets(batch))
    for rows, block in blocks(batch, mean.shape[1] * len(mixture.pool)):
        with counted_from(rows.start):
            mean[rows] = predictor(mixture, block).mean
    return mean


def _predict(
    family: LatentTasks, pool: Pool, prior: Float[np.ndarray, " C"], batch: Batch, *, fresh: bool
) -> Prediction:
    """Posterior and prediction over the tasks of `pool` and, if `fresh`, one fresh task after them."""
    n_targets, target_size = family.targets(batch).shape[1:]
    weights = np.empty((len(batch), n_targets, len(prior)))
    mean = np.empty((len(batch), n_targets, target_size))
    for rows, block in blocks(batch, n_targets * len(prior)):
        log_likelihood = family.log_likelihood(pool, block)
        if fresh:
            log_likelihood = np.concatenate([log_likelihood, family.log_evidence(block)[..., None]], axis=-1)
        with counted_from(rows.start):
            weights[rows] = posterior(log_likelihood, prior)
        mean[rows] = family.mixed_mean(pool, block, weights[rows, :, : len(pool)])
        if fresh:
            mean[rows] += weights[rows, :, -1:] * family.fresh_mean(block)
    return Prediction(weights=weights, mean=mean)
