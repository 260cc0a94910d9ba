"""Random-direction checks of hand-written gradients.

For f: R^n -> R^m with vector-Jacobian product w -> J' w, every direction d and cotangent w satisfy

    w . (d/dh) f(x + h d) at h = 0   =   (J' w) . d.

The left side is a central difference of fourth order, (8 [f(h) - f(-h)] - [f(2h) - f(-2h)]) / (12 h), whose error is of
order h^4 plus round-off of order 2^-53 / h. Several directions are compared as one vector, so that a derivative that
happens to be near zero along one of them does no harm.
"""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

Array = Float[np.ndarray, "..."]
_STEP = 1e-3


def directional_derivative(function: Callable[[float], Array], step: float = _STEP) -> Array:
    """Return the derivative at 0 of a function of one number, by a fourth-order central difference."""
    near = function(step) - function(-step)
    far = function(2.0 * step) - function(-2.0 * step)
    return np.asarray((8.0 * near - far) / (12.0 * step))


def gradient_error(
    forward: Callable[..., Array],
    backward: Callable[[Array], Sequence[Array]],
    arguments: Sequence[Array],
    rng: np.random.Generator,
    directions: int = 4,
    step: float = _STEP,
) -> float:
    """Return the relative error of `backward` at `arguments` over random directions.

    Parameters
    ----------
    forward : callable
        Takes the arguments (float64 arrays) and returns an array.
    backward : callable
        Takes the gradient of a scalar with respect to that array and returns those with respect to the arguments.
    arguments : sequence of ndarray
    rng : numpy.random.Generator
        Source of directions and cotangents.
    directions : int
        How many are compared.
    step : float
        Step h of the difference.

    Returns
    -------
    float
        |analytic - numeric| / |numeric|, norms over the directions.
    """
    numeric, analytic = np.empty(directions), np.empty(directions)
    shape = forward(*arguments).shape
    for i in range(directions):
        cotangent = rng.standard_normal(shape)
        direction = [rng.standard_normal(argument.shape) for argument in arguments]

        def along(h: float, direction: list[Array] = direction) -> Array:
            return forward(*(x + h * d for x, d in zip(arguments, direction, strict=True)))

        numeric[i] = np.sum(cotangent * directional_derivative(along, step))
        gradients = backward(cotangent)
        analytic[i] = sum(float(np.sum(g * d)) for g, d in zip(gradients, direction, strict=True))
    return float(np.linalg.norm(analytic - numeric) / np.linalg.norm(numeric))
