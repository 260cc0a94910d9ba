"""AdamW (Loshchilov and Hutter, arXiv:1711.05101).

With gradient g at update n = 1, 2, ..., rate eta and decay lambda, elementwise

    m = beta1 m + (1 - beta1) g,       v = beta2 v + (1 - beta2) g^2,
    theta = (1 - eta lambda) theta - eta (m / (1 - beta1^n)) / (sqrt(v / (1 - beta2^n)) + epsilon).

lambda acts on matrices only, which are a prefix of the buffer (`model.parameters`); elsewhere it is 0. The state is m
and v, laid out as the buffer.
"""

from collections.abc import Sequence

import numpy as np

from model import parameters
from model.config import TransformerConfig
from model.optimizers.optimizer import Flat, Settings, State, Step


def init(model: TransformerConfig, buffer: Flat, settings: Settings) -> State:
    """Return moments of zero."""
    return {"first_moment": np.zeros_like(buffer), "second_moment": np.zeros_like(buffer)}


def update(
    model: TransformerConfig, settings: Settings, buffer: Flat, gradient: Flat, state: State, step: Step
) -> None:
    """Make one update of all parameters."""
    arrays = (buffer, gradient, state["first_moment"], state["second_moment"])
    matrices = slice(parameters.matrix_size(model))
    vectors = slice(matrices.stop, None)
    update_part(settings, [array[matrices] for array in arrays], settings.weight_decay, step)
    update_part(settings, [array[vectors] for array in arrays], 0.0, step)


def update_part(settings: Settings, arrays: Sequence[Flat], decay: float, step: Step) -> None:
    """Update some parameters; `arrays` are theta, g, m and v."""
    beta1, beta2, n = settings.beta1, settings.beta2, step.number
    corrections = (1.0 / (1.0 - beta1**n), 1.0 / (1.0 - beta2**n))
    numbers = (1.0 - step.rate * decay, step.rate, beta1, beta2, *corrections, settings.epsilon, step.factor)
    if step.backend == "numba":
        from model import kernels

        kernels.adamw(*arrays, *map(arrays[0].dtype.type, numbers))
    else:
        theta, gradient, first, second = arrays
        adamw(theta, gradient, first, second, *numbers)


def adamw(
    theta: Flat,
    gradient: Flat,
    first: Flat,
    second: Flat,
    keep: float,
    rate: float,
    beta1: float,
    beta2: float,
    correction1: float,
    correction2: float,
    epsilon: float,
    factor: float,
) -> None:
    """Update theta, m and v in place.

    keep is 1 - eta lambda, the corrections are 1 / (1 - beta^n), and factor multiplies the gradient (clipping).
    """
    g = factor * gradient
    first[:] = beta1 * first + (1.0 - beta1) * g
    second[:] = beta2 * second + (1.0 - beta2) * g**2
    theta[:] = keep * theta - rate * (first * correction1) / (np.sqrt(second * correction2) + epsilon)
