"""Muon: singular values, invariances, threads, and what is AdamW's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_models import VARIANTS, model_for

from model import TrainingConfig, TransformerConfig, parameters
from model.optimizers import OPTIMIZERS, Step
from model.optimizers.muon import COEFFICIENTS, REPETITIONS, orthogonalised, places

BACKENDS = ("numpy", "numba")
MUON, ADAMW = OPTIMIZERS["muon"], OPTIMIZERS["adamw"]
CONFIG = TrainingConfig(10, 0.01, optimizer="muon", weight_decay=0.3, muon_rate=0.05)
seeds = st.integers(0, 2**32 - 1)
shapes = st.tuples(st.integers(1, 12), st.integers(1, 12))


def repeated(singular_values):
    """p(p(...)) of the singular values of a matrix of norm 1."""
    a, b, c = COEFFICIENTS
    for _ in range(REPETITIONS):
        singular_values = a * singular_values + b * singular_values**3 + c * singular_values**5
    return singular_values


def updated(model, gradients, config=CONFIG, rates=(0.01,), threads=1, optimizer=MUON):
    """Make updates with given gradients; return the state."""
    state = optimizer.init(model.config, model.buffer, config)
    for number, (gradient, rate) in enumerate(zip(gradients, rates, strict=True), start=1):
        step = Step(number, rate, 0.7, model.backend, threads)
        optimizer.update(model.config, config, model.buffer, gradient.copy(), state, step)
    return state


def normal(model, seed=0):
    return np.random.default_rng(seed).standard_normal(model.buffer.size).astype(model.buffer.dtype)


def change(model, gradient):
    """The change of every matrix of the layers, without decay, rate and shape's factor: X of each, by name."""
    before = {name: value.copy() for name, value in model.parameters.items()}
    updated(model, [gradient], TrainingConfig(10, 0.01, optimizer="muon", weight_decay=0.0, muon_rate=1.0))
    hidden = parameters.views(model.config, model.buffer[: parameters.hidden_size(model.config)])
    factor = {name: np.sqrt(max(1, value.shape[1] / value.shape[0])) for name, value in hidden.items()}
    return {name: (before[name] - value) / factor[name] for name, value in hidden.items()}


@given(seeds, shapes, st.integers(1, 3))
def test_singular_values_go_through_the_polynomial_and_singular_vectors_stay(seed, shape, count):
    stack = np.random.default_rng(seed).standard_normal((count, *shape))
    for matrix, found in zip(stack, orthogonalised(stack), strict=True):
        u, s, vt = np.linalg.svd(matrix, full_matrices=False)
        np.testing.assert_allclose(found, (u * repeated(s / np.linalg.norm(s))) @ vt, atol=1e-11)


def test_the_polynomial_leads_into_a_band_around_one():
    reached = repeated(np.geomspace(0.002, 1, 10_000))
    assert 0.68 < reached.min() < 0.69
    assert 1.20 < reached.max() < 1.21


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("backend", BACKENDS)
def test_every_hidden_matrix_moves_by_one_that_is_nearly_orthogonal(backend, dtype):
    config = TransformerConfig(inputs=6, outputs=6, layers=2, width=32, heads=2, hidden=80, length=8)
    model = model_for(config, backend, dtype)
    for name, found in change(model, normal(model)).items():
        singular_values = np.linalg.svd(found, compute_uv=False)
        assert len(singular_values) == 32, name
        assert singular_values.max() < 1.21, name
        assert np.sort(singular_values)[2] > 0.68, name  # the smallest of a square matrix may start below 0.002


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("scale", [1e-30, 2.0**-40, 2.0**40])
def test_the_scale_of_the_gradient_does_not_matter(backend, scale):
    plain, scaled = (model_for(VARIANTS["dice"], backend, np.float32) for _ in range(2))
    gradient = normal(plain)
    wanted, found = change(plain, gradient), change(scaled, np.float32(scale) * gradient)
    for name in wanted:
        if scale == 1e-30:  # no power of two, so it rounds
            np.testing.assert_allclose(found[name], wanted[name], atol=2e-4, err_msg=name)
        else:
            np.testing.assert_array_equal(found[name], wanted[name], err_msg=name)


@pytest.mark.parametrize("backend", BACKENDS)
def test_turning_the_gradient_turns_the_update(backend):
    model, turned = (model_for(VARIANTS["regression"], backend) for _ in range(2))
    gradient, other = normal(model), np.zeros_like(model.buffer)
    turns, rng = {}, np.random.default_rng(1)
    hidden = parameters.hidden_size(model.config)
    targets = parameters.views(model.config, other[:hidden])
    for name, matrix in parameters.views(model.config, gradient[:hidden]).items():
        left, right = (np.linalg.qr(rng.standard_normal((size, size)))[0] for size in matrix.shape)
        targets[name][...] = left @ matrix @ right
        turns[name] = left, right
    wanted, found = change(model, gradient), change(turned, other)
    for name, (left, right) in turns.items():
        np.testing.assert_allclose(found[name], left @ wanted[name] @ right, atol=1e-10, err_msg=name)


@pytest.mark.parametrize("backend", BACKENDS)
def test_momentum_looks_ahead_and_decay_and_shape_have_their_rates(backend):
    model = model_for(VARIANTS["dice"], backend)
    name, rates = "layers.1.mlp.up.weight", (0.01, 0.005, 0.0, 0.01)
    gradients = [normal(model, seed) for seed in range(4)]
    expected, sums = model.parameters[name].copy(), []
    for number, rate in enumerate(rates):
        history = [0.7 * parameters.views(model.config, gradient)[name] for gradient in gradients[: number + 1]]
        momentum = sum(0.95**age * gradient for age, gradient in enumerate(reversed(history)))
        u, s, vt = np.linalg.svd(history[-1] + 0.95 * momentum, full_matrices=False)
        direction = (u * repeated(s / np.linalg.norm(s))) @ vt
        eta = 0.05 * rate / 0.01  # the rate follows the schedule of AdamW's
        expected = (1 - eta * 0.3) * expected - eta * np.sqrt(12 / 8) * direction
        sums.append(momentum)
    state = updated(model, gradients, rates=rates)
    np.testing.assert_allclose(model.parameters[name], expected, atol=1e-11)
    np.testing.assert_allclose(parameters.views(model.config, state["momentum"])[name], sums[-1], atol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_is_not_a_matrix_of_a_layer_is_adamws(backend):
    one, other = (model_for(VARIANTS["regression"], backend) for _ in range(2))
    gradients, rates = [normal(one, seed) for seed in range(3)], (0.01, 0.002, 0.01)
    updated(one, gradients, rates=rates)
    updated(other, gradients, rates=rates, optimizer=ADAMW)
    hidden = parameters.views(one.config, one.buffer[: parameters.hidden_size(one.config)])
    assert {name.split(".")[-2] for name in hidden} == {"query", "key", "value", "output", "up", "down"}
    assert all(name.startswith("layers.") for name in hidden)
    for name, value in one.parameters.items():
        assert np.array_equal(value, other.parameters[name]) == (name not in hidden), name


def test_threads_change_no_bit():
    models = [model_for(VARIANTS["dice"], "numba", np.float32) for _ in range(4)]
    for model, threads in zip(models, (1, 2, 3, 8), strict=True):
        updated(model, [normal(model)], threads=threads)
        np.testing.assert_array_equal(model.buffer, models[0].buffer)


@pytest.mark.parametrize("backend", BACKENDS)
def test_without_a_gradient_matrices_only_decay(backend):
    model = model_for(VARIANTS["dice"], backend)
    before = model.buffer.copy()
    updated(model, [np.zeros_like(before)])
    hidden = parameters.hidden_size(model.config)
    np.testing.assert_allclose(model.buffer[:hidden], (1 - 0.05 * 0.3) * before[:hidden], rtol=1e-14)


def test_the_places_are_those_of_the_views():
    config = VARIANTS["dice"]
    buffer = np.arange(parameters.hidden_size(config), dtype=float)
    for place, view in zip(places(config), parameters.views(config, buffer).values(), strict=True):
        offset, rows, columns, stride = place
        wanted = offset + stride * np.arange(rows)[:, None] + np.arange(columns)
        np.testing.assert_array_equal(view, wanted)
