"""Analysis of covariance against least squares on dummy variables, its invariances, and the cells it generalises."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from theory import stream
from validate.capture.labelled import CellStates, SlopeStates
from validate.statistics.covariance import SlopeHalves, SlopeMoments, estimate_slope_shares, slope_shares

NAMES = ("P0", "P0*", "P1", "P1*")
SHAPES = st.tuples(st.integers(2, 4), st.integers(4, 7).map(lambda half: 2 * half), st.integers(1, 5))
COVARIATES = st.integers(1, 2)


def drawn(shape, n_covariates, seed=0):
    """Return states of some task effect, some common and some own slopes, and noise, with their covariates."""
    rng = stream(seed, "states")
    n_tasks, n, width = shape
    current = rng.normal(size=(n_tasks, n, n_covariates)) + rng.normal(size=n_covariates)
    slopes = rng.normal(size=(n_covariates, width)) + 0.5 * rng.normal(size=(n_tasks, n_covariates, width))
    task = rng.normal(size=(n_tasks, 1, width))
    return task + current @ slopes + rng.normal(size=shape), current


def shares_of(states, current):
    return {name: value.item() for name, value in slope_shares(SlopeHalves.of(states, current)).items()}


def explicit_error(states, current, design):
    """Return the held-out error of least squares on a design of dummy variables, both ways round."""
    n_tasks, n, width = states.shape
    half = n // 2

    def rows(part):
        task = np.repeat(np.eye(n_tasks), half, axis=0)
        return design(task, current[:, part].reshape(n_tasks * half, -1)), states[:, part].reshape(-1, width)

    first, second = rows(slice(0, half)), rows(slice(half, 2 * half))
    error = 0.0
    for (train, seen), (test, held_out) in ((first, second), (second, first)):
        error += np.square(held_out - test @ np.linalg.lstsq(train, seen, rcond=None)[0]).sum()
    return error


def ones(task):
    return np.ones((len(task), 1))


def products(task, x):
    return (task[:, :, None] * x[:, None, :]).reshape(len(x), -1)


@given(SHAPES, COVARIATES, st.integers(0, 1000))
def test_shares_are_those_of_least_squares_on_dummy_variables(shape, n_covariates, seed):
    states, current = drawn(shape, n_covariates, seed)
    grand, common, additive, full = (
        explicit_error(states, current, design)
        for design in (
            lambda task, x: ones(task),
            lambda task, x: np.hstack([ones(task), x]),
            lambda task, x: np.hstack([task, x]),
            lambda task, x: np.hstack([task, products(task, x)]),
        )
    )
    expected = {
        "P0": 1 - full / grand,
        "P0*": 1 - full / common,
        "P1": (additive - full) / (grand - full),
        "P1*": (additive - full) / (common - full),
    }
    found = shares_of(states, current)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-6, abs=1e-7), name


@given(SHAPES, COVARIATES, st.integers(0, 100))
def test_shares_depend_on_the_coordinates_neither_of_states_nor_of_covariates(shape, n_covariates, seed):
    states, current = drawn(shape, n_covariates, seed)
    rng, width = stream(seed, "moves"), shape[2]
    rotation = np.linalg.qr(rng.normal(size=(width, width)))[0]
    mixing = np.eye(n_covariates) + 0.3 * rng.normal(size=(n_covariates, n_covariates))
    moved = shares_of(
        2.5 * states @ rotation + rng.normal(size=width), current @ mixing + rng.normal(size=n_covariates)
    )
    for name, value in shares_of(states, current).items():
        assert moved[name] == pytest.approx(value, rel=1e-6, abs=1e-7), name


@pytest.mark.parametrize("n_columns", [3, 4])
def test_cells_are_slopes_on_their_indicators(n_columns):
    """Cell means fitted as slopes on one-hot covariates, with and without the redundant column: the same errors."""
    rng = stream(0, "cells")
    n_tasks, n_symbols, n, width = 3, 4, 10, 5
    cells = rng.normal(size=(n_tasks, n_symbols, 1, width)) + rng.normal(size=(n_tasks, n_symbols, n, width))
    # Halves of a task's sequences are the halves of its cells.
    halved = np.moveaxis(cells.reshape(n_tasks, n_symbols, 2, n // 2, width), 2, 1)
    states = halved.reshape(1, n_tasks, n_symbols * n, width)
    one_hot = np.tile(np.repeat(np.eye(n_symbols)[:, :n_columns], n // 2, axis=0), (1, n_tasks, 2, 1))
    balanced, slopes = CellStates(cells[None]), SlopeStates(states, one_hot)
    for name in ("P0", "P0*"):
        assert slopes.shares()[name] == pytest.approx(balanced.shares()[name], rel=1e-12), name
    of_cells, of_slopes = balanced.main_effects(), slopes.main_effects()
    np.testing.assert_allclose(of_slopes.task, of_cells.task, atol=1e-12)
    last = of_slopes.current[-1] if n_columns == n_symbols else 0
    np.testing.assert_allclose(
        of_slopes.current - last, (of_cells.current - of_cells.current[-1])[:n_columns], atol=1e-12
    )


def made(task, common, own, seed=0, n=200):
    """Return noisy states of 3 tasks whose effect, common slope and own slopes have the sizes given."""
    rng = stream(seed, "made")
    current = rng.normal(size=(3, n, 2))
    states = task * rng.normal(size=(3, 1, 8)) + common * current @ rng.normal(size=(2, 8))
    return states + own * current @ rng.normal(size=(3, 2, 8)) + 0.05 * rng.normal(size=(3, n, 8)), current


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


def test_replicates_scatter_as_independent_samples_do():
    """The spread of bootstrap replicates agrees with the spread over fresh samples of the same population."""
    rng = stream(2, "population")
    task, slopes = rng.normal(size=(3, 1, 4)), rng.normal(size=(3, 2, 4))

    def sample(seed):
        rng = stream(seed, "sample")
        current = rng.normal(size=(3, 144, 2))
        return task + current @ slopes + 1.5 * rng.normal(size=(3, 144, 4)), current

    samples = [shares_of(*sample(100 + trial)) for trial in range(200)]
    replicates = slope_shares(SlopeHalves.of(*sample(7), (stream(8, "replicates"), 400)))
    for name in NAMES:
        assert replicates[name].shape == (400,)
        assert 0.7 < np.std(replicates[name]) / np.std([one[name] for one in samples]) < 1.4, name


def test_replicates_resample_within_each_half_of_each_task():
    """Sequences that are alike within each half of each task leave nothing for resampling to change."""
    states, current = (np.repeat(stream(3, name).normal(size=(3, 2, 4)), 5, axis=1) for name in ("states", "current"))
    replicates = slope_shares(SlopeHalves.of(states, current, (stream(5, "replicates"), 20)))
    for name in ("P0", "P0*"):
        np.testing.assert_allclose(replicates[name], shares_of(states, current)[name], rtol=1e-6, err_msg=name)


def test_estimates_hold_their_value_even_where_replicates_are_biased():
    states = stream(6, "noise").normal(size=(3, 16, 40))
    for name, estimate in estimate_slope_shares(states, states[..., :2] * 0.1, stream(9, "b"), 200).items():
        assert estimate.low <= estimate.value <= estimate.high, name


def test_a_covariate_that_never_varies_is_an_intercept():
    states, current = made(task=1, common=0, own=0, n=40)
    constant = np.full_like(current[..., :1], 2.0)
    assert shares_of(states, constant)["P0"] == pytest.approx(shares_of(states, 0 * constant)["P0"], rel=1e-9)


def test_squared_error_of_the_fit_is_the_variance_it_leaves():
    states, current = drawn((2, 12, 3), 1, 5)
    moments = SlopeMoments.of(states, current)
    left = []
    for task in range(2):
        rows = np.column_stack([np.ones(12), current[task]])
        left.append(np.square(states[task] - rows @ np.linalg.lstsq(rows, states[task], rcond=None)[0]).sum() / 12)
    assert moments.squared_error(moments.full()).item() == pytest.approx(np.mean(left))
