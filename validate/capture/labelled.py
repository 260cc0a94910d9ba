"""States labelled by their task and by what is current: what task vectors are estimated from.

One of two, as the family's targets are symbols or numbers; statistics see only `LabelledStates`.

    cells    symbols: the balanced design of `capture.balanced`, equal cells of task by current symbol, two-way
             analysis of variance (`statistics.effects`); only of symbols that can be set by hand: of planted Dyck
             paths the background, because a step set by hand breaks the path (`claims.prefix` has cells of steps)
    slopes   numbers: natural sequences, whose covariate is independent of the task, analysis of covariance
             (`statistics.covariance`)
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from theory import Batch, LatentTasks, Pool
from validate.capture.balanced import balanced_contexts, capture_balanced, shuffle_tasks, with_current_symbol
from validate.capture.sources import CHUNK, StateSource
from validate.experiment.sampling import draw_natural, predicted
from validate.statistics.covariance import additive_model, slope_parts
from validate.statistics.effects import cell_parts
from validate.statistics.given_current import models_of_cells, models_of_slopes
from validate.statistics.interpolation import MainEffects
from validate.statistics.intervals import Estimate
from validate.statistics.parts import SHARES, Parts


@runtime_checkable
class LabelledStates(Protocol):
    """States of one site at some positions, S of them, by task."""

    def at(self, positions: Sequence[int]) -> "LabelledStates":
        """Return some of the scored positions."""
        ...

    def estimate(self, intervals: bool = True) -> dict[str, Estimate]:
        """Estimate P0, P0*, P1 and P1* at the last position."""
        ...

    def shares(self) -> dict[str, list[float]]:
        """Return the values of P0, P0*, P1 and P1* at each position."""
        ...

    def main_effects(self) -> MainEffects:
        """Return the vectors of the tasks and of what is current, averaged over the positions."""
        ...

    def models(self) -> Float[np.ndarray, "S K G W"]:
        """Return each task's mean state by position as a function of what is current (`statistics.given_current`)."""
        ...

    def mapped(self, matrix: Float[np.ndarray, "W M"]) -> "LabelledStates":
        """Return a linear map of the states."""
        ...

    def shuffled(self, rng: np.random.Generator) -> "LabelledStates":
        """Return the null in which states tell nothing of the task; what is current stays with its states."""
        ...

    def resampled(self, rng: np.random.Generator) -> "LabelledStates":
        """Draw the sequences again with replacement; each keeps its number at all positions."""
        ...


@dataclass(frozen=True, eq=False)
class CellStates:
    """Balanced cells of task by current symbol: (S, K, V, n, W).

    Attributes
    ----------
    unset : int
        How many further symbols have no cells; their vectors are 0.
    """

    states: Float[np.ndarray, "S K V n W"]
    unset: int = 0

    def at(self, positions: Sequence[int]) -> "CellStates":
        """Return some of the scored positions."""
        return replace(self, states=self.states[list(positions)])

    def estimate(self, intervals: bool = True) -> dict[str, Estimate]:
        """Estimate the shares of the analysis of variance at the last position."""
        return cell_parts(self.states[-1], intervals).shares()

    def shares(self) -> dict[str, list[float]]:
        """Return the shares at each position."""
        return values_by_position([cell_parts(position, intervals=False) for position in self.states])

    def main_effects(self) -> MainEffects:
        """Average the centred cell means over cells and positions."""
        effects = MainEffects.of_cells(self.states)
        return replace(effects, current=np.pad(effects.current, ((0, self.unset), (0, 0))))

    def models(self) -> Float[np.ndarray, "S K G W"]:
        """Return the cell means; those of symbols without cells are the task's mean."""
        return np.pad(models_of_cells(self.states), ((0, 0), (0, 0), (0, self.unset), (0, 0)))

    def mapped(self, matrix: Float[np.ndarray, "W M"]) -> "CellStates":
        """Return a linear map of the states."""
        return replace(self, states=self.states @ matrix)

    def shuffled(self, rng: np.random.Generator) -> "CellStates":
        """Exchange the sequences of different tasks that have the same current symbol."""
        return replace(self, states=shuffle_tasks(self.states, rng))

    def resampled(self, rng: np.random.Generator) -> "CellStates":
        """Draw each cell's sequences again."""
        drawn = rng.integers(self.states.shape[3], size=self.states.shape[1:4])
        return replace(self, states=np.take_along_axis(self.states, drawn[None, ..., None], axis=3))


@dataclass(frozen=True, eq=False)
class SlopeStates:
    """Natural sequences by task, (S, K, n, W), with the covariate at each position, (S, K, n, F)."""

    states: Float[np.ndarray, "S K n W"]
    current: Float[np.ndarray, "S K n F"]

    def at(self, positions: Sequence[int]) -> "SlopeStates":
        """Return some of the scored positions."""
        return SlopeStates(self.states[list(positions)], self.current[list(positions)])

    def estimate(self, intervals: bool = True) -> dict[str, Estimate]:
        """Estimate the shares of the analysis of covariance at the last position."""
        return slope_parts(self.states[-1], self.current[-1], intervals).shares()

    def shares(self) -> dict[str, list[float]]:
        """Return the shares at each position."""
        both = zip(self.states, self.current, strict=True)
        return values_by_position([slope_parts(states, current, intervals=False) for states, current in both])

    def main_effects(self) -> MainEffects:
        """Average the intercepts by task, centred, and the common slope over positions."""
        fits = [additive_model(states, current) for states, current in zip(self.states, self.current, strict=True)]
        intercepts, slopes = (np.stack(part) for part in zip(*fits, strict=True))
        return MainEffects((intercepts - intercepts.mean(axis=1, keepdims=True)).mean(axis=0), slopes.mean(axis=0))

    def models(self) -> Float[np.ndarray, "S K G W"]:
        """Return intercept and slopes of every task."""
        return models_of_slopes(self.states, self.current)

    def mapped(self, matrix: Float[np.ndarray, "W M"]) -> "SlopeStates":
        """Return a linear map of the states."""
        return replace(self, states=self.states @ matrix)

    def shuffled(self, rng: np.random.Generator) -> "SlopeStates":
        """Give the task labels away at random among all sequences."""
        _, n_tasks, n, _ = self.states.shape
        order = rng.permutation(n_tasks * n)

        def moved(array: Float[np.ndarray, "S K n D"]) -> Float[np.ndarray, "S K n D"]:
            sequences = array.reshape(len(array), n_tasks * n, -1)
            return sequences[:, order].reshape(array.shape)

        return replace(self, states=moved(self.states), current=moved(self.current))

    def resampled(self, rng: np.random.Generator) -> "SlopeStates":
        """Draw each task's sequences again."""
        _, n_tasks, n, _ = self.states.shape
        drawn = rng.integers(n, size=(1, n_tasks, n, 1))
        return SlopeStates(
            np.take_along_axis(self.states, drawn, axis=2), np.take_along_axis(self.current, drawn, axis=2)
        )


def values_by_position(parts: Sequence[Parts]) -> dict[str, list[float]]:
    """Return the values of the shares at each position."""
    rows = [part.shares() for part in parts]
    return {name: [row[name].value for row in rows] for name in SHARES}


def draw_labelled(family: LatentTasks, pool: Pool, position: int, n_sequences: int, rng: np.random.Generator) -> Batch:
    """Draw the sequences whose states at one position `capture_labelled` would label, cut behind it."""
    if family.target_kind == "symbol":
        contexts, current = balanced_contexts(family, pool, family.n_settable, n_sequences, rng)
        return with_current_symbol(contexts, position, current)
    n_features = family.current(draw_natural(family, rng, pool, 1)).shape[-1]
    return draw_natural(family, rng, pool, n_sequences * (n_features + 1))


def capture_labelled(
    source: StateSource,
    family: LatentTasks,
    pool: Pool,
    positions: Sequence[int],
    n_sequences: int,
    rng: np.random.Generator,
) -> dict[str, LabelledStates]:
    """Capture the labelled states that suit a family, by site.

    Parameters
    ----------
    positions : sequence of int
        Among the positions that predict, 0 the first.
    n_sequences : int
        Sequences a cell; with slopes, per task, as many times as there are covariates plus the intercept.
    """
    if family.target_kind == "symbol":
        n_symbols = family.targets(draw_natural(family, rng, pool, 1)).shape[-1]
        cells = capture_balanced(source, family, pool, positions, family.n_settable, n_sequences, rng)
        return {site: CellStates(states, n_symbols - family.n_settable) for site, states in cells.items()}
    n_features = family.current(draw_natural(family, rng, pool, 1)).shape[-1]
    batch = draw_natural(family, rng, pool, n_sequences * (n_features + 1))
    current = predicted(family.current(batch), len(family.encode(batch[:1]).positions))

    def by_task(values: Float[np.ndarray, "B S D"]) -> Float[np.ndarray, "S K n D"]:
        tasks = values.reshape(len(pool), -1, len(positions), values.shape[-1])
        return np.ascontiguousarray(np.moveaxis(tasks, 2, 0))

    parts: dict[str, list[np.ndarray]] = {site: [] for site in source.sites}
    for start in range(0, len(batch), CHUNK):  # only the scored positions are kept of each chunk
        for site, states in source.states(batch[start : start + CHUNK]).items():
            parts[site].append(states[:, list(positions)])
    here = by_task(current[:, list(positions)])
    return {site: SlopeStates(by_task(np.concatenate(part)), here) for site, part in parts.items()}
