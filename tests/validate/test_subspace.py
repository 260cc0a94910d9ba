"""R2_OOD: inside, outside, chance, and the comparison of two networks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from theory import stream
from validate.intervals import bootstrap
from validate.subspace import chance_moments, compare_shares, random_basis, share_inside, span_basis, subspace_moments


def share(states, centre, basis):
    return share_inside(subspace_moments(states, centre, basis).mean(axis=0, keepdims=True)).item()


@given(st.integers(0, 200), st.integers(2, 4))
def test_states_in_the_span_are_inside_and_orthogonal_ones_outside(seed, n_vectors):
    rng = stream(seed, "span")
    vectors = rng.normal(size=(n_vectors, 8))
    vectors -= vectors.mean(axis=0)
    basis = span_basis(vectors)
    assert basis.shape == (8, n_vectors - 1)
    centre = rng.normal(size=8)
    inside = rng.normal(size=(10, 3, n_vectors)) @ vectors
    assert share(centre + inside, centre, basis) == pytest.approx(1)
    outside = rng.normal(size=(10, 3, 8))
    outside -= outside @ basis @ basis.T
    assert share(centre + outside, centre, basis) == pytest.approx(0, abs=1e-12)


def test_chance_is_rank_over_width_whatever_the_states():
    rng = stream(1, "flat")
    flat = rng.normal(size=(40, 5, 2)) @ rng.normal(size=(2, 16))
    level = share_inside(chance_moments(flat, np.zeros(16), 3, stream(1, "chance")).mean(axis=0, keepdims=True))
    assert level.item() == pytest.approx(3 / 16, abs=0.06)
    basis = random_basis(16, 3, rng)
    np.testing.assert_allclose(basis.T @ basis, np.eye(3), atol=1e-12)


def test_comparison_is_one_for_equal_states_and_sees_a_fall():
    rng = stream(2, "pair")
    basis = np.eye(10)[:, :2]
    before = rng.normal(size=(60, 4, 10))
    after = before * np.array([0.3, 0.3] + 8 * [1.0])
    moments = [subspace_moments(states, np.zeros(10), basis) for states in (before, after)]
    same, nothing = compare_shares(moments[0], moments[0], stream(2, "b"), 200)
    assert (same.value, same.low, same.high) == pytest.approx((1, 1, 1))
    assert (nothing.value, nothing.low, nothing.high) == pytest.approx((0, 0, 0), abs=1e-12)
    fell, difference = compare_shares(*moments, stream(2, "b"), 200)
    one = bootstrap(moments[1], share_inside, stream(2, "b"), 200).value
    other = bootstrap(moments[0], share_inside, stream(2, "b"), 200).value
    assert fell.value == pytest.approx(one / other)
    assert fell.high < 0.3
    assert difference.value == pytest.approx(other - one)
    assert difference.low > 0.05
