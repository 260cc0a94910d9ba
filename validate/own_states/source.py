"""States captured elsewhere as a source: a sequence's states are found by what was read."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import softmax

from theory import Batch
from validate.own_states.files import StatesFile
from validate.own_states.sequences import Sequences, Wanted, group_name


@dataclass(frozen=True, eq=False)
class StoredSource:
    """The states of a file that has been checked, and its predictions if it holds any."""

    file: StatesFile
    sequences: Sequences

    @property
    def sites(self) -> tuple[str, ...]:
        """The names in the file, in natural order."""
        return self.file.sites

    def states(self, batch: Batch, last: bool = False) -> dict[str, Float[np.ndarray, "B P W"]]:
        """Look the states up; LookupError if the file holds none for a sequence."""
        name, rows = self._find("states", batch, last)
        return {site: self.file.read(f"{name}.{site}", rows) for site in self.sites}

    def mean(self, batch: Batch) -> Float[np.ndarray, "B P D"]:
        """Look the predictions up, and turn logits into laws."""
        outputs = self.file.read(*self._find("predictions", batch))
        return softmax(outputs, axis=-1) if self.sequences.seed_plan.family.target_kind == "symbol" else outputs

    def _find(self, wanted: Wanted, batch: Batch, last: bool = False) -> tuple[str, np.ndarray]:
        inputs = self.sequences.seed_plan.family.encode(batch).inputs
        name = group_name(wanted, inputs.shape[1], last)
        try:
            return name, self.sequences.groups[name].rows(inputs)
        except KeyError as error:
            raise LookupError(f"a sequence was measured that {name} does not hold") from error
