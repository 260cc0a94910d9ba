from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gammaln
from scipy.stats import chisquare, dirichlet_multinomial
from strategies import CONCENTRATIONS, as_floats, batch_of, exact_chains, markov_cases, symbols

from theory import MarkovChains, Mixture, Pool, retrieval, stream

WEATHER = [[0.7, 0.3], [0.4, 0.6]]
"""Rain and no rain: Ross, Introduction to Probability Models, examples 4.1 and 4.8."""


def transition_counts(walk, states):
    counts = np.zeros((states, states))
    for a, b in pairwise(walk):
        counts[a, b] += 1
    return counts


def test_weather_by_hand():
    family = MarkovChains(states=2, length=6)
    pool, walk = family.make_pool([WEATHER]), batch_of([[0, 0, 1, 1, 0, 0]])
    expected = [1, 1 / 2, 0.7 / 2, 0.7 * 0.3 / 2, 0.7 * 0.3 * 0.6 / 2, 0.7 * 0.3 * 0.6 * 0.4 / 2]
    np.testing.assert_allclose(np.exp(family.log_likelihood(pool, walk))[0, :, 0], expected, rtol=1e-14)
    # After 0 0 1 1 0: from 0 there was one move to 0 and one to 1; from 1 one to 1 and one to 0.
    fresh = [[1 / 2, 1 / 2], [1 / 2, 1 / 2], [2 / 3, 1 / 3], [1 / 2, 1 / 2], [1 / 3, 2 / 3], [1 / 2, 1 / 2]]
    np.testing.assert_allclose(family.fresh_mean(walk)[0], fresh, rtol=1e-14)


def test_weather_in_four_days():
    """Rain today makes rain in four days 0.5749 probable (Ross, example 4.8)."""
    family = MarkovChains(states=2, length=5)
    walks = family.sample(stream(0, "weather"), family.make_pool([WEATHER]), 40_000).symbols
    last = walks[walks[:, 0] == 0, 4]
    assert abs(np.mean(last == 0) - 0.5749) < 5 * np.sqrt(0.25 / len(last))


@given(markov_cases(least=0))
def test_likelihood_is_the_product_of_transition_probabilities(case):
    log_likelihood = case.family.log_likelihood(case.pool, case.batch)
    assert not np.isnan(log_likelihood).any()
    for row, walk in enumerate(case.batch.symbols):
        for task, table in enumerate(case.pool.parameters):
            for position in range(1, case.family.length):
                moves = [table[a, b] for a, b in pairwise(walk[:position])]
                product = np.prod(moves) / case.family.states
                np.testing.assert_allclose(np.exp(log_likelihood[row, position, task]), product, rtol=1e-12)
                assert (log_likelihood[row, position, task] == -np.inf) == (0 in moves)


@given(st.integers(2, 4), CONCENTRATIONS, st.data())
def test_evidence_equals_scipys_dirichlet_multinomial_of_each_row(states, concentration, data):
    family, batch = MarkovChains(states, 12, concentration), batch_of(data.draw(symbols((2, 12), states)))
    log_evidence = family.log_evidence(batch)
    for row, walk in enumerate(batch.symbols):
        for position in range(1, 12):
            expected = -np.log(states)
            for counts in transition_counts(walk[:position], states):
                arrangements = gammaln(counts.sum() + 1) - gammaln(counts + 1).sum()
                prior = np.full(states, concentration)
                expected += dirichlet_multinomial.logpmf(counts, prior, int(counts.sum())) - arrangements
            np.testing.assert_allclose(log_evidence[row, position], expected, rtol=0, atol=1e-11)


@given(st.integers(2, 3), st.lists(st.lists(st.integers(1, 2), max_size=3), min_size=2, max_size=5), st.data())
def test_order_of_the_rounds_that_a_walk_makes_does_not_matter(states, rounds, data):
    """Partial exchangeability (Diaconis and Freedman 1980): only the transition counts and the start do."""
    shuffled = data.draw(st.permutations(rounds))
    walks = [[0, *(s for turn in turns for s in (*(v % states for v in turn), 0)), 0] for turns in (rounds, shuffled)]
    family = MarkovChains(states, len(walks[0]), 0.7)
    pool = family.sample_pool(stream(0, "rounds"), 3)
    for one, other in (family.log_evidence(batch_of(walks)), family.log_likelihood(pool, batch_of(walks))):
        np.testing.assert_allclose(one[-1], other[-1], rtol=1e-12)


@given(markov_cases(), st.randoms(use_true_random=False))
def test_relabelling_states_relabels_every_prediction(case, random):
    order = np.array(random.sample(range(case.family.states), case.family.states))
    relabelled = batch_of(np.argsort(order)[case.batch.symbols])
    mirrored = case.family.make_pool(case.pool.parameters[:, order][:, :, order])
    before = retrieval(Mixture(case.family, case.pool), case.batch).mean
    after = retrieval(Mixture(case.family, mirrored), relabelled).mean
    np.testing.assert_allclose(after, before[..., order], rtol=1e-12)
    fresh = case.family.fresh_mean(case.batch)
    np.testing.assert_allclose(case.family.fresh_mean(relabelled), fresh[..., order], rtol=1e-12)


@given(markov_cases())
def test_running_average_is_the_transition_frequency_of_what_was_seen(case):
    states = case.family.states
    average = case.family.running_average(case.batch).reshape(*case.batch.symbols.shape, states, states)
    for row, walk in enumerate(case.batch.symbols):
        for position in range(case.family.length):
            for state, counts in enumerate(transition_counts(walk[:position], states)):
                expected = counts / counts.sum() if counts.any() else np.full(states, 1 / states)
                np.testing.assert_allclose(average[row, position, state], expected, rtol=1e-14)
    assert np.array_equal(case.family.average_vertices(case.pool), case.pool.parameters.reshape(len(case.pool), -1))


@given(exact_chains(1, 3), st.integers(0, 5))
def test_a_walk_takes_no_impossible_step(chains, seed):
    family = MarkovChains(3, 60)
    walks = family.sample(stream(seed, "walks"), family.make_pool(as_floats(chains)), 3).symbols
    for walk in walks:
        assert all(chains[0][a][b] > 0 for a, b in pairwise(walk))


def test_walks_start_uniformly_and_move_by_their_rows():
    family = MarkovChains(states=4, length=100)
    pool = family.sample_pool(stream(0, "chains"), 2)
    batch = family.sample(stream(0, "walks"), pool, 2000)
    assert chisquare(np.bincount(batch.symbols[:, 0], minlength=4)).pvalue > 1e-4
    for task, table in enumerate(pool.parameters):
        counts = sum(transition_counts(walk, 4) for walk in batch.symbols[batch.tasks == task][:200])
        for row, law in zip(counts, table, strict=True):
            assert chisquare(row, law * row.sum()).pvalue > 1e-4


def test_rows_follow_the_prior_and_are_independent():
    """A Dirichlet(a, ..., a) entry has mean 1 / V and variance (V - 1) / (V^2 (V a + 1)); rows do not correlate."""
    tables = MarkovChains(states=3, concentration=0.5).sample_pool(stream(0, "prior"), 100_000).parameters
    assert np.abs(tables.mean(axis=0) - 1 / 3).max() < 5 * tables.std() / np.sqrt(len(tables))
    np.testing.assert_allclose(tables.var(axis=0), 2 / (9 * 2.5), rtol=0.02)
    assert abs(np.corrcoef(tables[:, 0, 0], tables[:, 1, 0])[0, 1]) < 5 / np.sqrt(len(tables))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"states": 1}, "states must be at least 2; got 1"),
        ({"length": 1}, "length must be at least 2; got 1"),
        ({"concentration": -1.0}, "concentration must be positive and finite; got -1.0"),
    ],
)
def test_families_that_do_not_exist_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        MarkovChains(**arguments)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([[[0.5, 0.4], [0.5, 0.5]]], "each row of parameters must sum to 1; got a row that sums to 0.9"),
        ([[[1.5, -0.5], [0.5, 0.5]]], "at least 0"),
        (WEATHER, r"shape \(K, 2, 2\) with K at least 1; got \(2, 2\)"),
        (np.zeros((0, 2, 2)), "K at least 1"),
    ],
)
def test_tables_that_are_no_chains_are_refused(table, message):
    with pytest.raises(ValueError, match=message):
        MarkovChains(states=2).make_pool(table)


def test_a_pool_of_dice_is_no_pool_of_chains():
    with pytest.raises(ValueError, match=r"a pool of chains on 2 states has shape \(K, 2, 2\); got \(1, 2\)"):
        MarkovChains(2).log_likelihood(Pool(np.array([[0.5, 0.5]])), batch_of([[0, 1]]))
