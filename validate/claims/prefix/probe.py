"""What is fitted on some states and scored on others: regressions, and the linear probe."""

import numpy as np
from jaxtyping import Float

from validate.claims.prefix.sample import Rows, States

PENALTIES = np.logspace(1, -8, 19)
"""Ridge penalties tried, strongest first, in units of the largest variance along a direction."""

MOST_FREEDOM = 1 / 3
"""Degrees of freedom a probe may use for each row: with more, cross-validation is fooled by rows drawn twice."""


def regression(columns: Float[np.ndarray, "N G"], values: States, fit: Rows) -> States:
    """Predict values from some columns, by least squares on the rows `fit`."""
    return columns @ np.linalg.lstsq(columns[fit], values[fit])[0]


def ridge(states: Float[np.ndarray, "F W"], target: Float[np.ndarray, "F Q"], spent: int) -> Float[np.ndarray, "W Q"]:
    """Return ridge coefficients of centred targets on centred states, the penalty by generalised cross-validation.

    `spent` is the number of degrees of freedom that were fitted before. States that do not vary get coefficients 0.
    """
    n = len(states)
    variances, directions = np.linalg.eigh(states.T @ states / n)
    variances = np.maximum(variances, 0)
    if not variances.any():
        return np.zeros((states.shape[1], target.shape[1]))
    cross = directions.T @ (states.T @ target) / n
    shrunk = 1 / (variances + variances.max() * PENALTIES[:, None])
    explained = (2 * shrunk - variances * np.square(shrunk)) @ np.square(cross).sum(axis=1)
    used = (spent + (variances * shrunk).sum(axis=1)) / n
    error = np.square(target).sum() / n - explained
    best = np.where(used <= MOST_FREEDOM, error / np.square(1 - np.minimum(used, MOST_FREEDOM)), np.inf).argmin()
    coefficients: Float[np.ndarray, "W Q"] = directions @ (shrunk[best][:, None] * cross)
    return coefficients


def probe(
    states: States, target: Float[np.ndarray, "N Q"], baseline: Float[np.ndarray, "N G"], fit: Rows
) -> tuple[Float[np.ndarray, "N Q"], Float[np.ndarray, "N Q"]]:
    """Predict the target from baseline and states, and from the baseline alone, fitted on the rows `fit`."""
    removed = regression(baseline, np.hstack([target, states]), fit)
    alone, remainder = removed[:, : target.shape[1]], states - removed[:, target.shape[1] :]
    return alone + remainder @ ridge(remainder[fit], (target - alone)[fit], baseline.shape[1]), alone
