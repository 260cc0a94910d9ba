"""A network that is changed at one site again and again: what stands before the site is run once.

Causal tests read the same sequences under hundreds of changes of the states at one site. The states there are kept, and
a change costs the stages after the site alone; outputs and gradients are those of the network, bit for bit.

Where the state of one position is replaced and only its own output is asked for, the other positions need not be run
again at all; outputs are then those of the network up to rounding.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping

import numpy as np

from model import Arrays, Transformer
from model.continuation import gradient_from, outputs_from, states_until
from model.endings import Beginnings

Edit = Callable[[np.ndarray], np.ndarray]

Key = tuple[bytes, tuple[int, ...]]

MOST = 12
"""Sets of sequences whose states are kept, the last that were asked for."""


class ResumingNetwork:
    """A transformer with a memory of its states, by what was read."""

    def __init__(self, network: Transformer) -> None:
        self._network = network
        self._kept: OrderedDict[Key, dict[str, np.ndarray]] = OrderedDict()
        self._read: tuple[Key, Beginnings] | None = None

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
        beginnings = inputs[:, : place + 1]
        if self._read is None or self._read[0] != _key(beginnings):
            self._read = _key(beginnings), Beginnings(self._network, beginnings)
        return self._read[1].continued(site, states)

    def _changed(self, inputs: np.ndarray, site: str, change: Edit) -> np.ndarray:
        states = self._states(inputs, site)
        changed = np.asarray(change(states.copy()))
        if changed.shape != states.shape:
            raise ValueError(f"the edit at {site} must return states of shape {states.shape}; got {changed.shape}")
        return changed

    def _states(self, inputs: np.ndarray, site: str) -> np.ndarray:
        kept = self._keep(inputs, {})
        if site not in kept:
            kept = self._keep(inputs, states_until(self._network, inputs, (site,)))
        return kept[site]

    def _keep(self, inputs: np.ndarray, captured: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Keep states of some inputs beside those that are known already; return all that are."""
        key = _key(inputs)
        kept = self._kept.setdefault(key, {})
        kept |= captured
        self._kept.move_to_end(key)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return kept


def _key(inputs: np.ndarray) -> Key:
    return np.ascontiguousarray(inputs).tobytes(), inputs.shape
