"""Error exponents: the average error of the posterior, computed without Chernoff's formula, falls by them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp
from scipy.stats import binom

from theory import BiasedDice, MarkovChains, NoisyLinearRegression, PlantedDyck, stream
from theory.exponents import error_exponent
from theory.rates import divergence_rate


def log_average_error(p, q, t):
    """log E_p[1 - alpha_p] for two coins after t tosses, equal prior, summed over the number of heads."""
    heads = np.arange(t + 1)
    log_p, log_q = binom.logpmf(heads, t, p), binom.logpmf(heads, t, q)
    return logsumexp(log_p + log_q - np.logaddexp(log_p, log_q))


def test_average_error_of_coins_falls_by_the_exponent():
    family = BiasedDice(2)
    exponent = error_exponent(family, family.make_pool([[0.3, 0.7], [0.6, 0.4]]))[0, 1]
    measured = (log_average_error(0.3, 0.6, 2000) - log_average_error(0.3, 0.6, 4000)) / 2000
    # The error also carries a factor t^(-1/2).
    assert measured == pytest.approx(exponent + np.log(2) / 2 / 2000, rel=1e-3)


@given(st.integers(0, 2**32 - 1))
def test_dice_by_another_minimiser(seed):
    family = BiasedDice(4)
    pool = family.sample_pool(np.random.default_rng(seed), 2)
    p, q = pool.parameters
    found = minimize_scalar(
        lambda u: np.log(p**u @ q ** (1 - u)), bounds=(0, 1), method="bounded", options={"xatol": 1e-9}
    )
    exponents = error_exponent(family, pool)
    np.testing.assert_allclose(exponents, [[0, -found.fun], [-found.fun, 0]], rtol=1e-6, atol=1e-12)
    rates = divergence_rate(family, pool, pool)
    assert exponents[0, 1] <= min(rates[0, 1], rates[1, 0]) + 1e-12


def test_a_chain_with_equal_rows_is_a_die():
    dice, chains = BiasedDice(3), MarkovChains(3)
    laws = dice.sample_pool(stream(0, "rows"), 3)
    as_chains = chains.make_pool(np.repeat(laws.parameters[:, None], 3, axis=1))
    np.testing.assert_allclose(error_exponent(chains, as_chains), error_exponent(dice, laws), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(
        divergence_rate(chains, as_chains, as_chains), divergence_rate(dice, laws, laws), rtol=1e-12, atol=1e-14
    )


def test_average_error_of_chains_falls_by_the_exponent():
    """Two-state chains: sequences are grouped by transition counts, by adding one symbol at a time."""
    family = MarkovChains(2)
    pool = family.make_pool([[[0.9, 0.1], [0.2, 0.8]], [[0.3, 0.7], [0.6, 0.4]]])
    log_p, log_q = np.log(pool.parameters)

    def log_error(length):
        ways = {(a, 0, 0, 0): 1.0 for a in range(2)}  # current state, n00, n01, n10; n11 is what is left
        for _ in range(length):
            following: dict = {}
            for (a, *counts), number in ways.items():
                for b in range(2):
                    after = [n + (3 > 2 * a + b == i) for i, n in enumerate(counts)]
                    key = (b, *after)
                    following[key] = following.get(key, 0.0) + number
            ways = following
        counts = np.array([[*key[1:], length - sum(key[1:])] for key in ways])
        log_ways = np.log(list(ways.values())) - np.log(2)
        one, other = counts @ log_p.ravel() + log_ways, counts @ log_q.ravel() + log_ways
        return logsumexp(one + other - np.logaddexp(one, other))

    measured = (log_error(25) - log_error(50)) / 25
    assert measured == pytest.approx(error_exponent(family, pool)[0, 1] + np.log(2) / 2 / 25, rel=0.03)


def test_affinity_of_regression_tasks_is_what_sequences_show():
    family = NoisyLinearRegression(2, 5, noise=1.0)
    pool, rng = family.make_pool([[0.0, 0.0], [0.6, -0.3]]), stream(0, "affinity")
    log_likelihood = family.log_likelihood(pool, family.sample(rng, pool, 20_000, np.zeros(20_000, dtype=np.int64)))
    root = np.exp((log_likelihood[:, 4, 1] - log_likelihood[:, 4, 0]) / 2)
    expected = np.exp(-4 * error_exponent(family, pool)[0, 1])
    error = root.std() / np.sqrt(20_000)
    assert abs(root.mean() - expected) < 5 * error
    assert error < 0.01


def test_dyck_paths_stay_undecided_while_too_few_steps_were_shown():
    family = PlantedDyck(2, 2, 0.25)
    exponents = error_exponent(family, family.make_pool([[1, 1, -1, -1], [1, -1, 1, -1]]))
    undecided = logsumexp(binom.logpmf([[0], [1]], [2000, 4000], 0.25), axis=0)  # the first step is shared
    assert (undecided[0] - undecided[1]) / 2000 == pytest.approx(exponents[0, 1], rel=2e-3)
    assert exponents[0, 0] == exponents[1, 1] == 0


def test_tasks_that_exclude_each_other_are_told_apart_at_once():
    family = BiasedDice(2)
    assert np.array_equal(error_exponent(family, family.make_pool(np.eye(2))), [[0, np.inf], [np.inf, 0]])


def test_a_task_that_only_sometimes_excludes_itself():
    """A coin with two heads against a fair one: the fair coin goes unnoticed with probability 2^-t."""
    family = BiasedDice(2)
    exponents = error_exponent(family, family.make_pool([[1.0, 0.0], [0.5, 0.5]]))
    np.testing.assert_allclose(exponents, [[0, np.log(2)], [np.log(2), 0]], rtol=1e-12)
