"""Where states come from: a trained network, an untrained one, or features computed exactly (`capture.rungs`).

Statistics see only this interface, so the analytic ladder and the networks are measured by the same code. "State i" is
the residual stream from which target T - P + i is predicted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float
from scipy.special import softmax

from model import Transformer
from model.continuation import states_until
from model.endings import Beginnings
from theory import Batch, LatentTasks

CHUNK = 128
"""Sequences whose states a network captures at a time: bounds memory."""


def candidates(sites: Sequence[str]) -> Sequence[str]:
    """Return the sites at which claims about states may be judged: all but the last, of one site that one.

    Without a final norm the read-out is linear in the states of a network's last site: they are its logits.
    """
    return sites[:-1] or sites


def predictions(family: LatentTasks, outputs: Float[np.ndarray, "*batch D"]) -> Float[np.ndarray, "*batch D"]:
    """Return what a network's outputs say in float64: of logits the law of the symbol, else the number itself."""
    outputs = outputs.astype(np.float64)
    return np.asarray(softmax(outputs, axis=-1)) if family.target_kind == "symbol" else outputs


@runtime_checkable
class StateSource(Protocol):
    """Something that turns sequences into hidden states and predictions."""

    @property
    def sites(self) -> tuple[str, ...]:
        """Names of the places where states are read, earliest first."""
        ...

    def states(self, batch: Batch, last: bool = False) -> dict[str, Float[np.ndarray, "B P W"]]:
        """Return the states at every predicting position, or only at the last one (P = 1)."""
        ...

    def mean(self, batch: Batch) -> Float[np.ndarray, "B P D"]:
        """Return the predicted law of each symbol, or the predicted number."""
        ...


@runtime_checkable
class ReadsOnce(Protocol):
    """A source that reads what sequences have in common once."""

    def last_states(self, read: Batch, endings: Sequence[Batch]) -> list[dict[str, Float[np.ndarray, "B W"]]]:
        """Return the states at the last position of each ending, as `StateSource.states` does one by one.

        Parameters
        ----------
        read : Batch
            Whole sequences.
        endings : sequence of Batch
            The same sequences cut, and changed near their new end.
        """
        ...


def last_states(
    source: StateSource, read: Batch, endings: Sequence[Batch]
) -> list[dict[str, Float[np.ndarray, "B W"]]]:
    """Return the states at the last position of each ending of the same sequences (see `ReadsOnce`), by site."""
    if isinstance(source, ReadsOnce) and len(endings) > 1:
        return source.last_states(read, endings)
    return [{site: states[:, 0] for site, states in source.states(batch, last=True).items()} for batch in endings]


@dataclass(frozen=True)
class NetworkSource:
    """States of a transformer after each attention and after each MLP, or at some of these sites."""

    network: Transformer
    family: LatentTasks
    some: tuple[str, ...] = ()

    @property
    def sites(self) -> tuple[str, ...]:
        """The residual stream after each layer's attention, and after its MLP."""
        return self.some or self.network.sites[1:]

    def states(self, batch: Batch, last: bool = False) -> dict[str, Float[np.ndarray, "B P W"]]:
        """Capture the residual stream, in float64."""
        parts: dict[str, list[np.ndarray]] = {site: [] for site in self.sites}
        for start in range(0, len(batch), CHUNK):
            arrays = self.family.encode(batch[start : start + CHUNK])
            captured = states_until(self.network, arrays.inputs, self.sites)
            positions = arrays.positions[-1:] if last else arrays.positions
            for site, part in parts.items():
                part.append(captured[site][:, positions].astype(np.float64))
        return {site: np.concatenate(part) for site, part in parts.items()}

    def last_states(self, read: Batch, endings: Sequence[Batch]) -> list[dict[str, Float[np.ndarray, "B W"]]]:
        """See `ReadsOnce`; the network reads every sequence once, and of each ending what differs."""
        parts: list[dict[str, list[np.ndarray]]] = [{site: [] for site in self.sites} for _ in endings]
        for start in range(0, len(read), CHUNK):
            here = slice(start, start + CHUNK)
            inputs = self.family.encode(read[here]).inputs
            beginnings = Beginnings(self.network, inputs)
            for part, ending in zip(parts, endings, strict=True):
                arrays = self.family.encode(ending[here])
                new = arrays.inputs[:, : arrays.positions[-1] + 1]
                first = _first_difference(inputs, new)
                _, states = beginnings.ended(first, new[:, first:])
                for site, pieces in part.items():
                    pieces.append(states[site].astype(np.float64))
        return [{site: np.concatenate(pieces) for site, pieces in part.items()} for part in parts]

    def mean(self, batch: Batch) -> Float[np.ndarray, "B P D"]:
        """Run the network and turn its read-out into a prediction."""
        arrays = self.family.encode(batch)
        return predictions(self.family, self.network.predict(arrays.inputs)[:, arrays.positions])


def at_sites(source: StateSource, sites: Sequence[str]) -> StateSource:
    """Return a source that reads no more than some sites, if it is a network; others hold what they hold."""
    return replace(source, some=tuple(sites)) if isinstance(source, NetworkSource) else source


def _first_difference(read: np.ndarray, new: np.ndarray) -> int:
    """Return the first position at which any sequence differs, the last one at most."""
    differs = (read[:, : new.shape[1]] != new).any(axis=tuple(i for i in range(new.ndim) if i != 1))
    return int(np.append(np.flatnonzero(differs), new.shape[1] - 1)[0])
