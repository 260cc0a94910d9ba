from math import comb, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from theory import enumeration, stream
from theory.ballot import as_paths, down_probability, log_catalan, log_completions, random_paths

CATALAN = [1, 1, 2, 5, 14, 42, 132, 429, 1430, 4862, 16796, 58786, 208012]
"""OEIS A000108."""


def completions(height, left):
    return np.exp(log_completions(np.array(height), np.array(left)))


def test_paths_are_counted_by_catalan_numbers():
    np.testing.assert_allclose([np.exp(log_catalan(pairs)) for pairs in range(13)], CATALAN, rtol=1e-12)
    assert [len(enumeration.dyck_paths(pairs)) for pairs in range(1, 7)] == CATALAN[1:7]


@pytest.mark.parametrize("pairs", [1, 2, 3, 4])
def test_completions_and_downs_are_counted_by_trying_all_paths(pairs):
    """Of the paths that begin like one of them, count all and those that go down next."""
    paths = enumeration.dyck_paths(pairs)
    for path in paths:
        for shown in range(2 * pairs):
            same = [other for other in paths if other[:shown] == path[:shown]]
            height, left = np.array([sum(path[:shown])]), np.array([2 * pairs - shown])
            np.testing.assert_allclose(completions(height, left), len(same), rtol=1e-12)
            downs = sum(other[shown] == -1 for other in same)
            np.testing.assert_allclose(down_probability(height, left), downs / len(same), rtol=1e-14)


def test_what_cannot_be_finished_has_no_completion():
    assert not completions([-1, 1, 3, 0, 2, -2], [3, 2, 1, -2, 3, 0]).any()
    assert completions(0, 0) == 1


@given(st.integers(1, 300), st.data())
def test_ballot_numbers_equal_exact_binomials_and_their_recursion(left, data):
    height = left - 2 * data.draw(st.integers(0, left // 2))
    downs = (left - height) // 2
    exact = comb(left, downs) - (comb(left, downs - 1) if downs else 0)
    np.testing.assert_allclose(log_completions(np.array(height), np.array(left)), log(exact), rtol=1e-12, atol=1e-12)
    ways = log_completions(np.array([height + 1, height - 1]), np.array([left - 1, left - 1])) - log(exact)
    np.testing.assert_allclose(np.exp(ways).sum(), 1, rtol=1e-11)
    np.testing.assert_allclose(np.exp(ways)[1], down_probability(np.array([height]), left)[0], rtol=1e-11, atol=1e-14)


def test_paths_through_all_heights_add_up_to_the_catalan_number():
    """sum_r N(r, k) N(r, 2 n - k) = Catalan(n): a path passes through one height at step k."""
    heights = np.arange(21)
    for step in range(21):
        through = completions(heights, np.full(21, step)) * completions(heights, np.full(21, 20 - step))
        np.testing.assert_allclose(through.sum(), CATALAN[10], rtol=1e-12)


def test_long_paths_keep_their_digits():
    exact = log(comb(20_000, 10_000) // 10_001)
    np.testing.assert_allclose(log_catalan(10_000), exact, rtol=1e-13)


def test_random_paths_are_paths_and_uniform():
    paths = random_paths(stream(0, "paths"), 4, 14_000)
    everything = enumeration.dyck_paths(4)
    counts = [np.count_nonzero((paths == path).all(axis=1)) for path in everything]
    assert sum(counts) == len(paths)
    assert chisquare(counts).pvalue > 1e-4


@given(st.integers(1, 60), st.integers(0, 99))
def test_random_paths_of_any_length_never_go_below_zero_and_end_there(pairs, seed):
    paths = random_paths(stream(seed, "paths"), pairs, 5)
    assert np.array_equal(as_paths(paths, pairs), paths)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[1, -1, -1, 1]], "must never go below 0 and must end at 0; row 0 does not"),
        ([[1, 1, -1, -1], [1, 1, 1, -1]], "row 1 does not"),
        ([[1, 0, 0, -1]], r"steps of a path must be \+1 \(up\) or -1 \(down\)"),
        ([[1.0, np.nan, 1.0, -1.0]], "steps of a path must be"),
        ([[1, -1]], r"shape \(K, 4\) with K at least 1; got \(1, 2\)"),
        (np.zeros((0, 4)), "K at least 1"),
    ],
)
def test_rows_that_are_no_paths_are_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        as_paths(np.array(rows), 2)
