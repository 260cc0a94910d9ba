"""The additive model recovers the parts that made the states."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from theory import stream
from validate.statistics.interpolation import AdditiveModel, MainEffects


def made_states(seed, n_tasks=3, n_symbols=4, width=6, n_positions=5, n_sequences=90):
    """Return states of the additive model with known parts, weights uniform on the simplex on average."""
    rng = stream(seed, "additive")
    task = rng.normal(size=(n_tasks, width))
    symbol = rng.normal(size=(n_symbols, width))
    effects = MainEffects(task - task.mean(axis=0), symbol - symbol.mean(axis=0))
    shift = rng.normal(size=(n_positions, width))
    weights = rng.dirichlet(np.ones(n_tasks), size=(n_sequences // n_tasks, n_positions))
    weights = np.concatenate([np.roll(weights, turn, axis=-1) for turn in range(n_tasks)])
    symbols = rng.integers(n_symbols, size=(n_sequences, n_positions))
    current = np.eye(n_symbols)[symbols]
    states = shift + weights @ effects.task + effects.current[symbols]
    return effects, shift, weights, current, states


@given(st.integers(0, 200))
def test_weights_and_intercepts_are_recovered(seed):
    effects, shift, weights, current, states = made_states(seed)
    model = AdditiveModel.of(effects, states, current)
    np.testing.assert_allclose(model.intercepts, shift, atol=1e-10)
    fit = model.fit(states, current)
    np.testing.assert_allclose(fit.coordinates, weights, atol=1e-6)
    np.testing.assert_allclose(fit.error, 0, atol=1e-12)


@given(st.integers(0, 200))
def test_coordinates_lie_in_the_simplex_and_errors_are_no_larger_than_the_remainder_at_the_centre(seed):
    effects, _, _, current, states = made_states(seed)
    noisy = states + 2 * stream(seed, "noise").normal(size=states.shape)
    fit = AdditiveModel.of(effects, states, current).fit(noisy, current)
    assert np.all(fit.coordinates >= 0)
    np.testing.assert_allclose(fit.coordinates.sum(axis=-1), 1, atol=1e-12)
    # The centre of the simplex, where the task term vanishes, is one of the points the fit chose among.
    assert np.all(fit.error <= fit.remainder + 1e-9)


def test_main_effects_are_those_of_the_balanced_design():
    rng = stream(0, "balanced")
    task, symbol = rng.normal(size=(3, 1, 1, 4)), rng.normal(size=(1, 5, 1, 4))
    shift = rng.normal(size=(2, 1, 1, 1, 4))
    effects = MainEffects.of_cells(np.broadcast_to(shift + task + symbol, (2, 3, 5, 6, 4)))
    np.testing.assert_allclose(effects.task, (task - task.mean(axis=0))[:, 0, 0], atol=1e-12)
    np.testing.assert_allclose(effects.current, (symbol - symbol.mean(axis=1))[0, :, 0], atol=1e-12)
    assert np.abs(effects.task.sum(axis=0)).max() < 1e-12


def test_a_shift_of_all_states_at_a_position_changes_no_fit():
    effects, _, _, current, states = made_states(3)
    moved = states + stream(3, "shift").normal(size=(1, *states.shape[1:]))
    one, other = (AdditiveModel.of(effects, s, current).fit(s, current) for s in (states, moved))
    np.testing.assert_allclose(one.coordinates, other.coordinates, atol=1e-8)
    assert one.centred.sum() == pytest.approx(other.centred.sum())
