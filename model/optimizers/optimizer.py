"""An optimizer is a pair of functions on flat arrays, and its state is arrays by name.

    state = init(model, buffer, training)
    update(model, training, buffer, gradient, state, step)

`model` and `training` are the configurations. Buffer and gradient, shape (N,), are laid out as `model.parameters` says;
`update` changes buffer and state in place. A checkpoint holds the state under its names, and nothing else of the
optimizer: the same buffer, gradient, state and step give the same bits.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from model.config import TransformerConfig
from model.engine import Backend
from model.schedule import TrainingConfig

Flat = Float[np.ndarray, " N"]
State = dict[str, Float[np.ndarray, "..."]]


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

    init: Callable[[TransformerConfig, Flat, TrainingConfig], State]
    update: Callable[[TransformerConfig, TrainingConfig, Flat, Flat, State, Step], None]


def gradient_norm(gradient: Flat, backend: Backend) -> float:
    """Return the norm over all parameters, summed in float64."""
    if backend == "numba":
        from model import kernels

        return math.sqrt(kernels.sum_of_squares(gradient))
    return math.sqrt(float(np.sum(gradient.astype(np.float64) ** 2)))


def clipping(training: TrainingConfig, norm: float) -> float:
    """Return min(1, c / norm), c the largest norm a gradient may have; 1 without one."""
    return 1.0 if training.clip_norm is None or norm <= training.clip_norm else training.clip_norm / norm
