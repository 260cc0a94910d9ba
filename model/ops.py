"""The operations of the network in plain NumPy: each forward with its backward directly below.

A forward returns (output, cache); its backward takes (gradient of the loss with respect to the output, cache) and
returns the gradients with respect to the inputs, in the order of the forward's arguments. Gradients of arguments that
are shared by all rows (weights, biases, gains) are sums over the rows. Any float dtype; leading axes are free.

Every formula is derived in `docs/transformer.md`.
"""

from typing import Any

import numpy as np
from jaxtyping import Float, Int

Array = Float[np.ndarray, "..."]
NORM_EPSILON = 1e-5
GELU_SLOPE = float(np.sqrt(2.0 / np.pi))
GELU_CUBIC = 0.044715


def _row_sum(x: Array) -> Array:
    """Sum over all axes but the last."""
    return np.asarray(x.reshape(-1, x.shape[-1]).sum(axis=0))


# --- linear map:  y = x W + b ---------------------------------------------------------------------------------------


def linear(
    x: Float[np.ndarray, "*n I"], weight: Float[np.ndarray, "I O"], bias: Float[np.ndarray, " O"] | None
) -> tuple[Float[np.ndarray, "*n O"], Any]:
    """Return y = x W + b."""
    y = x @ weight
    return (y if bias is None else y + bias), (x, weight)


def linear_backward(dy: Float[np.ndarray, "*n O"], cache: Any) -> tuple[Array, Array, Array]:
    """Return dx = dy W', dW = x' dy and db = sum of dy over the rows."""
    x, weight = cache
    dweight = x.reshape(-1, x.shape[-1]).T @ dy.reshape(-1, dy.shape[-1])
    return dy @ weight.T, dweight, _row_sum(dy)


# --- embedding:  y = W[token] ---------------------------------------------------------------------------------------


def embedding(tokens: Int[np.ndarray, "*n"], weight: Float[np.ndarray, "V C"]) -> tuple[Float[np.ndarray, "*n C"], Any]:
    """Return row `token` of the table for every token."""
    return weight[tokens], (tokens, weight.shape)


def embedding_backward(dy: Float[np.ndarray, "*n C"], cache: Any) -> Float[np.ndarray, "V C"]:
    """Return dW: row v is the sum of dy over the places where the token is v."""
    tokens, shape = cache
    dweight = np.zeros(shape, dy.dtype)
    np.add.at(dweight, tokens, dy)
    return dweight


# --- LayerNorm:  y = g * xhat + b,  xhat = (x - mean(x)) r,  r = 1 / sqrt(var(x) + epsilon) -------------------------


def layer_norm(
    x: Float[np.ndarray, "*n C"], gain: Float[np.ndarray, " C"], bias: Float[np.ndarray, " C"]
) -> tuple[Float[np.ndarray, "*n C"], Any]:
    """Return g * xhat + b; mean and variance (divided by C) run over the last axis."""
    centred = x - x.mean(axis=-1, keepdims=True)
    scale = 1.0 / np.sqrt(np.mean(centred**2, axis=-1, keepdims=True) + NORM_EPSILON)
    normalised = centred * scale
    return gain * normalised + bias, (normalised, scale, gain)


def layer_norm_backward(dy: Float[np.ndarray, "*n C"], cache: Any) -> tuple[Array, Array, Array]:
    """Return dx = r (u - mean(u) - xhat mean(u xhat)) with u = g dy; dg = sum of dy xhat; db = sum of dy."""
    normalised, scale, gain = cache
    u = gain * dy
    along = np.mean(u * normalised, axis=-1, keepdims=True)
    dx = scale * (u - u.mean(axis=-1, keepdims=True) - normalised * along)
    return dx, _row_sum(dy * normalised), _row_sum(dy)


# --- SiLU:  y = x s(x),  s(x) = 1 / (1 + exp(-x)) -------------------------------------------------------------------


def _sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)) with exp of negative numbers only: no overflow, and full precision where it is tiny."""
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1.0, small) / (1.0 + small))


def silu(x: Float[np.ndarray, "*n"]) -> tuple[Float[np.ndarray, "*n"], Any]:
    """Return x s(x)."""
    s = _sigmoid(x)
    return x * s, (x, s)


def silu_backward(dy: Float[np.ndarray, "*n"], cache: Any) -> Float[np.ndarray, "*n"]:
    """Return dx = dy s (1 + x (1 - s))."""
    x, s = cache
    return np.asarray(dy * s * (1.0 + x * (1.0 - s)))


# --- GELU, GPT-2's form:  y = x s(2 a),  a = sqrt(2 / pi) (x + 0.044715 x^3) ----------------------------------------


def gelu(x: Float[np.ndarray, "*n"]) -> tuple[Float[np.ndarray, "*n"], Any]:
    """Return x (1 + tanh(a)) / 2 = x s(2 a)."""
    s = _sigmoid(2.0 * GELU_SLOPE * (x + GELU_CUBIC * x**3))
    return x * s, (x, s)


def gelu_backward(dy: Float[np.ndarray, "*n"], cache: Any) -> Float[np.ndarray, "*n"]:
    """Return dx = dy s (1 + 2 x (1 - s) da/dx) with da/dx = sqrt(2 / pi) (1 + 3 * 0.044715 x^2)."""
    x, s = cache
    slope = GELU_SLOPE * (1.0 + 3.0 * GELU_CUBIC * x**2)
    return np.asarray(dy * s * (1.0 + 2.0 * x * (1.0 - s) * slope))


# --- losses: a sum over targets times `scale`; scale = 1 / (number of targets) makes it the mean --------------------


def cross_entropy(logits: Float[np.ndarray, "*n V"], targets: Int[np.ndarray, "*n"], scale: float) -> tuple[float, Any]:
    """Return scale * sum of -log softmax(logits)[target], in nats."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    exponentials = np.exp(shifted)
    total = exponentials.sum(axis=-1, keepdims=True)
    chosen = np.take_along_axis(shifted, targets[..., None], axis=-1)
    loss = scale * float(np.sum(np.log(total) - chosen, dtype=np.float64))
    return loss, (exponentials / total, targets, scale)


def cross_entropy_backward(cache: Any) -> Float[np.ndarray, "*n V"]:
    """Return dlogits = scale (softmax(logits) - one-hot(target))."""
    probabilities, targets, scale = cache
    dlogits = probabilities.copy()
    flat = dlogits.reshape(-1, dlogits.shape[-1])
    flat[np.arange(len(flat)), targets.ravel()] -= 1.0
    dlogits *= scale
    return np.asarray(dlogits)


def squared_error(
    outputs: Float[np.ndarray, "*n 1"], targets: Float[np.ndarray, "*n"], scale: float
) -> tuple[float, Any]:
    """Return scale * sum of (output - target)^2."""
    difference = outputs - targets[..., None]
    return scale * float(np.sum(difference**2, dtype=np.float64)), (difference, scale)


def squared_error_backward(cache: Any) -> Float[np.ndarray, "*n 1"]:
    """Return doutputs = 2 scale (output - target)."""
    difference, scale = cache
    return np.asarray(2.0 * scale * difference)
