"""Rotary positions and causal attention have the properties they were chosen for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_models import VARIANTS, arrays_for, model_for

from model.attention import Rotation, causal_attention, rotary, rotation

BACKENDS = ("numpy", "numba")
seeds = st.integers(0, 2**32 - 1)


@given(seeds, st.integers(0, 30), st.integers(1, 4))
def test_a_score_depends_on_relative_position_only(seed, shift, half):
    length, size = 6, 2 * half
    turn = rotation(length + shift, size, np.float64)
    query, key = np.random.default_rng(seed).standard_normal((2, 1, 1, 1, size))

    def scores(offset):
        """All q at position i, all k at position j, both moved by `offset`."""
        shifted = Rotation(turn.cosine[offset:][:length], turn.sine[offset:][:length])
        everywhere = [np.repeat(x, length, axis=1) for x in (query, key)]
        turned = [rotary(x, shifted)[0][0, :, 0] for x in everywhere]
        return turned[0] @ turned[1].T

    np.testing.assert_allclose(scores(shift), scores(0), rtol=0, atol=1e-12 * size)
    for offset in range(-length + 1, length):  # and every diagonal is constant
        diagonal = np.diagonal(scores(0), offset)
        np.testing.assert_allclose(diagonal, diagonal[0], rtol=0, atol=1e-12 * size)


@given(seeds, st.integers(1, 4))
def test_position_zero_is_not_turned_and_norms_are_kept(seed, half):
    x = np.random.default_rng(seed).standard_normal((2, 5, 3, 2 * half))
    y, _ = rotary(x, rotation(5, 2 * half, np.float64))
    np.testing.assert_array_equal(y[:, 0], x[:, 0])
    np.testing.assert_allclose(np.linalg.norm(y, axis=-1), np.linalg.norm(x, axis=-1), rtol=1e-12)


def test_equal_scores_average_the_past():
    value = np.random.default_rng(0).standard_normal((2, 6, 2, 4))
    mixed, _ = causal_attention(np.zeros_like(value), np.ones_like(value), value)
    np.testing.assert_allclose(mixed, np.cumsum(value, axis=1) / np.arange(1, 7)[:, None, None], rtol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("config", VARIANTS.values(), ids=VARIANTS)
def test_changing_the_future_changes_nothing_before(config, dtype, backend):
    # Every number of a position is computed by the same instructions on the same operands, whatever stands after it:
    # masked terms are exact zeros or are never read. So equality is exact.
    model = model_for(config, backend, dtype)
    inputs = arrays_for(config, sequences=3).inputs
    outputs, states = model.forward(inputs, capture=model.sites)
    for position in range(1, config.length):
        changed = inputs.copy()
        changed[:, position:] = arrays_for(config, sequences=3, seed=position).inputs[:, position:]
        changed[:, position] = (inputs[:, position] + 1) % config.inputs  # at least this one differs
        new_outputs, new_states = model.forward(changed, capture=model.sites)
        np.testing.assert_array_equal(new_outputs[:, :position], outputs[:, :position])
        assert np.any(new_outputs[:, position] != outputs[:, position])
        for site in model.sites:
            np.testing.assert_array_equal(new_states[site][:, :position], states[site][:, :position])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("config", VARIANTS.values(), ids=VARIANTS)
def test_a_shorter_sequence_is_a_prefix(config, backend):
    model = model_for(config, backend)
    inputs = arrays_for(config).inputs
    whole = model.predict(inputs)
    for length in range(1, config.length):
        np.testing.assert_allclose(model.predict(inputs[:, :length]), whole[:, :length], rtol=1e-11, atol=1e-12)
