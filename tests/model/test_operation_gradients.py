"""Every operation's gradient along random directions, in float64, to a relative error of 1e-6."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import attention, ops
from model.gradcheck import directional_derivative, gradient_error

TOLERANCE = 1e-6
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 6)
leading = st.lists(st.integers(1, 4), min_size=1, max_size=3)


def check(operation, backward, arguments, rng):
    """Compare along random directions of all arguments."""

    def forward(*values):
        return operation(*values)[0]

    def pull_back(cotangent):
        gradients = backward(cotangent, operation(*arguments)[1])
        return gradients if isinstance(gradients, tuple) else (gradients,)

    assert gradient_error(forward, pull_back, arguments, rng) < TOLERANCE


@given(seeds, leading, sizes, sizes)
def test_linear(seed, rows, inputs, outputs):
    rng = np.random.default_rng(seed)
    shapes = ((*rows, inputs), (inputs, outputs), (outputs,))
    check(ops.linear, ops.linear_backward, [rng.standard_normal(shape) for shape in shapes], rng)


@given(seeds, leading, sizes, sizes)
def test_embedding(seed, rows, symbols, width):
    rng = np.random.default_rng(seed)
    tokens = rng.integers(symbols, size=rows)
    weight = rng.standard_normal((symbols, width))
    check(lambda w: ops.embedding(tokens, w), ops.embedding_backward, [weight], rng)


@given(seeds, leading, st.integers(3, 8))
def test_layer_norm(seed, rows, width):
    rng = np.random.default_rng(seed)
    arguments = [rng.standard_normal(shape) for shape in ((*rows, width), (width,), (width,))]
    arguments[0] += np.linspace(-2, 2, width)  # a row of nearly equal numbers has no useful finite difference
    check(ops.layer_norm, ops.layer_norm_backward, arguments, rng)


@pytest.mark.parametrize("name", ["silu", "gelu"])
@given(seed=seeds, rows=leading)
def test_activation(name, seed, rows):
    rng = np.random.default_rng(seed)
    check(getattr(ops, name), getattr(ops, f"{name}_backward"), [3 * rng.standard_normal(rows)], rng)


@given(seeds, st.integers(1, 3), st.integers(1, 6), st.integers(1, 3), st.integers(1, 3))
def test_rotary(seed, sequences, length, heads, half):
    rng = np.random.default_rng(seed)
    turn = attention.rotation(length, 2 * half, np.float64)
    x = rng.standard_normal((sequences, length, heads, 2 * half))
    check(lambda y: attention.rotary(y, turn), attention.rotary_backward, [x], rng)


@given(seeds, st.integers(1, 3), st.integers(1, 6), st.integers(1, 3), st.integers(1, 5))
def test_causal_attention(seed, sequences, length, heads, size):
    rng = np.random.default_rng(seed)
    arguments = [rng.standard_normal((sequences, length, heads, size)) for _ in range(3)]
    check(attention.causal_attention, attention.causal_attention_backward, arguments, rng)


@given(seeds, leading, st.integers(2, 6))
def test_cross_entropy(seed, rows, symbols):
    rng = np.random.default_rng(seed)
    logits, targets = 2 * rng.standard_normal((*rows, symbols)), rng.integers(symbols, size=rows)
    _, cache = ops.cross_entropy(logits, targets, 0.7)
    check_loss(lambda x: ops.cross_entropy(x, targets, 0.7)[0], ops.cross_entropy_backward(cache), logits, rng)


@given(seeds, leading)
def test_squared_error(seed, rows):
    rng = np.random.default_rng(seed)
    outputs, targets = rng.standard_normal((*rows, 1)), rng.standard_normal(rows)
    _, cache = ops.squared_error(outputs, targets, 0.7)
    check_loss(lambda x: ops.squared_error(x, targets, 0.7)[0], ops.squared_error_backward(cache), outputs, rng)


def check_loss(loss, gradient, argument, rng):
    assert gradient_error(lambda x: np.asarray(loss(x)), lambda w: [w * gradient], [argument], rng) < TOLERANCE


def test_the_difference_is_of_fourth_order():
    error = [abs(directional_derivative(lambda h: np.exp(1 + h), step) - np.e) for step in (0.2, 0.1)]
    assert 14 < error[0] / error[1] < 18


@pytest.mark.parametrize("fault", [1e-3, -1e-3])
def test_the_check_sees_a_gradient_that_is_one_part_in_a_thousand_off(fault):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((4, 5))
    error = gradient_error(np.sin, lambda w: [(1 + fault) * w * np.cos(x)], [x], rng)
    assert error == pytest.approx(1e-3, rel=1e-3)
