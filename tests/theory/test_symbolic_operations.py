"""The transformer's operations compute the very formulas that are proved: forwards and backwards, in float64."""

import numpy as np
import pytest
import sympy as sp

from model import attention, ops
from theory import stream
from theory.symbolic import operations

CLOSE = {"rtol": 1e-12, "atol": 1e-14}
RNG = stream(0, "symbolic operations")
X, GRADIENT, GAIN, BIAS = (RNG.normal(size=operations.WIDTH) for _ in range(4))
QUERY, KEY, VALUE, UPSTREAM = (RNG.normal(size=(operations.LENGTH, operations.HEAD)) for _ in range(4))
ANGLE = 0.7


def in_numbers(expressions):
    vectors = ((operations.INPUT, X), (operations.GRADIENT, GRADIENT), (operations.GAIN, GAIN), (operations.BIAS, BIAS))
    matrices = (
        (operations.QUERY, QUERY),
        (operations.KEY, KEY),
        (operations.VALUE, VALUE),
        (operations.UPSTREAM, UPSTREAM),
    )
    values = {operations.EPSILON: ops.NORM_EPSILON, operations.ANGLE: ANGLE}
    for symbols, numbers in (*vectors, *matrices):
        values |= dict(zip(symbols, numbers.ravel(), strict=True))
    return np.array([float(sp.sympify(entry).subs(values)) for entry in expressions])


def test_cross_entropy():
    loss, cache = ops.cross_entropy(X[None], np.array([operations.TARGET]), 1.0)
    np.testing.assert_allclose([loss], in_numbers([operations.cross_entropy()]), **CLOSE)
    np.testing.assert_allclose(
        ops.cross_entropy_backward(cache)[0], in_numbers(operations.cross_entropy_backward()), **CLOSE
    )


def test_layer_norm():
    out, cache = ops.layer_norm(X[None], GAIN, BIAS)
    np.testing.assert_allclose(out[0], in_numbers(operations.layer_norm()), **CLOSE)
    dx = ops.layer_norm_backward(GRADIENT[None], cache)[0]
    np.testing.assert_allclose(dx[0], in_numbers(operations.layer_norm_backward()), **CLOSE)


def test_silu():
    out, cache = ops.silu(X[:1])
    np.testing.assert_allclose(out, in_numbers([operations.silu()]), **CLOSE)
    np.testing.assert_allclose(
        ops.silu_backward(GRADIENT[:1], cache), in_numbers([operations.silu_backward()]), **CLOSE
    )


def test_rotary():
    turn = attention.Rotation(np.array([[np.cos(ANGLE)]]), np.array([[np.sin(ANGLE)]]))
    out, cache = attention.rotary(X[None, None, None, :2], turn)
    forward = operations.turn(operations.ANGLE) * sp.Matrix(operations.INPUT[:2])
    backward = operations.turn(-operations.ANGLE) * sp.Matrix(operations.GRADIENT[:2])
    np.testing.assert_allclose(out[0, 0, 0], in_numbers(forward), **CLOSE)
    dx = attention.rotary_backward(GRADIENT[None, None, None, :2], cache)
    np.testing.assert_allclose(dx[0, 0, 0], in_numbers(backward), **CLOSE)


@pytest.fixture(scope="module")
def attended():
    return attention.causal_attention(*(part[None, :, None, :] for part in (QUERY, KEY, VALUE)))


def test_attention(attended):
    out, cache = attended
    np.testing.assert_allclose(out.ravel(), in_numbers(operations.causal_attention()), **CLOSE)
    gradients = attention.causal_attention_backward(UPSTREAM[None, :, None, :], cache)
    for computed, closed in zip(gradients, operations.causal_attention_backward(), strict=True):
        np.testing.assert_allclose(computed.ravel(), in_numbers(closed), **CLOSE)
