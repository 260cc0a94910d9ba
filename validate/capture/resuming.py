"""A network that is changed at one site again and again: what stands before the site is run once.

Causal tests read the same sequences under hundreds of changes of the states at one site. The states there are kept, and
a change costs the stages after the site alone; outputs and gradients are those of the network, bit for bit.

Where the state of one position is replaced and only its own output is asked for, the other positions need not be run
again at all; outputs are then those of the network up to rounding.

What is kept of all networks of a process shares one memory of bounded size, and what was not asked for the longest is
forgotten first: a network that is asked again runs again, to the same bits.
"""

import weakref
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Mapping
from typing import Any

import numpy as np

from model import Arrays, Transformer
from model.continuation import gradient_from, outputs_from, states_until
from model.endings import Beginnings

Edit = Callable[[np.ndarray], np.ndarray]

Key = tuple[bytes, tuple[int, ...]]

MOST_BYTES = 1 << 30
"""Of what is kept of all networks."""


class Memory:
    """Arrays by name, or what holds such, up to a number of bytes; the last that was asked for is always kept."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()

    def get(self, key: Hashable) -> Any:
        """Return what is kept under a key, or None."""
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key][0]

    def keep(self, key: Hashable, value: Any, n_bytes: int) -> None:
        """Keep a value of so many bytes in the place of an earlier one, and forget what there is no room for."""
        self._kept[key] = value, n_bytes
        self._kept.move_to_end(key)
        while len(self._kept) > 1 and self.n_bytes > self.most_bytes:
            self._kept.popitem(last=False)

    def forget(self, owner: object) -> None:
        """Forget all keys that begin with an owner."""
        for key in [key for key in self._kept if isinstance(key, tuple) and key[0] is owner]:
            del self._kept[key]

    @property
    def n_bytes(self) -> int:
        """Bytes kept."""
        return sum(n_bytes for _, n_bytes in self._kept.values())


MEMORY = Memory()
"""Of this process."""


class ResumingNetwork:
    """A transformer whose states and readings are kept, by what was read."""

    def __init__(self, network: Transformer, memory: Memory = MEMORY) -> None:
        self._network, self._memory, self._owner = network, memory, object()
        weakref.finalize(self, memory.forget, self._owner)

    @property
    def sites(self) -> tuple[str, ...]:
        """Names of the sites in the order of the network."""
        return self._network.sites

    def forward(
        self, inputs: np.ndarray, capture: Collection[str] = (), edit: Mapping[str, Edit] | None = None
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Return outputs (B, L, D) and the captured states (B, L, W), as `Transformer.forward` does."""
        if not edit:
            outputs, captured = self._network.forward(inputs, capture)
            if captured:
                self._keep(inputs, captured)
            return outputs, captured
        if capture or len(edit) > 1:
            return self._network.forward(inputs, capture, edit)
        [(site, change)] = edit.items()
        return outputs_from(self._network, site, self._changed(inputs, site, change)), {}

    def gradient_at(
        self, site: str, arrays: Arrays, edit: Mapping[str, Edit] | None = None
    ) -> tuple[float, np.ndarray]:
        """Return the loss and its gradient with respect to the states at `site`, after the edit."""
        if not edit or set(edit) != {site}:
            return self._network.gradient_at(site, arrays, edit)
        return gradient_from(self._network, site, self._changed(arrays.inputs, site, edit[site]), arrays)

    def replaced(self, inputs: np.ndarray, place: int, site: str, states: np.ndarray) -> np.ndarray:
        """Return the outputs (B, D) at one position, its state at a site replaced by another (B, W)."""
        read = inputs[:, : place + 1]
        key = self._owner, "beginnings", _key(read)
        beginnings = self._memory.get(key)
        if beginnings is None:
            beginnings = Beginnings(self._network, read)
            self._memory.keep(key, beginnings, beginnings.n_bytes)
        return np.asarray(beginnings.continued(site, states))

    def _changed(self, inputs: np.ndarray, site: str, change: Edit) -> np.ndarray:
        states = self._states(inputs, site)
        changed = np.asarray(change(states.copy()))
        if changed.shape != states.shape:
            raise ValueError(f"the edit at {site} must return states of shape {states.shape}; got {changed.shape}")
        return changed

    def _states(self, inputs: np.ndarray, site: str) -> np.ndarray:
        known: dict[str, np.ndarray] = self._memory.get((self._owner, "states", _key(inputs))) or {}
        if site not in known:
            known = self._keep(inputs, states_until(self._network, inputs, (site,)))
        return known[site]

    def _keep(self, inputs: np.ndarray, captured: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Keep states of some inputs beside those that are known already; return all that are."""
        key = self._owner, "states", _key(inputs)
        known: dict[str, np.ndarray] = (self._memory.get(key) or {}) | captured
        self._memory.keep(key, known, sum(states.nbytes for states in known.values()))
        return known


def _key(inputs: np.ndarray) -> Key:
    return np.ascontiguousarray(inputs).tobytes(), inputs.shape
