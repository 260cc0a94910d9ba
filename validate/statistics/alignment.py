"""Are the fitted simplex coordinates the exact posterior, or a mere average of the context?

For beta (fitted), alpha (exact posterior over the majors) and gamma (simplex coordinates of the running average),
total variation TV(p, q) = sum_k |p_k - q_k| / 2:

    P3   Pearson r of beta_tk and alpha_tk over sequences and tasks, and the mean TV, at the last scored position
    P3*  mean TV(beta, alpha) over undecided states, and the contest  mean TV(beta, gamma) - mean TV(beta, alpha),
         positive when the states follow the posterior rather than the average

A state is undecided where the entropy of alpha_t is between 20 and 80 percent of log K.
Source: the paper, section on posterior alignment; P3* and the contest are this project's.
"""

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import entr

from validate.statistics.intervals import ratio

UNDECIDED = (0.2, 0.8)
"""Entropy of the posterior, in units of log K, between which a state is undecided."""

LARGEST_R = 1 - 1e-12
"""Correlations beyond this are taken for it, so that a perfect one has a finite z."""


def total_variation(p: Float[np.ndarray, "*N K"], q: Float[np.ndarray, "*N K"]) -> Float[np.ndarray, "*N"]:
    """Return half the sum of absolute differences of two laws, in [0, 1]."""
    return np.abs(p - q).sum(axis=-1) / 2


def undecided(posterior: Float[np.ndarray, "*N K"]) -> Bool[np.ndarray, "*N"]:
    """Return where the posterior's entropy lies between the two shares of log K that call it undecided."""
    entropy = entr(posterior).sum(axis=-1) / np.log(posterior.shape[-1])
    return (entropy >= UNDECIDED[0]) & (entropy <= UNDECIDED[1])


def correlation_moments(x: Float[np.ndarray, "B K"], y: Float[np.ndarray, "B K"]) -> Float[np.ndarray, "B 5"]:
    """Return each sequence's mean of x, y, x^2, y^2 and xy over the tasks: what Pearson's r is a function of."""
    return np.stack([part.mean(axis=-1) for part in (x, y, x * x, y * y, x * y)], axis=-1)


def pearson(moments: Float[np.ndarray, "R 5"]) -> Float[np.ndarray, " R"]:
    """Return Pearson's r from the moments (x, y, x^2, y^2, xy); undefined if either does not vary."""
    x, y, xx, yy, xy = np.moveaxis(moments, -1, 0)
    return ratio(xy - x * y, np.sqrt(np.maximum((xx - x * x) * (yy - y * y), 0)))


def fisher_z(moments: Float[np.ndarray, "R 5"]) -> Float[np.ndarray, " R"]:
    """Return artanh of Pearson's r, the scale on which its sampling law is nearly normal; tanh goes back."""
    return np.arctanh(np.clip(pearson(moments), -LARGEST_R, LARGEST_R))


def pooled_mean(moments: Float[np.ndarray, "R 2"]) -> Float[np.ndarray, " R"]:
    """Return sum / count from each sequence's (sum, count) over its undecided states."""
    return ratio(moments[..., 0], moments[..., 1])
