"""How predictions stand to candidates: weights are read against the modes, and fitted on other sequences."""

import numpy as np
import pytest
from contestants import arenas_of
from hypothesis import given
from hypothesis import strategies as st

from theory import stream
from validate.capture.candidates import MODES
from validate.statistics.standing import Standing, margin, margin_of_log_ratio, modes_against_rivals


def standing(mean, candidates):
    return Standing.of("symbol", mean, candidates, MODES, stream(0, "refits"))


def test_a_candidate_that_coincides_with_a_mode_takes_its_weight():
    arena = arenas_of("dice").populations["fresh"]
    doubled = arena.candidates | {"prior predictive": arena.candidates["M2"]}
    noise = stream(0, "noise").dirichlet(np.ones(4), size=arena.targets.shape[:2])
    for mean in (arena.candidates["M2"], 0.9 * arena.candidates["M2"] + 0.1 * noise):
        against_twin, distinct = standing(mean, doubled), standing(mean, arena.candidates)
        assert against_twin.weights[against_twin.names.index("M2")] < 0.01
        assert distinct.mode_weight.value > against_twin.mode_weight.value + 0.5


def test_the_mixture_is_fitted_on_one_half_and_scored_on_the_other():
    arena = arenas_of("dice").populations["fresh"]
    half = len(arena.targets) // 2
    mean = arena.candidates["M2"].copy()
    before = standing(mean, arena.candidates)
    mean[half:] = arena.candidates["bigram"][half:]
    after = standing(mean, arena.candidates)
    np.testing.assert_array_equal(after.weights, before.weights)
    assert len(after.beyond) == len(mean) - half
    assert after.beyond.mean() > 100 * before.beyond.mean()


def test_margins_are_signed():
    worse, better = np.array([0.4, 0.1, 0.0]), np.array([0.1, 0.4, 0.0])
    np.testing.assert_allclose(margin(worse, better), [0.75, -0.75, np.nan])


def test_the_nearest_mode_is_held_against_the_nearest_rival():
    contest = modes_against_rivals(("M1", "prior predictive", "M2", "bigram"), MODES)
    found = contest(np.array([[0.4, 0.9, 0.1, 0.2], [0.4, 0.2, 0.5, 0.9]]))
    np.testing.assert_allclose(found, [(0.2 - 0.1) / 0.2, (0.2 - 0.4) / 0.4])


@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6))
def test_a_margin_is_a_function_of_the_log_ratio(worse, better):
    expected = margin(np.array([worse]), np.array([better])).item()
    assert margin_of_log_ratio(np.log(worse) - np.log(better)) == pytest.approx(expected, rel=1e-6, abs=1e-9)
    assert (margin_of_log_ratio(np.inf), margin_of_log_ratio(-np.inf)) == (1, -1)
