"""Sequences in cells of task and current symbol at one position, with the steps of the path each was shown."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from theory import PlantedDyck, Pool, SymbolBatch
from theory.prefix import heights, judged_position, planted, prefix_index, sample_in_cells, steps_shown
from validate.capture.sources import StateSource
from validate.experiment.setting import Setting

States = Float[np.ndarray, "N W"]
Rows = Int[np.ndarray, " F"]


def dummies(labels: Int[np.ndarray, " N"]) -> Float[np.ndarray, "N G"]:
    """Return a column of zeros and ones for each label that occurs."""
    return (labels[:, None] == np.unique(labels)).astype(np.float64)


@dataclass(frozen=True, eq=False)
class PrefixSample:
    """Sequences whose state at one position is measured, in order of task, current symbol and number.

    Attributes
    ----------
    n : int
        Sequences of a cell, an even number.
    tasks, symbols, steps : ndarray of int, shape (N,)
        Task, current symbol, and steps shown.
    """

    family: PlantedDyck
    majors: Pool
    n: int
    batch: SymbolBatch
    tasks: Int[np.ndarray, " N"]
    symbols: Int[np.ndarray, " N"]
    steps: Int[np.ndarray, " N"]

    @classmethod
    def at(cls, setting: Setting, position: int | None = None) -> "PrefixSample":
        """Draw the sequences of a position, the judged one unless told."""
        family, majors = planted(setting.family), setting.majors
        position = judged_position(family, majors) if position is None else position
        n = setting.sizes.cell_sequences // 2 * 2
        tasks, symbols = (index.ravel() for index in np.indices((len(majors), family.background + 2, n))[:2])
        rng = setting.stream("prefix/cells", position)
        batch = sample_in_cells(family, rng, majors, tasks, symbols, position)
        return cls(family, majors, n, batch, tasks, symbols, steps_shown(family, batch)[:, -1])

    def states(self, source: StateSource) -> dict[str, States]:
        """Capture a source's states, by site."""
        return {site: states[:, 0] for site, states in source.states(self.batch, last=True).items()}

    def shuffled(self, rng: np.random.Generator) -> "PrefixSample":
        """Give the steps shown away at random among the sequences of a cell: states then tell nothing of them."""
        return replace(self, steps=rng.permuted(self.steps.reshape(-1, self.n), axis=1).ravel())

    def grid(self, states: States) -> Float[np.ndarray, "K V n W"]:
        """Arrange states by cell."""
        return states.reshape(len(self.majors), self.family.background + 2, self.n, -1)

    @property
    def halves(self) -> Int[np.ndarray, "2 F"]:
        """Rows of the first and of the second half of every cell, cell by cell."""
        rows = np.arange(len(self.tasks)).reshape(-1, 2, self.n // 2)
        return rows.swapaxes(0, 1).reshape(2, -1)

    @property
    def cells(self) -> Int[np.ndarray, " N"]:
        """Number of each sequence's (task, symbol) cell."""
        return np.arange(len(self.tasks)) // self.n

    @property
    def prefixes(self) -> Int[np.ndarray, " N"]:
        """Number of each sequence's prefix."""
        return prefix_index(self.majors)[self.tasks, self.steps]

    @property
    def counts(self) -> Float[np.ndarray, "N G"]:
        """Numbers of ups and of downs shown, each in a column of its task."""
        ups = (self.steps + heights(self.majors)[self.tasks, self.steps]) / 2
        own = dummies(self.tasks)
        return np.hstack([own * ups[:, None], own * (self.steps - ups)[:, None]])
