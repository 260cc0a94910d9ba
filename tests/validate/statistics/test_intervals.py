"""Bootstrap intervals: SciPy's bootstrap as an oracle, and the algebra of estimates."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from theory import stream
from validate.statistics.intervals import (
    Estimate,
    bootstrap,
    bootstrap_log_ratio,
    bootstrap_mean,
    explained_share,
    jackknife_error,
    ratio,
    resampling_weights,
)


def first(moments):
    return moments[..., 0]


def test_interval_of_a_mean_agrees_with_scipy():
    values = stream(1, "values").exponential(size=200)
    ours = bootstrap(values[:, None], first, stream(1, "bootstrap"), 4000)
    theirs = stats.bootstrap((values,), np.mean, n_resamples=4000, method="percentile", rng=stream(2, "scipy"))
    spread = values.std() / np.sqrt(len(values))
    assert ours.value == pytest.approx(values.mean())
    # The ends of a percentile interval from 4000 resamples have a standard error of about 0.05 spreads.
    assert abs(ours.low - theirs.confidence_interval.low) < 0.25 * spread
    assert abs(ours.high - theirs.confidence_interval.high) < 0.25 * spread


def test_interval_covers_the_true_mean_about_as_often_as_it_says():
    covered = 0
    for trial in range(300):
        values = stream(3, "coverage", trial).normal(size=50)
        interval = bootstrap(values[:, None], first, stream(4, "coverage", trial), 300)
        covered += interval.low <= 0 <= interval.high
    low, high = stats.binom.interval(0.999, 300, 0.94)
    assert low <= covered <= high


@given(st.integers(1, 20), st.integers(1, 4))
def test_resampling_weights_are_laws_within_each_stratum(n_units, strata):
    weights = resampling_weights(stream(0, "weights"), n_units, 7, strata)
    assert weights.shape == (7, strata, n_units)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-12)
    assert np.all(weights >= 0)


def test_interval_is_recentred_on_a_biased_statistic():
    values = stream(5, "biased").normal(size=(40, 1))
    estimate = bootstrap(np.concatenate([values, values**2], axis=1), lambda m: m[..., 0] ** 2, stream(5, "b"), 2000)
    assert estimate.low <= estimate.value <= estimate.high


def test_same_stream_gives_the_same_bits():
    moments = stream(6, "moments").normal(size=(30, 2)) ** 2
    assert bootstrap(moments, explained_share, stream(6, "b"), 50) == bootstrap(
        moments, explained_share, stream(6, "b"), 50
    )


def test_no_units_and_no_variance_are_undefined_not_errors():
    assert np.isnan(bootstrap(np.zeros((0, 2)), explained_share, stream(7, "b"), 20).value)
    assert np.isnan(bootstrap(np.zeros((5, 2)), explained_share, stream(7, "b"), 20).low)
    assert np.isnan(ratio(np.ones(1), np.zeros(1)))


def test_the_mean_of_a_unit_is_over_all_that_follows():
    values = stream(8, "units").normal(size=(30, 4, 3))
    ours = bootstrap_mean(values, stream(8, "b"), 50)
    assert ours == bootstrap_mean(values.mean(axis=(1, 2)), stream(8, "b"), 50)
    assert ours.value == pytest.approx(values.mean())
    assert ours.low < ours.value < ours.high


def test_the_interval_of_a_mean_reaches_further_on_the_side_of_the_long_tail():
    """Of normal values it is Student's interval; of skewed ones more on the side where large ones are missing."""
    values = stream(9, "normal").normal(size=400)
    ours, student = bootstrap_mean(values, stream(9, "b"), 2000), Estimate.of_groups(values)
    assert (ours.low, ours.high) == pytest.approx((student.low, student.high), abs=0.03)
    skewed = bootstrap_mean(np.exp(values[:40]), stream(9, "b"), 2000)
    assert skewed.high - skewed.value > 1.2 * (skewed.value - skewed.low)
    constant = bootstrap_mean(np.full(10, 2.0), stream(9, "b"), 50)
    assert (constant.low, constant.high) == pytest.approx((2.0, 2.0))


def test_the_mean_of_noise_in_what_was_fitted_is_taken_off():
    """A squared mean of a noisy estimate is too large by its variance; resampled estimates say by how much."""
    rng = stream(10, "noise")
    found = []
    for _ in range(200):
        sample = 1.0 + rng.normal(size=20)
        units = np.full((5, 1), sample.mean() ** 2)
        again = np.square(rng.choice(sample, size=(50, 20)).mean(axis=1))
        variants = again[:, None, None] * np.ones((1, 5, 1))
        found.append(bootstrap(units, first, rng, 50, variants, corrected=True).value)
    assert abs(np.mean(found) - 1) < 4 * np.std(found) / np.sqrt(200)


def test_without_replicates_there_is_a_value_and_no_interval():
    values = stream(9, "alone").normal(size=12)
    alone, whole = (bootstrap_mean(values, stream(9, "b"), n) for n in (0, 20))
    assert alone.value == whole.value
    assert np.isnan([alone.low, alone.high]).all()
    assert np.isfinite([whole.low, whole.high]).all()


def test_estimates_over_groups_and_over_a_spread_are_scipys():
    values = stream(10, "groups").normal(size=9)
    groups, spread = Estimate.of_groups(values), Estimate.of_spread(values)
    low, high = stats.t.interval(0.95, 8, values.mean(), stats.sem(values))
    assert (groups.value, groups.low, groups.high) == pytest.approx((values.mean(), low, high))
    low, high = stats.mstats.mquantiles(values, [0.025, 0.975], alphap=1, betap=1)
    assert (spread.value, spread.low, spread.high) == pytest.approx((values.mean(), low, high))


@given(st.integers(0, 2**32 - 1), st.integers(2, 12))
def test_the_jackknife_of_a_mean_is_its_standard_error(seed, n):
    values = np.random.default_rng(seed).normal(size=n)
    without = np.array([np.delete(values, i).mean() for i in range(n)])
    assert jackknife_error(without) == pytest.approx(stats.sem(values))


def test_independent_errors_add_as_squares():
    plain = Estimate(1.0, 0.7, 1.4)
    wider = plain.widened(0.5)
    further = 0.5 * stats.norm.ppf(0.975)
    assert (1 - wider.low, wider.high - 1) == pytest.approx((np.hypot(0.3, further), np.hypot(0.4, further)))
    same = plain.widened(0.0)
    assert (same.value, same.low, same.high) == pytest.approx((1.0, 0.7, 1.4))


def test_the_interval_of_a_log_ratio_covers_under_long_tails_and_turns_its_sign_with_its_arguments():
    rng, hits = stream(11, "pairs"), 0
    for _ in range(300):
        pairs = np.exp(rng.normal(size=(60, 2)) * [1.2, 0.7])
        truth = (1.2**2 - 0.7**2) / 2
        found = bootstrap_log_ratio(pairs, rng, 400)
        assert found.value == pytest.approx(np.log(pairs[:, 0].mean() / pairs[:, 1].mean()))
        hits += found.low <= truth <= found.high
    assert hits / 300 > 0.9
    ours, turned = (bootstrap_log_ratio(both, stream(11, "b"), 400) for both in (pairs, pairs[:, ::-1]))
    assert (turned.value, turned.low, turned.high) == pytest.approx((-ours.value, -ours.high, -ours.low))


def test_a_log_ratio_to_nothing_is_infinite_and_of_nothing_undefined():
    pairs = np.array([[1.0, 0.0], [2.0, 0.0]])
    assert bootstrap_log_ratio(pairs, stream(12, "b"), 50) == Estimate.of_value(np.inf)
    assert np.isnan(bootstrap_log_ratio(0 * pairs, stream(12, "b"), 50).value)
    alike = bootstrap_log_ratio(np.ones((5, 2)), stream(12, "b"), 50)
    assert (alike.value, alike.low, alike.high) == (0, 0, 0)
    alone = bootstrap_log_ratio(np.ones((5, 2)), stream(12, "b"), 0)
    assert (alone.value, np.isnan(alone.low)) == (0, True)
