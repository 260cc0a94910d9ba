"""Total variation, undecided states and the correlation from moments."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from theory import stream
from validate.statistics.alignment import (
    correlation_moments,
    fisher_z,
    pearson,
    pooled_mean,
    total_variation,
    undecided,
)


def laws(seed, n, size):
    return stream(seed, "laws").dirichlet(np.ones(size), size=n)


@given(st.integers(0, 500), st.integers(2, 6))
def test_total_variation_is_a_distance_and_the_largest_difference_of_an_event(seed, size):
    p, q, r = (laws(seed + shift, 4, size) for shift in (0, 1000, 2000))
    distance = total_variation(p, q)
    events = np.array(np.meshgrid(*[[0, 1]] * size)).reshape(size, -1)
    np.testing.assert_allclose(distance, ((p - q) @ events).max(axis=-1), atol=1e-12)
    assert np.all(distance <= total_variation(p, r) + total_variation(r, q) + 1e-12)
    np.testing.assert_array_equal(total_variation(p, p), 0)


@given(st.integers(0, 500))
def test_pearson_from_moments_is_scipys(seed):
    x, y = laws(seed, 30, 3), laws(seed + 1000, 30, 3)
    moments = correlation_moments(x, y).mean(axis=0, keepdims=True)
    assert pearson(moments).item() == pytest.approx(stats.pearsonr(x.ravel(), y.ravel()).statistic, abs=1e-9)
    assert np.tanh(fisher_z(moments)) == pytest.approx(pearson(moments))
    assert np.isfinite(fisher_z(correlation_moments(x, x).mean(axis=0, keepdims=True)))


def test_undecided_states_lie_between_the_two_entropies():
    sure, even = np.array([1.0, 0.0, 0.0]), np.full(3, 1 / 3)
    middling = np.array([0.75, 0.2, 0.05])
    assert undecided(np.stack([sure, even, middling])).tolist() == [False, False, True]
    shares = stats.entropy(laws(0, 200, 3), axis=-1) / np.log(3)
    np.testing.assert_array_equal(undecided(laws(0, 200, 3)), (shares >= 0.2) & (shares <= 0.8))


def test_pooled_mean_weighs_states_not_sequences():
    moments = np.array([[2.0, 1.0], [3.0, 5.0]])
    assert pooled_mean(moments.mean(axis=0, keepdims=True)).item() == pytest.approx(5 / 6)
    assert np.isnan(pooled_mean(np.zeros((1, 2))).item())
