"""AdamW on one flat buffer (Loshchilov and Hutter, arXiv:1711.05101).

With gradient g at update n = 1, 2, ..., rate eta and decay lambda, elementwise

    m = beta1 m + (1 - beta1) g,       v = beta2 v + (1 - beta2) g^2,
    theta = (1 - eta lambda) theta - eta (m / (1 - beta1^n)) / (sqrt(v / (1 - beta2^n)) + epsilon).

lambda acts on matrices only, which are a prefix of the buffer (`model.parameters`); elsewhere it is 0. With a largest
norm c, g is first multiplied by min(1, c / |g|), |g| the norm over all parameters.
"""

import math

import numpy as np
from jaxtyping import Float

from model import parameters
from model.engine import Backend
from model.schedule import TrainingConfig
from model.transformer import Transformer

Flat = Float[np.ndarray, " N"]


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


class AdamW:
    """The optimizer of one model.

    Attributes
    ----------
    first, second : ndarray, shape (N,)
        Running moments m and v, laid out as the model's buffer.
    updates : int
        Number n of updates made.
    """

    def __init__(self, model: Transformer, config: TrainingConfig) -> None:
        self.config = config
        self.updates = 0
        self.first = np.zeros_like(model.buffer)
        self.second = np.zeros_like(model.buffer)
        self._buffer = model.buffer
        self._matrices = parameters.matrix_size(model.config)
        self._backend: Backend = model.backend

    def norm(self, gradient: Flat) -> float:
        """Return the global norm of the gradient, summed in float64."""
        if self._backend == "numba":
            from model import kernels

            return math.sqrt(kernels.sum_of_squares(gradient))
        return math.sqrt(float(np.sum(gradient.astype(np.float64) ** 2)))

    def update(self, gradient: Flat, rate: float, norm: float) -> None:
        """Make one update with a gradient of the given norm."""
        config = self.config
        self.updates += 1
        factor = 1.0 if config.clip_norm is None or norm <= config.clip_norm else config.clip_norm / norm
        correction1 = 1.0 / (1.0 - config.beta1**self.updates)
        correction2 = 1.0 / (1.0 - config.beta2**self.updates)
        constants = (config.beta1, config.beta2, correction1, correction2, config.epsilon, factor)
        decayed, rest = slice(None, self._matrices), slice(self._matrices, None)
        self._apply(decayed, gradient, 1.0 - rate * config.weight_decay, rate, constants)
        self._apply(rest, gradient, 1.0, rate, constants)

    def _apply(self, part: slice, gradient: Flat, keep: float, rate: float, constants: tuple[float, ...]) -> None:
        arrays = (self._buffer[part], gradient[part], self.first[part], self.second[part])
        if self._backend == "numba":
            from model import kernels

            kind = self._buffer.dtype.type
            kernels.adamw(*arrays, *(kind(number) for number in (keep, rate, *constants)))
        else:
            adamw(*arrays, keep, rate, *constants)
