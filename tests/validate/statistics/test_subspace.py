"""R2_OOD: inside, outside, chance, and the comparison of two networks; angles, dimensions, balls, distances."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from theory import stream
from validate.statistics.intervals import bootstrap
from validate.statistics.subspace import (
    ball_radius,
    chance_moments,
    compare_shares,
    distances_from,
    effective_dimension,
    leading_directions,
    principal_angles,
    random_basis,
    share_inside,
    span_basis,
    subspace_moments,
)


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


@given(st.integers(0, 200), st.integers(1, 4))
def test_leading_directions_hold_more_squares_than_any_other_subspace(seed, rank):
    rng = stream(seed, "leading")
    centred = rng.normal(size=(30, 8)) * np.linspace(1, 2, 8)
    leading = leading_directions(centred, rank)
    np.testing.assert_allclose(leading.T @ leading, np.eye(rank), atol=1e-12)
    inside = np.square(centred @ leading).sum()
    assert inside >= np.square(centred @ random_basis(8, rank, rng)).sum()
    assert inside == pytest.approx(np.sort(np.linalg.eigvalsh(centred.T @ centred))[-rank:].sum())


@given(st.floats(1, 89), st.floats(1, 89))
def test_principal_angles_are_the_angles_turned(one, other):
    angles = np.radians([one, other])
    turned = np.zeros((6, 2))
    turned[[0, 1], [0, 1]] = np.cos(angles)
    turned[[2, 3], [0, 1]] = np.sin(angles)
    found = principal_angles(np.eye(6)[:, :2], turned @ np.array([[0.6, -0.8], [0.8, 0.6]]))
    np.testing.assert_allclose(found, sorted([one, other]), atol=1e-5)


def test_effective_dimension_counts_evenly_filled_directions():
    rng = stream(3, "dimension")
    even = np.concatenate([np.eye(9)[:4], -np.eye(9)[:4]])
    assert effective_dimension(even + rng.normal(size=9)) == pytest.approx(4)
    assert effective_dimension(even * np.array([100] + 8 * [1.0])) == pytest.approx(1, abs=0.01)
    assert np.isnan(effective_dimension(np.ones((5, 3))))


@given(st.integers(0, 200), st.integers(1, 4))
def test_the_ball_holds_all_points_and_is_hardly_larger_than_it_must_be(seed, dimension):
    rng = stream(seed, "ball")
    points = rng.normal(size=(dimension + 6, dimension))
    points *= rng.uniform(0, 1, size=(len(points), 1)) / np.linalg.norm(points, axis=1, keepdims=True)
    opposite = np.eye(dimension)[:1]
    centre = 5 * rng.normal(size=dimension)
    radius = ball_radius(centre + np.concatenate([points, opposite, -opposite]))
    assert radius + 1e-12 >= 1
    assert radius == pytest.approx(1, abs=2e-3)


def test_distance_is_what_the_span_does_not_hold():
    rng = stream(4, "distance")
    basis, other = np.split(random_basis(7, 4, rng), [2], axis=1)
    inside, outside = rng.normal(size=(9, 2)), rng.normal(size=(9, 2))
    found = distances_from(inside @ basis.T + outside @ other.T, basis)
    np.testing.assert_allclose(found, np.linalg.norm(outside, axis=1))
