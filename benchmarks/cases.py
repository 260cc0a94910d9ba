"""What is measured: sizes of networks with their batches, and how many operations a step of each needs.

A step is forward, backward and AdamW. Of B sequences of L positions, with C the width, F the MLP's width and P
predicted positions, the products need, forward,

    2 B L layers (4 C^2 + 2 C F)  +  2 B P C V  +  2 B layers C L (L + 1)

operations: weights, output layer, and attention's scores and mixtures on and below the diagonal. The backward needs
twice that. Everything else, and whatever an engine computes in vain, is not counted. The map of input vectors is: 2 B L
inputs C forward, and as much backward, since nothing is behind it.
"""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from model import TransformerConfig


class Arrays(NamedTuple):
    """One batch."""

    inputs: np.ndarray
    targets: np.ndarray
    positions: np.ndarray


@dataclass(frozen=True)
class Case:
    """A network and a batch size."""

    config: TransformerConfig
    batch: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Case":
        """Undo `to_dict`."""
        return cls(TransformerConfig(**values["config"]), values["batch"])

    def arrays(self) -> Arrays:
        """Return random data of the right shapes; regression predicts at every other position."""
        config, rng = self.config, np.random.default_rng(0)
        shape = (self.batch, config.length)
        if config.loss == "squared":
            positions = np.arange(0, config.length, 2)
            inputs = rng.standard_normal((*shape, config.inputs)).astype(np.float32)
            return Arrays(inputs, rng.standard_normal((self.batch, len(positions))).astype(np.float32), positions)
        symbols = rng.integers(config.inputs, size=(self.batch, config.length + 1))
        return Arrays(symbols[:, :-1], symbols[:, 1:], np.arange(config.length))

    def weight_products(self) -> list[tuple[int, int, int]]:
        """Return (in, out, how many) of the weight matrices behind each position."""
        c = self.config
        C, F = c.width, c.hidden
        return [(C, 3 * C, c.layers), (C, C, c.layers), (C, F, c.layers), (F, C, c.layers)]

    def operations(self) -> float:
        """Return the operations of the products one step needs."""
        c, positions = self.config, len(self.arrays().positions)
        weights = sum(rows * columns * count for rows, columns, count in self.weight_products())
        forward = 2 * self.batch * c.length * weights + 2 * self.batch * positions * c.width * c.outputs
        forward += 2 * self.batch * c.layers * c.width * c.length * (c.length + 1)
        vectors = 4 * self.batch * c.length * c.inputs * c.width if c.input_kind == "vectors" else 0
        return 3.0 * forward + vectors


def _dice(layers: int, width: int, length: int) -> TransformerConfig:
    return TransformerConfig(inputs=6, outputs=6, layers=layers, width=width, heads=2, hidden=4 * width, length=length)


SIZES = {
    "minimal": Case(_dice(layers=4, width=64, length=64), 64),
    "paper": Case(_dice(layers=6, width=128, length=128), 64),
    "regression": Case(
        TransformerConfig(
            inputs=7,
            outputs=1,
            layers=16,
            width=128,
            heads=2,
            hidden=512,
            length=128,
            activation="gelu",
            final_norm=True,
            input_kind="vectors",
            attention_bias=True,
            loss="squared",
        ),
        256,
    ),
}


def growth() -> dict[str, dict[int, Case]]:
    """Return cases that differ in one number only, by its name and value, around two layers of the paper's size."""
    return {
        "width": {C: Case(_dice(2, C, 128), 32) for C in (64, 128, 256, 512)},
        "length": {L: Case(_dice(2, 128, L), 32) for L in (64, 128, 256, 512)},
        "batch": {B: Case(_dice(2, 128, 128), B) for B in (32, 64, 128)},
    }
