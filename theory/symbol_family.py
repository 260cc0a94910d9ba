"""What the families of symbols have in common: they differ in their tasks, not in how their sequences are read.

targets   e_{t,v} = 1 if s_t = v else 0
current   e_{t-1}, the symbol before target t; 0 for target 0
encode    the transformer reads s_i, or a separator behind it, where it predicts s_{i+1} (`theory.layouts`)
"""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Int

from theory.layouts import SYMBOL_STEP, lay_out_symbols
from theory.notation import Batch, Layout, ModelArrays, TargetKind
from theory.rivals import symbol_rivals
from theory.symbols import one_hot, symbols_before, symbols_of


class SymbolFamily(ABC):
    """The part of `theory.notation.LatentTasks` that knows of V symbols and a length, and of no tasks."""

    length: int
    layout: Layout

    target_kind: ClassVar[TargetKind] = "symbol"

    @property
    @abstractmethod
    def n_symbols(self) -> int:
        """Number of symbols V."""

    @property
    def n_settable(self) -> int:
        """All symbols: the one before a target can be set by hand in any sequence."""
        return self.n_symbols

    @property
    def n_inputs(self) -> int:
        """Size of the alphabet a transformer reads: the symbols, and the separator if there is one."""
        return self.n_symbols + (self.layout == "separated")

    @property
    def n_outputs(self) -> int:
        """Symbols a transformer gives probabilities to."""
        return self.n_symbols

    @property
    def n_positions(self) -> int:
        """Positions of a transformer that reads one whole sequence."""
        return SYMBOL_STEP[self.layout] * (self.length - 1)

    def targets(self, batch: Batch) -> Float[np.ndarray, "B T V"]:
        """Return the symbols as one-hot vectors."""
        return one_hot(self._symbols(batch), self.n_symbols)

    def encode(self, batch: Batch) -> ModelArrays:
        """Return the symbols but the last as inputs, each followed by a separator if the layout says so."""
        return lay_out_symbols(self._symbols(batch), self.n_symbols, self.layout)

    def current(self, batch: Batch) -> Float[np.ndarray, "B T V"]:
        """Return the symbol before each target as one-hot, in every layout; 0 for target 0."""
        return symbols_before(self.targets(batch))

    def rivals(self, batch: Batch) -> dict[str, Float[np.ndarray, "B T V"]]:
        """Return the laws of every symbol by counting symbols ("unigram") and what followed them ("bigram")."""
        return symbol_rivals(self._symbols(batch), self.n_symbols)

    def _symbols(self, batch: Batch) -> Int[np.ndarray, "B T"]:
        return symbols_of(batch, self.n_symbols)
