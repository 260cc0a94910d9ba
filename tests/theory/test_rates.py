"""Rates against simulated log-odds and posteriors, within their standard errors."""

import json

import numpy as np
import pytest

from theory import BiasedDice, MarkovChains, Mixture, NoisyLinearRegression, PlantedDyck, Pool, posterior, stream
from theory.exposure import common_steps, long_run_occupancy, steps_shown_law
from theory.rates import (
    divergence_rate,
    expected_log_odds,
    misspecified_limit,
    settling_position,
    summary,
    typical_posterior,
)

FAMILIES = [
    BiasedDice(4, 40),
    MarkovChains(3, 40),
    NoisyLinearRegression(2, 20, noise=2.0),
    PlantedDyck(4, 3, 0.3, 40),
]
EVERY_FAMILY = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: type(family).__name__)
SMOOTH_FAMILY = pytest.mark.parametrize("family", FAMILIES[:3], ids=lambda family: type(family).__name__)
N_SEQUENCES = 3000


def simulated(family, pool, task, n_sequences=N_SEQUENCES, truths=None):
    """Log likelihoods of sequences of one task of `truths` (by default of the pool itself)."""
    truths = pool if truths is None else truths
    batch = family.sample(stream(task, "rates"), truths, n_sequences, np.full(n_sequences, task))
    return family.log_likelihood(pool, batch)


@SMOOTH_FAMILY
def test_expected_log_odds_are_what_sequences_show(family):
    pool = family.sample_pool(stream(0, "pool"), 3)
    expected = expected_log_odds(family, pool)
    for task in range(3):
        log_likelihood = simulated(family, pool, task)
        log_odds = log_likelihood[..., task, None] - log_likelihood
        error = log_odds.std(axis=0, ddof=1) / np.sqrt(N_SEQUENCES)
        assert np.all(np.abs(log_odds.mean(axis=0) - expected[:, task]) <= 5 * error + 1e-12)
        assert error.max() < 0.05 * expected[-1, task].max()


@SMOOTH_FAMILY
def test_log_odds_grow_by_the_divergence_rate_in_the_end(family):
    pool = family.sample_pool(stream(0, "pool"), 3)
    expected = expected_log_odds(family, pool)
    np.testing.assert_allclose(expected[-1] - expected[-2], divergence_rate(family, pool, pool), rtol=1e-6)


def test_dyck_log_odds_stay_until_a_step_differs():
    family = PlantedDyck(3, 2, 0.5, 8)
    pool = family.make_pool([[1, 1, -1, -1, 1, -1], [1, 1, -1, 1, -1, -1], [1, -1, 1, -1, 1, -1]])
    assert np.array_equal(common_steps(pool), [[6, 3, 1], [3, 6, 1], [1, 1, 6]])
    expected = expected_log_odds(family, pool)
    assert np.array_equal(expected[:, 0, 1], [0, 0, 0, 0, np.inf, np.inf, np.inf, np.inf])
    assert np.array_equal(expected[:, 2, 0], [0, 0] + [np.inf] * 6)
    assert np.all(expected[:, range(3), range(3)] == 0)


def test_steps_shown_are_counted_as_sequences_show_them():
    family = FAMILIES[3]
    batch = family.sample(stream(0, "shown"), family.sample_pool(stream(0, "path"), 1), 5000)
    steps = batch.symbols >= family.background
    shown = np.cumsum(steps, axis=1) - steps
    law = steps_shown_law(family)
    np.testing.assert_allclose(law.sum(axis=1), 1, rtol=1e-12)
    for count in range(9):
        frequency = (shown == count).mean(axis=0)
        error = np.sqrt(law[:, count] * (1 - law[:, count]) / 5000)
        assert np.all(np.abs(frequency - law[:, count]) <= 5 * error + 1e-12)


@EVERY_FAMILY
def test_typical_posterior_bounds_the_geometric_mean_and_is_exact_for_dyck(family):
    pool, weights = family.sample_pool(stream(1, "pool"), 3), np.array([0.5, 0.3, 0.2])
    typical = typical_posterior(family, pool, weights)
    np.testing.assert_allclose(typical[0], weights, rtol=1e-12)
    for task in range(3):
        log_alpha = np.log(posterior(simulated(family, pool, task), weights)[..., task])
        error = log_alpha.std(axis=0, ddof=1) / np.sqrt(N_SEQUENCES)
        above = log_alpha.mean(axis=0) - np.log(typical[:, task])
        above, error = above[:25], error[:25]  # later, sequences that still hide a Dyck path are too rare to be seen
        assert np.all(above <= 5 * error + 1e-12)
        if isinstance(family, PlantedDyck):
            assert np.all(above >= -5 * error - 1e-12)


def test_weights_scale_and_must_be_positive():
    family = FAMILIES[0]
    pool, weights = family.sample_pool(stream(1, "pool"), 2), np.array([1.0, 2.0])
    np.testing.assert_allclose(
        typical_posterior(family, pool, weights), typical_posterior(family, pool, weights / 3), rtol=1e-12
    )
    for each in (family, FAMILIES[3]):
        with pytest.raises(ValueError, match="weights must be positive and finite"):
            typical_posterior(each, each.sample_pool(stream(1, "pool"), 2), np.array([1.0, 0.0]))


def test_settling_position_of_two_dice_obeys_walds_identity():
    """Stop when alpha reaches 0.95: E[log-odds there] = rate E[stop], on average not before log 19 / rate."""
    family = BiasedDice(3, 400)
    pool = family.make_pool([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]])
    log_likelihood = simulated(family, pool, 0, 2000)
    log_odds = log_likelihood[..., 0] - log_likelihood[..., 1]
    stop = (log_odds >= np.log(19)).argmax(axis=1)
    at_stop = log_odds[np.arange(2000), stop]
    assert np.all(at_stop >= np.log(19))
    rate = divergence_rate(family, pool, pool)[0, 1]
    martingale = at_stop - rate * stop
    assert abs(martingale.mean()) < 5 * martingale.std() / np.sqrt(2000)
    settled = settling_position(typical_posterior(family, pool, np.ones(2)), 0.95)[0]
    assert settled == np.ceil(np.log(19) / rate) <= stop.mean()


def test_settling_position_is_the_length_where_it_is_not_reached():
    typical = np.array([[0.5, 0.5], [0.8, 0.6], [0.95, 0.7]])
    assert np.array_equal(settling_position(typical, 0.9), [2, 3])
    with pytest.raises(ValueError, match=r"concentration must be in \(0, 1\); got 1.5"):
        settling_position(typical, 1.5)


@SMOOTH_FAMILY
def test_outside_the_pool_the_posterior_goes_to_the_nearest_task(family):
    family = type(family)(**{**vars(family), "points" if hasattr(family, "points") else "length": 1500})
    pool, truths = family.sample_pool(stream(3, "pool"), 3), family.sample_pool(stream(3, "truths"), 4)
    rates = divergence_rate(family, truths, pool)
    limit = misspecified_limit(rates)
    assert limit.gap.min() > 0.05  # so that 1500 targets decide
    for truth in range(4):
        log_likelihood = simulated(family, pool, truth, 300, truths)
        alpha = posterior(log_likelihood[:, -1:], np.full(3, 1 / 3))[:, 0]
        assert alpha[:, limit.nearest[truth]].mean() > 0.9
        others = np.delete(log_likelihood[:, -1], limit.nearest[truth], axis=1)
        grown = (log_likelihood[:, -1, limit.nearest[truth], None] - others) - (
            log_likelihood[:, 150, limit.nearest[truth], None]
            - np.delete(log_likelihood[:, 150], limit.nearest[truth], axis=1)
        )
        expected = 1349 * (np.delete(rates[truth], limit.nearest[truth]) - rates[truth].min())
        assert np.all(np.abs(grown.mean(axis=0) - expected) < 5 * grown.std(axis=0) / np.sqrt(300))


def test_a_tie_never_settles():
    family = BiasedDice(2, 2000)
    pool, truth = family.make_pool([[0.3, 0.7], [0.7, 0.3], [0.9, 0.1]]), family.make_pool([[0.5, 0.5]])
    limit = misspecified_limit(divergence_rate(family, truth, pool))
    assert np.array_equal(limit.tied, [[True, True, False]])
    assert limit.gap[0] == 0
    log_likelihood = simulated(family, pool, 0, 1000, truth)
    log_odds = log_likelihood[..., 0] - log_likelihood[..., 1]
    assert abs(log_odds[:, -1].mean()) < 5 * log_odds[:, -1].std() / np.sqrt(1000)
    assert log_odds[:, -1].std() > 1.8 * log_odds[:, 499].std()  # the spread grows as the square root of t
    share = (log_odds[:, -1] > 0).mean()
    assert 0.4 < share < 0.6


def test_tasks_that_are_all_excluded_leave_no_limit():
    family = FAMILIES[3]
    paths = family.make_pool([[1, -1] * 4, [1, 1, -1, -1] * 2])
    rates = divergence_rate(family, paths, Pool(paths.parameters[1:]))
    limit = misspecified_limit(rates)
    assert np.array_equal(rates, [[np.inf], [0.0]])
    assert np.array_equal(limit.nearest, [-1, 0])
    assert np.array_equal(limit.tied, [[False], [True]])
    assert np.array_equal(limit.gap, [np.inf, np.inf])


def test_occupancy_of_reducible_and_periodic_chains():
    absorbing = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.3, 0.6, 0.1]]
    periodic = [[0.0, 1.0, 0.0], [0.5, 0.0, 0.5], [0.0, 1.0, 0.0]]  # even powers never leave {0, 2} and {1}
    occupancy = long_run_occupancy(np.array([absorbing, periodic]))
    np.testing.assert_allclose(occupancy, [[4 / 9, 5 / 9, 0], [1 / 4, 1 / 2, 1 / 4]], rtol=1e-12, atol=1e-300)


def test_occupancy_is_stationary_and_slow_chains_keep_their_digits():
    chains = MarkovChains(8).sample_pool(stream(0, "chains"), 20).parameters
    occupancy = long_run_occupancy(chains)
    np.testing.assert_allclose(np.einsum("na,nab->nb", occupancy, chains), occupancy, rtol=1e-12)
    slow = np.array([[[1 - 2e-9, 2e-9], [1e-9, 1 - 1e-9]]])
    np.testing.assert_allclose(long_run_occupancy(slow), [[1 / 3, 2 / 3]], rtol=1e-6)


def test_a_state_that_is_left_for_ever_counts_nothing():
    family = MarkovChains(2, 50)
    truth = family.make_pool([[[1.0, 0.0], [1.0, 0.0]]])
    pool = family.make_pool([[[0.5, 0.5], [0.0, 1.0]]])
    assert divergence_rate(family, truth, pool)[0, 0] == pytest.approx(np.log(2), rel=1e-12)


def test_zeros_exclude():
    family = BiasedDice(2, 5)
    pool = family.make_pool([[1.0, 0.0], [0.5, 0.5]])
    assert np.array_equal(divergence_rate(family, pool, pool), [[0, np.log(2)], [np.inf, 0]])
    assert np.array_equal(expected_log_odds(family, pool)[:, 1, 0], [0] + [np.inf] * 4)


@EVERY_FAMILY
def test_summary_can_be_stored(family):
    mixture = Mixture(family, family.sample_pool(stream(0, "pool"), 3))
    rates = summary(family, mixture, stream(0, "summary"))
    assert json.loads(json.dumps(rates, allow_nan=False)) == rates
    assert np.shape(rates["error_exponent"]) == (3, 3)
    assert rates == summary(family, mixture, stream(0, "summary"))


def test_other_families_are_refused():
    with pytest.raises(TypeError, match=r"divergence.rate"):
        divergence_rate.dispatch(object)("dice", None, None)
