"""AdamW against an independent formula, and clipping."""

import numpy as np
import pytest
from small_models import VARIANTS, model_for

from model import TrainingConfig, parameters
from model.optimizers import OPTIMIZERS, Step, clipping, gradient_norm

BACKENDS = ("numpy", "numba")
ADAMW = OPTIMIZERS["adamw"]


def update(model, config, gradient, state, number, rate):
    factor = clipping(config.clip_norm, gradient_norm(gradient, model.backend))
    ADAMW.update(model.config, config, model.buffer, gradient, state, Step(number, rate, factor, model.backend))


@pytest.mark.parametrize("backend", BACKENDS)
def test_adamw_against_closed_sums(backend):
    # After n updates the moments are sums over the history of gradients, here evaluated without any recursion:
    # m_n / (1 - b1^n) = sum_i b1^(n-i) g_i / sum_i b1^(n-i), and the same for squares.
    model = model_for(VARIANTS["dice"], backend)
    config = TrainingConfig(10, 1e-3, weight_decay=0.3, beta1=0.8, beta2=0.95, epsilon=1e-3)
    state, history = ADAMW.init(model.config, model.buffer, config), []
    rng = np.random.default_rng(0)
    decays = np.arange(model.buffer.size) < parameters.matrix_size(model.config)
    expected = model.buffer.copy()
    for n, rate in enumerate([0.01, 0.05, 0.03, 0.0, 0.02], start=1):
        gradient = rng.standard_normal(model.buffer.shape)
        history.append(gradient)
        update(model, config, gradient, state, n, rate)
        ages = n - 1 - np.arange(n)
        mean = np.average(history, axis=0, weights=0.8**ages)
        square = np.average(np.square(history), axis=0, weights=0.95**ages)
        expected = expected - rate * 0.3 * expected * decays - rate * mean / (np.sqrt(square) + 1e-3)
        np.testing.assert_allclose(model.buffer, expected, rtol=1e-12, atol=1e-13)


def test_matrices_decay_and_vectors_do_not():
    model = model_for(VARIANTS["regression"])
    before = {name: value.copy() for name, value in model.parameters.items()}
    config = TrainingConfig(1, 1.0, weight_decay=0.5)
    update(model, config, np.zeros_like(model.buffer), ADAMW.init(model.config, model.buffer, config), 1, 0.1)
    for name, value in model.parameters.items():
        np.testing.assert_allclose(value, before[name] * (0.95 if value.ndim == 2 else 1.0), rtol=1e-15)


@pytest.mark.parametrize("backend", BACKENDS)
def test_clipping_scales_a_long_gradient_to_the_largest_norm_and_leaves_a_short_one(backend):
    def moments(gradient_scale, clip_norm):
        model = model_for(VARIANTS["dice"], backend)
        gradient = gradient_scale * np.random.default_rng(1).standard_normal(model.buffer.shape)
        config = TrainingConfig(1, 1.0, clip_norm=clip_norm)
        state = ADAMW.init(model.config, model.buffer, config)
        assert gradient_norm(gradient, backend) == pytest.approx(np.linalg.norm(gradient), rel=1e-13)
        update(model, config, gradient, state, 1, 0.1)
        return state["first_moment"] / 0.1, gradient

    clipped, gradient = moments(10.0, 2.0)
    np.testing.assert_allclose(clipped, 2.0 * gradient / np.linalg.norm(gradient), rtol=1e-12)
    for scale, clip_norm in ((10.0, None), (1e-3, 2.0)):
        untouched, gradient = moments(scale, clip_norm)
        np.testing.assert_allclose(untouched, gradient, rtol=1e-12)
