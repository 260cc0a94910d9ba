"""Thresholds, predictions and transience on made-up maps whose answer is known."""

import numpy as np
import pytest
from made_map import DIVERSITIES, EXCESS, STEPS, TARGETS, TOLD, made

from theory.thresholds import Rational
from validate.phase.looks import GRID
from validate.phase.neighbours import agrees
from validate.phase.predictions import PREDICTIONS, Half, at_weights, fit_rational, halves_of, score
from validate.phase.thresholds import thresholds
from validate.phase.transience import LEAST_RISE, rise, transience
from validate.statistics.intervals import Estimate


def rational_weights(learner):
    shown = np.outer(np.array(STEPS) * TARGETS, np.ones(len(DIVERSITIES)))
    return learner.weight(
        shown, np.tile(EXCESS, (len(STEPS), 1)), np.tile(TOLD * np.array(DIVERSITIES), (len(STEPS), 1))
    )


LEARNER = Rational(gamma=0.5, alpha=0.3, beta=0.5)


@pytest.fixture(scope="module")
def rational_map():
    weights = rational_weights(LEARNER)
    return [column for seed in range(4) for column in made(weights, seed)]


def test_thresholds_are_where_the_phase_changes_sign():
    step = np.tile((np.arange(9) >= 4) * 1.0, (9, 1))
    [row, _] = thresholds([*made(step, 0), *made(step, 1)])
    assert row.seeds == [3.5, 3.5]
    assert row.censored == ["", ""]
    never, always = (made(np.full((9, 9), value), seed) for value, seed in ((0.0, 0), (1.0, 1)))
    [row, _] = thresholds([*never, *always])
    assert (row.seeds, row.censored) == ([8.0, 0.0], ["above", "below"])
    assert row.estimate.low < 0 < 8 < row.estimate.high


def test_curves_are_read_between_their_points():
    curves = np.tile(np.square(GRID - 0.3), (2, 1, 1, 1))
    weights = np.array([[0.3]])
    assert at_weights(curves, weights) == pytest.approx(0.0, abs=1e-12)
    assert at_weights(curves, np.array([[0.35]])) == pytest.approx((0 + 0.1**2) / 2)
    assert at_weights(curves, np.array([[1.0]])) == pytest.approx(0.49)


def test_the_rational_account_is_found_again_and_wins_on_its_own_map(rational_map):
    halves = halves_of(rational_map, TOLD)
    assert [list(half.seeds) for half in halves] == [[0, 2], [1, 3]]
    fitted = fit_rational(halves[0])
    np.testing.assert_allclose(rational_weights(fitted), rational_weights(LEARNER), atol=0.08)
    found = {name: score(name, "fresh", halves) for name in PREDICTIONS}
    assert found["rational"].divergence < 0.012
    assert found["rational"].at_end < 0.3
    for name in ("count", "same step", "same threshold", "indifference"):
        assert found[name].divergence > found["rational"].divergence + 0.005
        assert found[name].along > found["rational"].along
    assert halves_of([c for c in rational_map if c.seed == 0], TOLD) is None


def test_the_null_wins_where_nothing_depends_on_diversity():
    weights = np.tile(np.linspace(0.1, 0.9, 9).round(1)[:, None], (1, 9))
    halves = halves_of([column for seed in range(2) for column in made(weights, seed)], TOLD)
    best = min(PREDICTIONS, key=lambda name: score(name, "training", halves).divergence)
    assert best == "same step"


def test_the_seeds_that_are_scored_are_not_fitted():
    """With other networks in the halves, a prediction that fits its own half perfectly fails on the other."""
    low, high = np.zeros((9, 9)), np.ones((9, 9))
    halves = halves_of([*made(low, 0), *made(high, 1)], TOLD)
    assert score("same step", "fresh", halves).divergence == pytest.approx(1.01)


def test_indifference_has_no_parameter_and_moves_with_the_error():
    weights = np.zeros((9, 9))
    for noise in (0.002, 0.01):
        half = Half({0: made(weights, 0, noise)}, TOLD)
        _, found = PREDICTIONS["indifference"](half, half, "fresh")
        exact = 2 * np.log2(0.02 / noise)
        assert found[-1] == pytest.approx(exact if exact < 8 else np.inf)


def test_a_rise_is_a_late_rise_and_no_noise():
    fall = np.tile(np.linspace(2.0, 1.0, 9)[:, None], (1, 9))
    late = fall.copy()
    late[-2:, 2] += 0.6
    flat = [rise(column) for column in made(fall, 0, loss=fall)]
    assert flat == [0.0] * 9
    assert rise(made(fall, 0, loss=late)[2]) == pytest.approx(late[-1, 2] - late[:, 2].min())
    risen = transience([column for seed in range(3) for column in made(fall, seed, loss=late + 0.001 * seed)])
    assert risen.verdict == "supported"
    assert risen.rises[2].low > LEAST_RISE > risen.rises[3].high
    assert transience([column for seed in range(3) for column in made(fall, seed, loss=fall)]).verdict == "refuted"
    one = transience(made(fall, 0, loss=late))
    assert one.verdict == "inconclusive"


def test_the_step_of_the_least_is_chosen_on_the_other_half():
    columns = made(np.zeros((9, 9)), 0)
    rng = np.random.default_rng(0)
    rises = []
    for column in columns:
        looks = [look.model_copy(update={"fresh_halves": rng.normal(1, 0.1, 2).tolist()}) for look in column.looks]
        rises.append(rise(column.model_copy(update={"looks": looks})))
    assert abs(np.mean(rises)) < 0.1  # the least of nine would lie .15 below the mean


def test_what_agrees():
    near = Estimate(1.0, 0.9, 1.1)
    assert agrees(1.05, near, "equal") == agrees(2.0, near, "at most") == agrees(0.5, near, "at least") == "agrees"
    assert agrees(1.2, near, "equal") == agrees(0.5, near, "at most") == agrees(2.0, near, "at least") == "differs"
    # Two seeds whose interval holds everything decide nothing, unless ours is as good.
    wide = Estimate(0.85, -0.5, 2.3)
    assert agrees(0.99, wide, "at least") == agrees(0.99, wide, "equal") == "open"
    assert agrees(0.99, wide, "at most") == "agrees"
    assert agrees(0.9, Estimate(0.88, 0.85, 0.91), "correlation") == "agrees"
    assert agrees(0.99, Estimate(0.96, 0.92, 1.0), "correlation") == "open"
