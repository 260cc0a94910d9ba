"""What is fitted on some states and scored on others: cell means by prefix, and the linear probe."""

import numpy as np
from jaxtyping import Float

from validate.claims.prefix.sample import PrefixSample, Rows, States, dummies

PENALTIES = np.logspace(1, -8, 19)
"""Ridge penalties tried, strongest first, in units of the largest variance along a direction."""

MOST_FREEDOM = 1 / 3
"""Degrees of freedom a probe may use for each row: with more, cross-validation is fooled by rows drawn twice."""


def regression(columns: Float[np.ndarray, "N G"], values: States, fit: Rows) -> States:
    """Predict values from some columns, by least squares on the rows `fit`."""
    return columns @ np.linalg.lstsq(columns[fit], values[fit])[0]


def prefix_means(states: States, sample: PrefixSample, fit: Rows) -> States:
    """Predict states by the means mean_kaj of the rows `fit`, drawn towards the additive fit."""
    by_steps = sample.tasks * (2 * sample.family.pairs + 1) + sample.steps
    centre = states[fit].mean(axis=0)
    additive = np.hstack([dummies(by_steps), dummies(sample.symbols)])
    expected = centre + regression(additive, states - centre, fit)
    cells = np.unique(by_steps * (sample.symbols.max() + 1) + sample.symbols, return_inverse=True)[1]
    sums = np.zeros((cells.max() + 1, states.shape[1]))
    np.add.at(sums, cells[fit], (states - expected)[fit])
    sizes = np.bincount(cells[fit], minlength=len(sums))
    return expected + (sums / (sizes + 1)[:, None])[cells]


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
