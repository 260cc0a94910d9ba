"""Analysis of covariance of hidden states: task by a covariate that takes any value.

The counterpart of `statistics.effects` where what is current is a vector x_t (regression) and no design can balance it.
States h of K tasks with n sequences each; four nested linear models, fitted by least squares,

    grand     h = c                       common    h = c + B x
    additive  h = c_k + B x               full      h = c_k + B_k x

E: mean squared error of a model on held-out sequences (fitted on one half of every task's sequences, scored on the
other, both ways round).

    P0   1 - E_full / E_grand                                    state is a function of (task, covariate)
    P0*  1 - E_full / E_common                                   ... beyond what the covariate explains
    P1   (E_additive - E_full) / (E_grand - E_full)              share of the slopes that differ by task
    P1*  (E_additive - E_full) / (E_common - E_full)             ... beside the task's own effect

With cells in place of slopes these are the shares of `statistics.effects`. All four are functions of each half's means
of f f', f h' and |h|^2 by task, f = (1, x), which is how they are bootstrapped.

Source: the paper, section on long-context stability (analysis of covariance with common or per-task slopes), here on
held-out sequences; the starred forms are this project's.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from validate.statistics.intervals import Estimate, ratio, resampling_weights


@dataclass(frozen=True)
class SlopeMoments:
    """Means over the sequences of each task, for R bootstrap replicates or, with R = 1, for the sample itself.

    Attributes
    ----------
    features : ndarray, shape (R, K, F + 1, F + 1)
        Mean of f f', f = (1, x).
    cross : ndarray, shape (R, K, F + 1, W)
        Mean of f h'.
    square : ndarray, shape (R, K)
        Mean squared length of the states.
    """

    features: Float[np.ndarray, "R K G G"]
    cross: Float[np.ndarray, "R K G W"]
    square: Float[np.ndarray, "R K"]

    @classmethod
    def of(
        cls,
        states: Float[np.ndarray, "K n W"],
        current: Float[np.ndarray, "K n F"],
        weights: Float[np.ndarray, "R K n"] | None = None,
    ) -> "SlopeMoments":
        """Average the sequences of each task, evenly or with weights."""
        n_tasks, n, _ = states.shape
        weights = np.full((1, n_tasks, n), 1 / n) if weights is None else weights
        rows = np.concatenate([np.ones((n_tasks, n, 1)), current], axis=-1)
        square = np.square(states).sum(axis=-1)
        # One product per task for all replicates: products of pairs of numbers are columns.
        joined = np.concatenate([rows, states], axis=-1)
        n_rows, n_joined = rows.shape[-1], joined.shape[-1]
        pairs = np.einsum("kng,knj->kngj", rows, joined).reshape(n_tasks, n, n_rows * n_joined)
        means = np.matmul(weights.transpose(1, 0, 2), pairs).transpose(1, 0, 2)
        means = means.reshape(len(weights), n_tasks, n_rows, n_joined)
        return cls(means[..., :n_rows], means[..., n_rows:], np.einsum("rkn,kn->rk", weights, square))

    def squared_error(self, coefficients: Float[np.ndarray, "R #K G W"]) -> Float[np.ndarray, " R"]:
        """Return the mean over tasks of the mean squared distance of the states to f' coefficients."""
        explained = (coefficients * self.cross).sum(axis=(-2, -1))
        fitted = (coefficients * (self.features @ coefficients)).sum(axis=(-2, -1))
        return (self.square - 2 * explained + fitted).mean(axis=-1)

    def grand(self) -> Float[np.ndarray, "R 1 G W"]:
        """Fit the mean state."""
        coefficients = np.zeros_like(self.cross[:, :1])
        coefficients[:, :, 0] = self.cross[:, :, 0].mean(axis=1, keepdims=True)
        return coefficients

    def common(self) -> Float[np.ndarray, "R 1 G W"]:
        """Fit one intercept and one slope."""
        return _solve(self.features.mean(axis=1, keepdims=True), self.cross.mean(axis=1, keepdims=True))

    def full(self) -> Float[np.ndarray, "R K G W"]:
        """Fit an intercept and a slope for each task."""
        return _solve(self.features, self.cross)

    def additive(self) -> Float[np.ndarray, "R K G W"]:
        """Fit an intercept for each task and one slope: least squares on deviations from the tasks' means."""
        mean_current, mean_state = self.features[..., 1:, :1], self.cross[..., :1, :]
        spread = self.features[..., 1:, 1:] - mean_current * mean_current.swapaxes(-1, -2)
        together = self.cross[..., 1:, :] - mean_current * mean_state
        slope = _solve(spread.mean(axis=1, keepdims=True), together.mean(axis=1, keepdims=True))
        intercept = mean_state - mean_current.swapaxes(-1, -2) @ slope
        return np.concatenate([intercept, np.broadcast_to(slope, together.shape)], axis=-2)


def _solve(matrix: Float[np.ndarray, "*b G G"], right: Float[np.ndarray, "*b G W"]) -> Float[np.ndarray, "*b G W"]:
    """Solve the normal equations; the least solution where a resample leaves a covariate without variation."""
    return np.linalg.pinv(matrix, hermitian=True) @ right


@dataclass(frozen=True)
class SlopeHalves:
    """The two halves of every task's sequences, each the other's held-out data."""

    first: SlopeMoments
    second: SlopeMoments

    @classmethod
    def of(
        cls,
        states: Float[np.ndarray, "K n W"],
        current: Float[np.ndarray, "K n F"],
        resample: tuple[np.random.Generator, int] | None = None,
    ) -> "SlopeHalves":
        """Split the sequences of each task in the middle; `resample` draws that many replicates within each half."""
        n_tasks, half = len(states), states.shape[1] // 2
        parts = []
        for part in (slice(0, half), slice(half, 2 * half)):
            weights = None if resample is None else resampling_weights(resample[0], half, resample[1], strata=n_tasks)
            parts.append(SlopeMoments.of(states[:, part], current[:, part], weights))
        return cls(*parts)

    def error(self, fit: Callable[[SlopeMoments], Float[np.ndarray, "R K G W"]]) -> Float[np.ndarray, " R"]:
        """Return the held-out error of a model, both ways round."""
        return self.second.squared_error(fit(self.first)) + self.first.squared_error(fit(self.second))


def slope_shares(halves: SlopeHalves) -> dict[str, Float[np.ndarray, " R"]]:
    """Return P0, P0*, P1 and P1* of the formulas above, one value a replicate."""
    grand, common, additive, full = (
        halves.error(fit) for fit in (SlopeMoments.grand, SlopeMoments.common, SlopeMoments.additive, SlopeMoments.full)
    )
    return {
        "P0": 1 - ratio(full, grand),
        "P0*": 1 - ratio(full, common),
        "P1": ratio(additive - full, grand - full),
        "P1*": ratio(additive - full, common - full),
    }


def estimate_slope_shares(
    states: Float[np.ndarray, "K n W"], current: Float[np.ndarray, "K n F"], rng: np.random.Generator, n_replicates: int
) -> dict[str, Estimate]:
    """Estimate P0, P0*, P1 and P1* with bootstrap intervals over the sequences of each task."""
    point = slope_shares(SlopeHalves.of(states, current))
    replicates = (
        slope_shares(SlopeHalves.of(states, current, (rng, n_replicates)))
        if n_replicates
        else dict.fromkeys(point, np.empty(0))
    )
    return {name: Estimate.of_replicates(value.item(), replicates[name]) for name, value in point.items()}
