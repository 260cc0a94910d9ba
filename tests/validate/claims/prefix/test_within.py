"""Variance within groups: no bias for groups of any size, and the jackknife by leaving sequences out one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from validate.claims.prefix.within import Within
from validate.statistics.intervals import QUANTILE

ONE = np.zeros(12, dtype=int)


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 4), min_size=12, max_size=12))
def test_without_a_sequence_is_what_the_others_give(seed, labels):
    states, groups = np.random.default_rng(seed).normal(size=(12, 3)), np.array(labels)
    whole = Within.of(states, groups)
    for i in range(12):
        others = np.delete(np.arange(12), i)
        expected = Within.of(states[others], groups[others]).value
        np.testing.assert_allclose(whole.without[i], expected, rtol=1e-9)


@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
def test_squares_are_held_out_errors_less_the_noise_of_the_mean(seed, n):
    states = np.random.default_rng(seed).normal(size=(n, 3))
    held_out = [np.square(states[i] - np.delete(states, i, axis=0).mean(axis=0)).sum() for i in range(n)]
    found = Within.of(states, np.zeros(n, dtype=int)).value
    np.testing.assert_allclose(found, np.mean(held_out) * (n - 1) / n, rtol=1e-9)


def test_groups_of_two_have_no_bias():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(20_000), 2)
    states = rng.normal(size=(40_000, 2)) + 5 * rng.normal(size=(20_000, 2))[groups]
    assert Within.of(states, groups).value == pytest.approx(2, abs=0.05)


def test_no_group_of_two_is_undefined():
    states = np.random.default_rng(1).normal(size=(12, 3))
    alone, all_of_them = Within.of(states, np.arange(12)), Within.of(states, ONE)
    assert np.isnan(alone.value)
    assert np.isnan(alone.share_of(all_of_them, ONE).value)
    assert np.isnan(all_of_them.share_of(Within.of(np.zeros((12, 3)), ONE), ONE).value)


def test_intervals_are_the_jackknife_of_strata_and_cover():
    """Small groups share their means: the interval knows, and holds the truth of .2 in nearly all draws."""
    rng, hits, n_draws = np.random.default_rng(2), 0, 400
    strata, groups = np.repeat(np.arange(3), 40), np.repeat(np.arange(60), 2)
    for _ in range(n_draws):
        states = np.sqrt(0.2) * rng.normal(size=(120, 2)) + np.sqrt(0.8) * rng.normal(size=(60, 2))[groups]
        share = Within.of(states, groups).share_of(Within.of(states, strata), strata)
        hits += share.low <= 0.2 <= share.high
    assert 0.91 < hits / n_draws < 0.98
    inner, outer = Within.of(states, groups), Within.of(states, strata)
    ratio = inner.without / outer.without
    variance = sum((39 / 40) * np.square(ratio[strata == s] - ratio[strata == s].mean()).sum() for s in range(3))
    assert share.high - share.value == pytest.approx(QUANTILE * np.sqrt(variance), rel=1e-9)
    bare = inner.share_of(outer, strata, interval=False)
    assert bare.value == share.value
    assert np.isnan(bare.low)
