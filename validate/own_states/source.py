"""Answers as a source: a sequence's states are found by what was read."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from theory import Batch
from validate.capture.sources import predictions
from validate.own_states.checks import Answers
from validate.own_states.network import Outside
from validate.own_states.sequences import Sequences, Wanted, group_name


@dataclass(frozen=True, eq=False)
class StoredSource:
    """Answers that have been checked, from a file or from memory.

    Attributes
    ----------
    digest : str
        Of all states.
    network : Outside or None
        The network itself, if it is at hand and its states can be changed.
    """

    answers: Answers
    sequences: Sequences
    digest: str
    network: Outside | None = None

    @property
    def sites(self) -> tuple[str, ...]:
        """Names of the sites, in the order of the network."""
        return self.answers.sites

    def states(self, batch: Batch, last: bool = False) -> dict[str, Float[np.ndarray, "B P W"]]:
        """Look the states up, or ask the network; LookupError if there are none for a sequence."""
        try:
            name, rows = self._find("states", batch, last)
        except LookupError:
            if self.network is None:
                raise
            return self._asked(self.network, batch, last)[1]
        return {site: self._read(f"{name}.{site}", rows) for site in self.sites}

    def mean(self, batch: Batch) -> Float[np.ndarray, "B P D"]:
        """Look the predictions up, or ask the network, and turn logits into laws."""
        try:
            outputs = self._read(*self._find("predictions", batch))
        except LookupError:
            if self.network is None:
                raise
            outputs = self._asked(self.network, batch)[0]
        return predictions(self.sequences.seed_plan.family, outputs)

    def _asked(
        self, network: Outside, batch: Batch, last: bool = False
    ) -> tuple[Float[np.ndarray, "B P D"], dict[str, Float[np.ndarray, "B P W"]]]:
        """Let the network read sequences that nobody asked for beforehand: those of causal tests, and for pictures."""
        arrays = self.sequences.seed_plan.family.encode(batch)
        places = network.places(arrays.positions[-1:] if last else arrays.positions)
        outputs, states = network.forward(arrays.inputs, self.sites)
        return outputs[:, places].astype(np.float64), {
            site: own[:, places].astype(np.float64) for site, own in states.items()
        }

    def _read(self, name: str, rows: np.ndarray) -> Float[np.ndarray, "B P W"]:
        first = int(rows.min())
        block = self.answers.block(name, first, int(rows.max()) + 1)
        return np.asarray(block[rows - first], dtype=np.float64)

    def _find(self, wanted: Wanted, batch: Batch, last: bool = False) -> tuple[str, np.ndarray]:
        inputs = self.sequences.seed_plan.family.encode(batch).inputs
        name = group_name(wanted, inputs.shape[1], last)
        try:
            return name, self.sequences.groups[name].rows(inputs)
        except KeyError as error:
            raise LookupError(f"a sequence was measured that {name} does not hold") from error
