"""Two-way analysis of variance of hidden states: task by current symbol.

States h of K tasks x V symbols x n sequences, squared lengths summed over the W coordinates. With cell means m_ka and

    grand m = mean m_ka,  task m_k. - m,  symbol m_.a - m,  interaction m_ka - m_k. - m_.a + m,

    SS_total = SS_within + n (SS_task + SS_symbol + SS_interaction)         (the parts are orthogonal: balanced cells)

    P0   R2_cell          1 - SS_within / SS_total
    P0*  task share       1 - SS_within / (SS_total - SS_symbol)
    P1   eta2_interaction SS_interaction / (SS_task + SS_symbol + SS_interaction)
    P1*  interaction against task     SS_interaction / (SS_interaction + SS_task)

P0 and P0* are scored on held-out states: the means come from one half of every cell and the squares from the other,
and the two directions are added. All four are functions of each half's cell means of h and |h|^2, which is how they
are bootstrapped.

Source: the paper, section on long-context stability and separability; the starred forms are this project's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from validate.statistics.intervals import Estimate, ratio, resampling_weights


@dataclass(frozen=True)
class CellMoments:
    """Means over the sequences of each cell, for R bootstrap replicates or, with R = 1, for the sample itself.

    Attributes
    ----------
    mean : ndarray, shape (R, K, V, W)
        Mean state.
    square : ndarray, shape (R, K, V)
        Mean squared length of the states.
    """

    mean: Float[np.ndarray, "R K V W"]
    square: Float[np.ndarray, "R K V"]

    @classmethod
    def of(cls, states: Float[np.ndarray, "K V n W"]) -> "CellMoments":
        """Average the sequences of each cell."""
        return cls(states.mean(axis=2)[None], np.square(states).sum(axis=-1).mean(axis=-1)[None])

    def squared_error(self, prediction: Float[np.ndarray, "R #K #V W"]) -> Float[np.ndarray, " R"]:
        """Return the sum over cells of the mean squared distance of the states to a prediction for each cell."""
        cross = (self.mean * prediction).sum(axis=-1)
        return (self.square - 2 * cross + np.square(prediction).sum(axis=-1)).sum(axis=(-2, -1))


@dataclass(frozen=True)
class Halves:
    """The two halves of every cell, each the other's held-out data."""

    first: CellMoments
    second: CellMoments

    @classmethod
    def of(cls, states: Float[np.ndarray, "K V n W"]) -> "Halves":
        """Split the sequences of each cell in the middle."""
        half = states.shape[2] // 2
        return cls(CellMoments.of(states[:, :, :half]), CellMoments.of(states[:, :, half : 2 * half]))

    @classmethod
    def resampled(cls, states: Float[np.ndarray, "K V n W"], rng: np.random.Generator, n_replicates: int) -> "Halves":
        """Resample the sequences within each half of each cell; replicates are the leading axis."""
        half = states.shape[2] // 2
        return cls(
            *(_resampled(part, rng, n_replicates) for part in (states[:, :, :half], states[:, :, half : 2 * half]))
        )

    @property
    def mean(self) -> Float[np.ndarray, "R K V W"]:
        """Cell means of all sequences."""
        return (self.first.mean + self.second.mean) / 2


def _resampled(states: Float[np.ndarray, "K V n W"], rng: np.random.Generator, n_replicates: int) -> CellMoments:
    n_tasks, n_symbols, n, width = states.shape
    weights = resampling_weights(rng, n, n_replicates, strata=n_tasks * n_symbols)
    cells = states.reshape(n_tasks * n_symbols, n, width)
    mean = np.matmul(weights.transpose(1, 0, 2), cells).transpose(1, 0, 2)
    square = np.einsum("rgn,gn->rg", weights, np.square(cells).sum(axis=-1))
    return CellMoments(
        mean.reshape(n_replicates, n_tasks, n_symbols, width), square.reshape(n_replicates, n_tasks, n_symbols)
    )


@dataclass(frozen=True)
class CellSquares:
    """Sums of squares of the cell means (each cell counted once)."""

    task: Float[np.ndarray, " R"]
    symbol: Float[np.ndarray, " R"]
    interaction: Float[np.ndarray, " R"]

    @classmethod
    def of(cls, mean: Float[np.ndarray, "R K V W"]) -> "CellSquares":
        """Split the variation of the cell means into its three orthogonal parts."""
        _, n_tasks, n_symbols, _ = mean.shape
        grand = mean.mean(axis=(-3, -2), keepdims=True)
        task = mean.mean(axis=-2, keepdims=True) - grand
        symbol = mean.mean(axis=-3, keepdims=True) - grand
        interaction = mean - grand - task - symbol
        axes = (-3, -2, -1)
        return cls(
            n_symbols * np.square(task).sum(axis=axes),
            n_tasks * np.square(symbol).sum(axis=axes),
            np.square(interaction).sum(axis=axes),
        )


def _error_ratio(halves: Halves, coarse_axes: tuple[int, ...]) -> Float[np.ndarray, " R"]:
    """Return the held-out error of cell means over that of means taken across `coarse_axes` as well."""
    first, second = halves.first, halves.second

    def error(axes: tuple[int, ...]) -> Float[np.ndarray, " R"]:
        means = [half.mean.mean(axis=axes, keepdims=True) if axes else half.mean for half in (first, second)]
        return second.squared_error(means[0]) + first.squared_error(means[1])

    return ratio(error(()), error(coarse_axes))


def cell_r2(halves: Halves) -> Float[np.ndarray, " R"]:
    """P0: share of the states' variance explained by (task, symbol), held out."""
    return 1 - _error_ratio(halves, (-3, -2))


def task_share(halves: Halves) -> Float[np.ndarray, " R"]:
    """P0*: share of the variance left by the symbol that the task explains, held out."""
    return 1 - _error_ratio(halves, (-3,))


def interaction_share(halves: Halves) -> Float[np.ndarray, " R"]:
    """P1: eta2_interaction, the interaction's share of the variation of the cell means."""
    squares = CellSquares.of(halves.mean)
    return ratio(squares.interaction, squares.interaction + squares.task + squares.symbol)


def interaction_against_task(halves: Halves) -> Float[np.ndarray, " R"]:
    """P1*: the interaction's share of the variation of the cell means that the symbol does not explain."""
    squares = CellSquares.of(halves.mean)
    return ratio(squares.interaction, squares.interaction + squares.task)


EFFECTS: dict[str, Callable[[Halves], Float[np.ndarray, " R"]]] = {
    "P0": cell_r2,
    "P0*": task_share,
    "P1": interaction_share,
    "P1*": interaction_against_task,
}
"""The four statistics of the balanced design, by claim."""


def estimate_shares(
    states: Float[np.ndarray, "K V n W"],
    statistics: Mapping[str, Callable[[Halves], Float[np.ndarray, " R"]]],
    rng: np.random.Generator,
    n_replicates: int,
) -> dict[str, Estimate]:
    """Estimate statistics of the cells' halves, with bootstrap intervals over the sequences of each cell."""
    point = Halves.of(states)
    values = {name: statistic(point).item() for name, statistic in statistics.items()}
    if not n_replicates:
        return {name: Estimate.of_replicates(value, np.empty(0)) for name, value in values.items()}
    replicates = Halves.resampled(states, rng, n_replicates)
    return {name: Estimate.of_replicates(values[name], statistic(replicates)) for name, statistic in statistics.items()}
