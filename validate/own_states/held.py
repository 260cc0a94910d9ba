"""The answers of a network for every group, in memory: the very tensors that a states file holds.

Groups are read in their order, a number of sequences at a time that is always the same. What is judged is therefore the
same through a file and without one, to the last bit.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from validate.own_states.errors import StatesError
from validate.own_states.network import Outside

AT_A_TIME = 256
"""Sequences that a network is given at a time."""


@runtime_checkable
class Asked(Protocol):
    """What a network has to read, and the positions that are wanted."""

    @property
    def inputs(self) -> np.ndarray:
        """The sequences, (N, L) or (N, L, d + 1)."""
        ...

    @property
    def positions(self) -> np.ndarray:
        """Positions of the family's `encode`, (P,)."""
        ...


@dataclass(frozen=True, eq=False)
class Held:
    """Answers by the names that they have in a states file.

    Attributes
    ----------
    name : str
        The network, in sentences.
    sites : tuple of str
    tensors : dict of ndarray
        Shape (N, P, W) or (N, P, D), as the network gives them.
    """

    name: str
    sites: tuple[str, ...]
    tensors: Mapping[str, np.ndarray]
    at_fault = "the network answers differently each time it is asked (is dropout switched off?)"

    @classmethod
    def of(cls, network: Outside, groups: Mapping[str, Asked]) -> "Held":
        """Let a network read every group.

        Raises
        ------
        StatesError
            If an answer has another form than the first, or too few positions.
        """
        parts: dict[str, list[np.ndarray]] = defaultdict(list)
        for name, group in groups.items():
            wants_states, inputs = name.startswith("states."), group.inputs
            if not (wants_states or network.has_predictions):
                continue
            places = network.places(group.positions)
            for start in range(0, len(inputs), AT_A_TIME):
                outputs, states = network.read(inputs[start : start + AT_A_TIME])
                wanted = {f"{name}.{site}": own for site, own in states.items()} if wants_states else {name: outputs}
                for key, values in wanted.items():
                    if values is not None:
                        parts[key].append(_at(values, places, f"{network.name}: {key}"))
        try:
            tensors = {key: np.concatenate(own) for key, own in parts.items()}
        except ValueError as error:
            raise StatesError(f"{network.name} must return arrays of the same size every time; got {error}") from error
        return cls(network.name, network.sites, tensors)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """By tensor."""
        return {name: tensor.shape for name, tensor in self.tensors.items()}

    @property
    def has_predictions(self) -> bool:
        """Whether there are predictions."""
        return any(name.startswith("predictions.") for name in self.tensors)

    def kind(self, name: str) -> str:
        """Return the type of a tensor's numbers, as safetensors calls it."""
        return f"F{8 * self.tensors[name].dtype.itemsize}"

    def block(self, name: str, start: int, stop: int) -> np.ndarray:
        """Return rows of a tensor."""
        return self.tensors[name][start:stop]


def _at(values: np.ndarray, places: np.ndarray, what: str) -> np.ndarray:
    if places.min() < 0 or places.max() >= values.shape[1]:
        raise StatesError(f"{what}: targets are predicted at {places.min()} to {places.max()}; got {values.shape[1]}")
    return values[:, places]
