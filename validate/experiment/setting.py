"""The sequences on which the states of one family and seed are measured, and what the theory says of them.

Every source sees the same sequences: the ladder, the networks and their nulls.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Float

from theory import Batch, LatentTasks, Mixture, Pool, hull_coordinates, retrieval
from theory.randomness import stream
from validate.experiment.sampling import draw_natural, predicted
from validate.experiment.schema import Causal, Measurement

N_LATE = 4
"""Late positions, evenly spaced over the last fifth."""


def late_positions(n_positions: int) -> tuple[int, ...]:
    """Return late positions, evenly spaced over the last fifth; the last of them is the last position."""
    last = n_positions - 1
    return tuple(int(p) for p in np.unique(np.linspace(0.8 * last, last, N_LATE).round().astype(int)))


@dataclass(frozen=True)
class Setting:
    """The sequences of one family and seed on which states are measured, and the exact posterior on them.

    Attributes
    ----------
    label, seed : str, int
        Name the random streams: settings that share them see the same sequences.
    majors : Pool
        The corners of the simplex.
    half : {"judgement", "choice"}
        Claims are judged on sequences of one half, the site at which they are is found on those of the other.
    causal : Causal or None
        Sizes of the causal tests; none are run without them.
    """

    label: str
    family: LatentTasks
    majors: Pool
    seed: int
    sizes: Measurement
    half: Literal["judgement", "choice"] = "judgement"
    causal: Causal | None = None

    @cached_property
    def choice(self) -> "Setting":
        """The same tasks with other sequences, half as many."""
        sizes = self.sizes.model_copy(update={"cell_sequences": max(4, self.sizes.cell_sequences // 2)})
        return replace(self, sizes=sizes, half="choice")

    @cached_property
    def without_intervals(self) -> "Setting":
        """The same sequences, for values alone: no interval is bootstrapped."""
        return replace(self, sizes=self.sizes.model_copy(update={"replicates": 0}))

    @cached_property
    def n_positions(self) -> int:
        """Number of states of a sequence."""
        return len(self.family.encode(self.fit[:1]).positions)

    @cached_property
    def late(self) -> tuple[int, ...]:
        """Late positions; the last of them is the last scored position."""
        return late_positions(self.n_positions)

    @cached_property
    def scored(self) -> tuple[int, ...]:
        """Positions at which the task design is captured: 1, 3, 7, 15, ... and the late ones."""
        early = [2**j - 1 for j in range(1, 20) if 2**j - 1 < self.late[0]]
        return (*early, *self.late)

    @cached_property
    def judged(self) -> np.ndarray:
        """Positions at which P2 and P3 are judged: up to T/2, where undecided states are pooled, then the last.

        They begin at 4, where a few symbols are read; of numbers a single one may decide, so they begin at 0.
        """
        first = 4 if self.family.target_kind == "symbol" else 0
        return np.append(np.arange(first, (self.n_positions + 1) // 2 + 1), self.n_positions - 1)

    def stream(self, purpose: str, step: int = 0) -> np.random.Generator:
        """Return the random stream of this family, seed and half for a purpose."""
        place = self.label if self.half == "judgement" else f"{self.label}/{self.half}"
        return stream(self.seed, f"{place}/{purpose}", step)

    def streams(self, purpose: str, n: int) -> list[np.random.Generator]:
        """Return a stream for each of `n` resamples; none where no interval is bootstrapped."""
        return [self.stream(purpose, index) for index in range(n if self.sizes.replicates else 0)]

    @cached_property
    def fit(self) -> Batch:
        """Sequences from which means are estimated."""
        return draw_natural(self.family, self.stream("natural/fit"), self.majors, self.sizes.cell_sequences)

    @cached_property
    def score(self) -> Batch:
        """Held-out sequences on which states are scored, twice as many."""
        return draw_natural(self.family, self.stream("natural/score"), self.majors, 2 * self.sizes.cell_sequences)

    @cached_property
    def fresh(self) -> Batch:
        """Sequences of fresh tasks, never trained on, task by task."""
        rng = self.stream("fresh tasks")
        pool = self.family.sample_pool(rng, self.sizes.fresh_tasks)
        return draw_natural(self.family, rng, pool, self.sizes.fresh_sequences)

    @cached_property
    def posterior(self) -> Float[np.ndarray, "B P K"]:
        """alpha: the exact posterior over the majors at each state of the scored sequences."""
        mixture = Mixture(self.family, self.majors)
        return predicted(retrieval(mixture, self.score).weights, self.n_positions)

    @cached_property
    def averaging(self) -> Float[np.ndarray, "B P K"]:
        """gamma: the simplex coordinates of the running average at each state of the scored sequences."""
        average = predicted(self.family.running_average(self.score), self.n_positions)
        return hull_coordinates(average, self.family.average_vertices(self.majors))

    def current(self, batch: Batch) -> Float[np.ndarray, "B P F"]:
        """Return what is current at each state: the symbol as one-hot, or the covariate."""
        return predicted(self.family.current(batch), self.n_positions)
