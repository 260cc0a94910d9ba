"""Analysis of covariance against least squares on dummy variables, its invariances, and the cells it generalises."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory import stream
from validate.capture.labelled import CellStates, SlopeStates
from validate.statistics.covariance import slope_parts, whitened

SHAPES = st.tuples(st.integers(2, 4), st.integers(8, 14), st.integers(1, 5))
COVARIATES = st.integers(1, 2)


def drawn(shape, n_covariates, seed=0):
    """Return states of some task effect, some common and some own slopes, and noise, with their covariates."""
    rng = stream(seed, "states")
    n_tasks, n, width = shape
    current = rng.normal(size=(n_tasks, n, n_covariates)) + rng.normal(size=n_covariates)
    slopes = rng.normal(size=(n_covariates, width)) + 0.5 * rng.normal(size=(n_tasks, n_covariates, width))
    task = rng.normal(size=(n_tasks, 1, width))
    return task + current @ slopes + rng.normal(size=shape), current


@settings(max_examples=20)
@given(SHAPES, COVARIATES, st.integers(0, 1000))
def test_the_variance_within_is_that_of_fits_without_the_own_sequence(shape, n_covariates, seed):
    states, current = drawn(shape, n_covariates, seed)
    products = []
    for task, x in zip(states, current, strict=True):
        design = np.column_stack([np.ones(len(x)), x])
        whole = task - design @ np.linalg.lstsq(design, task, rcond=None)[0]
        for i in range(len(x)):
            rest = np.delete(np.arange(len(x)), i)
            without = task[i] - design[i] @ np.linalg.lstsq(design[rest], task[rest], rcond=None)[0]
            products.append(whole[i] @ without)
    assert slope_parts(states, current).values[3] == pytest.approx(np.mean(products), rel=1e-8)


@pytest.mark.parametrize(("n_covariates", "seed"), [(1, 0), (2, 1)])
def test_many_sequences_give_the_errors_of_nested_models(n_covariates, seed):
    """Parts are differences of least-squares errors, up to noise that falls with the number of sequences."""
    states, current = drawn((3, 2000, 3), n_covariates, seed)
    flat, x = states.reshape(-1, 3), current.reshape(-1, n_covariates)
    task = np.repeat(np.eye(3), 2000, axis=0)
    ones = np.ones((len(x), 1))
    own = (task[:, :, None] * x[:, None, :]).reshape(len(x), -1)

    def error(*columns):
        design = np.hstack(columns)
        left = flat - design @ np.linalg.lstsq(design, flat, rcond=None)[0]
        return np.square(left).sum() / len(flat)

    grand, common, additive, full = error(ones), error(ones, x), error(task, x), error(task, own)
    expected = [common - additive, grand - common, additive - full, full]
    np.testing.assert_allclose(slope_parts(states, current).values, expected, rtol=0.15, atol=0.02)


@settings(max_examples=30)
@given(SHAPES, COVARIATES, st.integers(0, 100))
def test_shares_depend_on_the_coordinates_neither_of_states_nor_of_covariates(shape, n_covariates, seed):
    states, current = drawn(shape, n_covariates, seed)
    rng, width = stream(seed, "moves"), shape[2]
    rotation = np.linalg.qr(rng.normal(size=(width, width)))[0]
    mixing = np.eye(n_covariates) + 0.3 * rng.normal(size=(n_covariates, n_covariates))
    moved = slope_parts(
        2.5 * states @ rotation + rng.normal(size=width), current @ mixing + rng.normal(size=n_covariates)
    ).shares()
    for name, estimate in slope_parts(states, current).shares().items():
        assert moved[name].value == pytest.approx(estimate.value, rel=1e-6, abs=1e-7), name
        assert moved[name].high == pytest.approx(estimate.high, rel=1e-5, abs=1e-6), name


@pytest.mark.parametrize("n_columns", [3, 4])
def test_cells_are_slopes_on_their_indicators(n_columns):
    """Cell means fitted as slopes on one-hot covariates, with and without the redundant column: the same parts."""
    rng = stream(0, "cells")
    n_tasks, n_symbols, n, width = 3, 4, 10, 5
    cells = rng.normal(size=(n_tasks, n_symbols, 1, width)) + rng.normal(size=(n_tasks, n_symbols, n, width))
    states = cells.reshape(1, n_tasks, n_symbols * n, width)
    one_hot = np.tile(np.repeat(np.eye(n_symbols)[:, :n_columns], n, axis=0), (1, n_tasks, 1, 1))
    balanced, slopes = CellStates(cells[None]), SlopeStates(states, one_hot)
    for name, values in balanced.shares().items():
        assert slopes.shares()[name] == pytest.approx(values, rel=1e-9), name
    of_cells, of_slopes = balanced.main_effects(), slopes.main_effects()
    np.testing.assert_allclose(of_slopes.task, of_cells.task, atol=1e-12)
    last = of_slopes.current[-1] if n_columns == n_symbols else 0
    np.testing.assert_allclose(
        of_slopes.current - last, (of_cells.current - of_cells.current[-1])[:n_columns], atol=1e-12
    )
    # What is current is drawn, where in cells it is set: only the parts it has a say in vary more.
    narrow, wide = balanced.estimate()["P0*"], slopes.estimate()["P0*"]
    assert 0.9 < (wide.high - wide.low) / (narrow.high - narrow.low) < 1.5


def made(task, common, own, seed=0, n=200):
    """Return noisy states of 3 tasks whose effect, common slope and own slopes have the sizes given."""
    rng = stream(seed, "made")
    current = rng.normal(size=(3, n, 2))
    states = task * rng.normal(size=(3, 1, 8)) + common * current @ rng.normal(size=(2, 8))
    return states + own * current @ rng.normal(size=(3, 2, 8)) + 0.05 * rng.normal(size=(3, n, 8)), current


def shares_of(states, current):
    return {name: estimate.value for name, estimate in slope_parts(states, current).shares().items()}


def test_additive_states_have_no_interaction_and_products_nothing_else():
    additive = shares_of(*made(task=1, common=1, own=0))
    assert abs(additive["P1"]) < 1e-4
    assert abs(additive["P1*"]) < 1e-4
    assert additive["P0"] > 0.99
    assert additive["P0*"] > 0.99
    # h = (w_k . x) u: the task acts through its slope alone, as a linear read-out of regression must.
    rng = stream(1, "bilinear")
    current = rng.normal(size=(3, 200, 2))
    weights = np.array([[1.0, 0.0], [-0.5, 0.8], [-0.5, -0.8]])
    read_out = np.einsum("knf,kf->kn", current, weights)[..., None] * rng.normal(size=8)
    bilinear = shares_of(read_out + 0.05 * rng.normal(size=(3, 200, 8)), current)
    assert bilinear["P1*"] > 0.95
    assert bilinear["P1"] > 0.9
    assert bilinear["P0"] > 0.95


def test_states_that_hold_the_covariate_alone_have_no_task_share():
    shares = shares_of(*made(task=0, common=1, own=0))
    assert shares["P0"] > 0.95
    assert abs(shares["P0*"]) < 0.05


def test_a_covariate_that_never_varies_is_an_intercept():
    states, current = made(task=1, common=0, own=0, n=40)
    constant = np.full_like(current[..., :1], 2.0)
    assert whitened(constant).shape == (3, 40, 1)
    assert shares_of(states, constant)["P0"] == pytest.approx(shares_of(states, 0 * constant)["P0"], rel=1e-9)
    assert shares_of(states, constant)["P1"] == pytest.approx(0, abs=1e-12)
