"""Where states come from: a trained network, an untrained one, or features computed exactly (`capture.rungs`).

Statistics see only this interface, so the analytic ladder and the networks are measured by the same code. "State i" is
the residual stream from which target T - P + i is predicted.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float
from scipy.special import softmax

from model import Transformer
from theory import Batch, LatentTasks

CHUNK = 128
"""Sequences whose states a network captures at a time: bounds memory."""


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


@dataclass(frozen=True)
class NetworkSource:
    """States of a transformer at the sites after each MLP."""

    network: Transformer
    family: LatentTasks

    @property
    def sites(self) -> tuple[str, ...]:
        """The residual stream after each layer's MLP."""
        return tuple(f"post_mlp.{layer}" for layer in range(self.network.config.layers))

    def states(self, batch: Batch, last: bool = False) -> dict[str, Float[np.ndarray, "B P W"]]:
        """Capture the residual stream, in float64."""
        parts: dict[str, list[np.ndarray]] = {site: [] for site in self.sites}
        for start in range(0, len(batch), CHUNK):
            arrays = self.family.encode(batch[start : start + CHUNK])
            _, captured = self.network.forward(arrays.inputs, capture=self.sites)
            positions = arrays.positions[-1:] if last else arrays.positions
            for site, part in parts.items():
                part.append(captured[site][:, positions].astype(np.float64))
        return {site: np.concatenate(part) for site, part in parts.items()}

    def mean(self, batch: Batch) -> Float[np.ndarray, "B P D"]:
        """Run the network and turn its read-out into a prediction."""
        arrays = self.family.encode(batch)
        outputs = self.network.predict(arrays.inputs)[:, arrays.positions].astype(np.float64)
        return softmax(outputs, axis=-1) if self.family.target_kind == "symbol" else outputs
