"""An optimizer is a pair of functions on flat arrays, and its state is arrays by name.

    state = init(model, buffer, settings)
    update(model, settings, buffer, gradient, state, step)

`model` is the network's configuration. Buffer and gradient, shape (N,), are laid out as `model.parameters` says;
`update` changes buffer and state in place. A checkpoint holds the state under its names, and nothing else of the
optimizer: the same buffer, gradient, state and step give the same bits.
"""

import math
from collections.abc import Callable
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from model.config import TransformerConfig
from model.engine import Backend

Flat = Float[np.ndarray, " N"]
State = dict[str, Float[np.ndarray, "..."]]


@runtime_checkable
class Settings(Protocol):
    """What an optimizer reads of `model.TrainingConfig`, which holds it."""

    @property
    def peak_rate(self) -> float:
        """Largest learning rate."""

    @property
    def weight_decay(self) -> float:
        """Decoupled decay of matrices."""

    @property
    def beta1(self) -> float:
        """Memory of AdamW's first moment."""

    @property
    def beta2(self) -> float:
        """Memory of its second moment."""

    @property
    def epsilon(self) -> float:
        """What is added to the root of the second moment."""

    @property
    def muon_rate(self) -> float:
        """Largest learning rate of the matrices Muon acts on."""

    @property
    def muon_momentum(self) -> float:
        """Muon's mu."""


class Step(NamedTuple):
    """What is particular to one update.

    Attributes
    ----------
    number : int
        n = 1, 2, ...
    rate : float
        The schedule's learning rate.
    factor : float
        What the gradient is multiplied by first (`clipping`).
    backend : {"numba", "numpy"}
    threads : int
        Of the compiled backend; no bit depends on them.
    """

    number: int
    rate: float
    factor: float
    backend: Backend
    threads: int = 1


class Optimizer(NamedTuple):
    """The pair of functions."""

    init: Callable[[TransformerConfig, Flat, Settings], State]
    update: Callable[[TransformerConfig, Settings, Flat, Flat, State, Step], None]


def gradient_norm(gradient: Flat, backend: Backend) -> float:
    """Return the norm over all parameters, summed in float64."""
    if backend == "numba":
        from model import kernels

        return math.sqrt(kernels.sum_of_squares(gradient))
    return math.sqrt(float(np.sum(gradient.astype(np.float64) ** 2)))


def clipping(largest: float | None, norm: float) -> float:
    """Return min(1, c / norm), c the largest norm a gradient may have; 1 without one."""
    return 1.0 if largest is None or norm <= largest else largest / norm
