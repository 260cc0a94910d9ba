"""Two-way analysis of variance against least squares on dummy variables, and its invariances."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from theory import stream
from validate.statistics.effects import (
    EFFECTS,
    CellMoments,
    CellSquares,
    Halves,
    cell_r2,
    estimate_shares,
    interaction_against_task,
    interaction_share,
    task_share,
)

SHAPES = st.tuples(
    st.integers(2, 4), st.integers(2, 5), st.integers(2, 4).map(lambda half: 2 * half), st.integers(1, 5)
)


def states_of(shape, seed=0):
    return stream(seed, "states").normal(size=shape)


def residual(design, states):
    """Sum of squares that least squares on the columns of a design leaves."""
    fitted = design @ np.linalg.lstsq(design, states, rcond=None)[0]
    return np.square(states - fitted).sum()


def dummies(labels):
    return (labels[:, None] == np.unique(labels)).astype(float)


@given(SHAPES, st.integers(0, 1000))
def test_parts_add_up_to_the_total(shape, seed):
    states = states_of(shape, seed)
    n = shape[2]
    squares = CellSquares.of(states.mean(axis=2)[None])
    within = np.square(states - states.mean(axis=2, keepdims=True)).sum()
    total = np.square(states - states.mean(axis=(0, 1, 2))).sum()
    parts = within + n * (squares.task + squares.symbol + squares.interaction)
    assert parts.item() == pytest.approx(total, rel=1e-12)


@given(SHAPES, st.integers(0, 1000))
def test_parts_are_those_of_least_squares(shape, seed):
    states = states_of(shape, seed)
    _, n_symbols, n, width = shape
    task, symbol, _ = (index.ravel() for index in np.indices(shape[:3]))
    flat = states.reshape(-1, width)
    ones = np.ones((len(flat), 1))
    nothing, by_task, by_symbol, additive, cells = (
        residual(design, flat)
        for design in (
            ones,
            dummies(task),
            dummies(symbol),
            np.hstack([dummies(task), dummies(symbol)]),
            dummies(task * n_symbols + symbol),
        )
    )
    squares = CellSquares.of(states.mean(axis=2)[None])
    assert n * squares.task.item() == pytest.approx(nothing - by_task, rel=1e-9)
    assert n * squares.symbol.item() == pytest.approx(nothing - by_symbol, rel=1e-9)
    assert n * squares.interaction.item() == pytest.approx(additive - cells, rel=1e-9, abs=1e-9)


@given(SHAPES, st.integers(0, 1000))
def test_held_out_shares_are_those_of_explicit_prediction(shape, seed):
    states = states_of(shape, seed) + 3 * states_of((*shape[:2], 1, shape[3]), seed + 1)
    half = shape[2] // 2
    errors = dict.fromkeys(("cell", "symbol", "grand"), 0.0)
    for train, test in ((states[:, :, :half], states[:, :, half:]), (states[:, :, half:], states[:, :, :half])):
        for name, axes in (("cell", 2), ("symbol", (0, 2)), ("grand", (0, 1, 2))):
            errors[name] += np.square(test - train.mean(axis=axes, keepdims=True)).sum()
    halves = Halves.of(states)
    assert cell_r2(halves).item() == pytest.approx(1 - errors["cell"] / errors["grand"], rel=1e-9, abs=1e-12)
    assert task_share(halves).item() == pytest.approx(1 - errors["cell"] / errors["symbol"], rel=1e-9, abs=1e-12)


@given(SHAPES, st.integers(0, 100))
def test_shares_do_not_depend_on_the_coordinates_of_states(shape, seed):
    states = states_of(shape, seed)
    width = shape[3]
    rotation = np.linalg.qr(stream(seed, "rotation").normal(size=(width, width)))[0]
    moved = 2.5 * states @ rotation + stream(seed, "shift").normal(size=width)
    for name, statistic in EFFECTS.items():
        assert statistic(Halves.of(moved)).item() == pytest.approx(
            statistic(Halves.of(states)).item(), rel=1e-6, abs=1e-9
        ), name


def test_additive_states_have_no_interaction_and_products_nothing_else():
    task, symbol = states_of((3, 1, 1, 5), 1), states_of((1, 4, 1, 5), 2)
    additive = np.broadcast_to(task + symbol, (3, 4, 6, 5))
    assert interaction_share(Halves.of(additive)).item() == pytest.approx(0, abs=1e-25)
    assert interaction_against_task(Halves.of(additive)).item() == pytest.approx(0, abs=1e-25)
    product = (task - task.mean(axis=0)) * (symbol - symbol.mean(axis=1))
    assert interaction_share(Halves.of(np.broadcast_to(product, (3, 4, 6, 5)))).item() == pytest.approx(1)


def test_states_that_hold_the_symbol_alone_have_no_task_share():
    symbol_only = states_of((1, 4, 1, 5)) + 0.1 * states_of((3, 4, 60, 5), 2)
    halves = Halves.of(symbol_only)
    assert cell_r2(halves).item() > 0.95
    assert abs(task_share(halves).item()) < 0.05


def test_replicates_scatter_as_independent_samples_do():
    """The spread of bootstrap replicates agrees with the spread over fresh samples of the same population."""
    centre = 2 * states_of((3, 4, 1, 2))
    samples = [cell_r2(Halves.of(centre + states_of((3, 4, 30, 2), 100 + trial))).item() for trial in range(200)]
    replicates = cell_r2(Halves.resampled(centre + states_of((3, 4, 30, 2), 7), stream(8, "replicates"), 400))
    assert replicates.shape == (400,)
    assert 0.7 < np.std(replicates) / np.std(samples) < 1.4


def test_estimates_hold_their_value_even_where_replicates_are_biased():
    """Few sequences and no effect at all: resampled cell means are noisier, so every replicate of P0 is lower."""
    for name, estimate in estimate_shares(states_of((3, 4, 8, 40)), EFFECTS, stream(9, "b"), 200).items():
        assert estimate.low <= estimate.value <= estimate.high, name


def test_squared_error_of_the_mean_is_the_variance():
    states = states_of((2, 3, 8, 4))
    moments = CellMoments.of(states)
    assert moments.squared_error(moments.mean).item() == pytest.approx(states.var(axis=2).sum())
