"""Two-way analysis of variance against least squares, products across halves, and its invariances."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory import stream
from validate.statistics.effects import cell_parts, cell_projections
from validate.statistics.parts import PARTS

SHAPES = st.tuples(st.integers(2, 4), st.integers(2, 5), st.integers(2, 8), st.integers(1, 5))


def states_of(shape, seed=0):
    return stream(seed, "states").normal(size=shape)


def residual(design, states):
    """Sum of squares that least squares on the columns of a design leaves."""
    fitted = design @ np.linalg.lstsq(design, states, rcond=None)[0]
    return np.square(states - fitted).sum()


def dummies(labels):
    return (labels[:, None] == np.unique(labels)).astype(float)


@given(SHAPES, st.integers(0, 1000))
def test_parts_are_the_components_of_variance_of_least_squares(shape, seed):
    """Sums of squares by least squares on dummy variables, less what their degrees of freedom hold of the noise."""
    states = states_of(shape, seed)
    n_tasks, n_symbols, n, width = shape
    task, symbol, _ = (index.ravel() for index in np.indices(shape[:3]))
    flat = states.reshape(-1, width)
    nothing, by_task, by_symbol, additive, cells = (
        residual(design, flat)
        for design in (
            np.ones((len(flat), 1)),
            dummies(task),
            dummies(symbol),
            np.hstack([dummies(task), dummies(symbol)]),
            dummies(task * n_symbols + symbol),
        )
    )
    within = cells / (n_tasks * n_symbols * (n - 1))
    squares = {"task": nothing - by_task, "current": nothing - by_symbol, "interaction": additive - cells}
    freedom = {"task": n_tasks - 1, "current": n_symbols - 1, "interaction": (n_tasks - 1) * (n_symbols - 1)}
    expected = [(squares[name] - freedom[name] * within) / len(flat) for name in PARTS[:3]]
    np.testing.assert_allclose(cell_parts(states).values, [*expected, within], rtol=1e-8, atol=1e-9)


def test_parts_are_products_across_halves():
    """The mean over every way to halve every cell of the product of the two halves' effects."""
    states = states_of((2, 2, 4, 3))
    forms = cell_projections(2, 2)
    flat, totals, count = states.reshape(4, 4, 3), np.zeros(3), 0
    halves = list(combinations(range(4), 2))
    for choice in product(halves, repeat=4):
        first = np.stack([cell[list(half)].mean(axis=0) for cell, half in zip(flat, choice, strict=True)])
        second = 2 * flat.mean(axis=1) - first
        totals += np.einsum("pcd,cw,dw->p", forms, first, second)
        count += 1
    np.testing.assert_allclose(cell_parts(states).values[:3], totals / count, rtol=1e-9, atol=1e-12)


@settings(max_examples=30)
@given(SHAPES, st.integers(0, 100))
def test_shares_do_not_depend_on_the_coordinates_of_states(shape, seed):
    states = states_of(shape, seed) + 2 * states_of((*shape[:2], 1, shape[3]), seed + 1)
    width = shape[3]
    rotation = np.linalg.qr(stream(seed, "rotation").normal(size=(width, width)))[0]
    moved = cell_parts(2.5 * states @ rotation + stream(seed, "shift").normal(size=width)).shares()
    for name, estimate in cell_parts(states).shares().items():
        assert moved[name].value == pytest.approx(estimate.value, rel=1e-6, abs=1e-9), name
        assert moved[name].high == pytest.approx(estimate.high, rel=1e-5, abs=1e-7), name


def test_additive_states_have_no_interaction_and_products_nothing_else():
    task, symbol = states_of((3, 1, 1, 5), 1), states_of((1, 4, 1, 5), 2)
    additive = cell_parts(np.broadcast_to(task + symbol, (3, 4, 6, 5))).shares()
    assert [additive[name].value for name in ("P1", "P1*")] == pytest.approx([0, 0], abs=1e-12)
    both = (task - task.mean(axis=0)) * (symbol - symbol.mean(axis=1))
    assert cell_parts(np.broadcast_to(both, (3, 4, 6, 5))).shares()["P1"].value == pytest.approx(1)


def test_states_that_hold_the_symbol_alone_have_no_task_share():
    shares = cell_parts(states_of((1, 4, 1, 5)) + 0.1 * states_of((3, 4, 60, 5), 2)).shares()
    assert shares["P0"].value > 0.95
    assert shares["P0*"].low < 0 < shares["P0*"].high < 0.1


def test_intervals_shrink_as_cells_grow():
    widths = []
    for n in (8, 32, 128):
        shares = cell_parts(2 * states_of((3, 4, 1, 4)) + states_of((3, 4, n, 4), n)).shares()
        widths.append([shares[name].high - shares[name].low for name in ("P0", "P0*", "P1", "P1*")])
    ratios = np.array(widths[:-1]) / widths[1:]
    assert np.all((ratios > 1.4) & (ratios < 3))
