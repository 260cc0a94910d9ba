"""What it is worth to know N tasks, and three predictions of the diversity at which it stops paying."""

from fractions import Fraction
from itertools import product
from math import comb, log

import numpy as np
import pytest
from scipy.special import expit

from theory import (
    BiasedDice,
    MarkovChains,
    Mixture,
    NoisyLinearRegression,
    PlantedDyck,
    SymbolBatch,
    divergence,
    prior_predictive,
    retrieval,
    stream,
)
from theory.diversity import gain_bounds
from theory.enumeration import fresh_die, known_die
from theory.regret import information, ridge_risk
from theory.thresholds import (
    Rational,
    countable_tasks,
    crossing,
    exact_gain,
    gain_of_pool,
    indifference,
    told_by_sequence,
)

LENGTH = 5
LAWS = [[Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)], [Fraction(1, 5), Fraction(1, 5), Fraction(3, 5)]]


@pytest.fixture(scope="module")
def enumerated():
    """Every sequence of five rolls, and in exact fractions its probability under the pool and under the prior."""
    rolls = list(product(range(3), repeat=LENGTH))
    pool, fresh = [known_die(law) for law in LAWS], fresh_die(3, 1)

    def known(part):
        return sum(die(part) for die in pool) / 2

    tables = [[[float(law(s[:t])) for t in range(LENGTH)] for s in rolls] for law in (known, fresh)]
    whole = np.array([float(known(s)) for s in rolls])
    dice = BiasedDice(3, LENGTH)
    batch = SymbolBatch(np.zeros(len(rolls), dtype=np.int64), np.array(rolls))
    return dice, dice.make_pool([[float(p) for p in law] for law in LAWS]), batch, *map(np.array, tables), whole


def test_the_gain_is_that_of_enumeration_and_the_sum_of_excess_risks(enumerated):
    dice, pool, batch, known, fresh, whole = enumerated
    gained = gain_of_pool(dice, pool, batch)
    np.testing.assert_allclose(gained, np.log(known / fresh), atol=1e-12)
    mixture = Mixture(dice, pool)
    apart = divergence("symbol", retrieval(mixture, batch).mean, prior_predictive(dice, batch).mean)
    by_target = whole @ apart
    np.testing.assert_allclose(whole @ gained, np.append(0, np.cumsum(by_target)[:-1]), atol=1e-12)


@pytest.mark.parametrize(
    "family",
    [BiasedDice(4, 20), MarkovChains(3, 20), NoisyLinearRegression(2, 12), PlantedDyck(3, 2, 0.5, 20)],
    ids=lambda family: family.name,
)
def test_the_gain_falls_with_the_pool_between_its_bounds(family):
    sizes = [1, 4, 32]
    curves = exact_gain(family, sizes, stream(0, "gain"), n_pools=60, n_sequences=20)
    bounds = gain_bounds(family, sizes, stream(1, "bounds"), 2000)
    for index, curve in enumerate(curves):
        error = 5 * np.hypot(curve.standard_error, bounds.upper_error[index]) + 1e-9
        assert np.all(curve.mean <= bounds.upper[index] + error)
        assert np.all(curve.mean >= bounds.lower[index] - error)
    one, few, many = (curve.mean[-1] for curve in curves)
    assert one > few > many >= 0
    told = information(family, stream(2, "told"), 2000)
    assert abs(one - told.mean[-1]) < 5 * np.hypot(curves[0].standard_error[-1], told.standard_error[-1])
    assert told_by_sequence(family, stream(2, "told")) == told.mean[-1]


def test_where_what_rises_crosses_zero():
    assert crossing([1, 2, 4, 8], np.array([-3.0, -1.0, 1.0, 2.0])) == 1.5
    assert crossing([1, 2, 4], np.array([1.0, 2.0, 3.0])) == -np.inf
    assert crossing([1, 2, 4], np.array([-3.0, -2.0, 0.0])) == np.inf
    # Out of order: the nearest values in order are -1, -1 and 3.
    assert crossing([1, 2, 4], np.array([1.0, -3.0, 3.0])) == pytest.approx(1.25)
    for wrong in ([1, 1, 2], [4, 2, 1], [1, 2]):
        with pytest.raises(ValueError, match="ascend"):
            crossing(wrong, np.zeros(3))


def test_indifference_is_where_the_gain_meets_the_error():
    sizes = np.array([1, 4, 16, 64])
    assert indifference(sizes, 1 / sizes, np.full(4, 1 / 8)) == pytest.approx(3)
    assert indifference(sizes, 1 / sizes, np.full(4, 2.0)) == -np.inf
    with pytest.raises(ValueError, match="positive"):
        indifference(sizes, np.zeros(4), np.ones(4))


def test_without_decay_the_rational_learner_is_a_bayesian(enumerated):
    """The expected log odds of two hypotheses with priors exp(-code length), by enumeration of all data."""
    _, _, _, known, fresh, whole = enumerated
    code = 1.7
    odds = whole @ np.log(known[:, -1] * np.exp(-code) / fresh[:, -1])
    n = LENGTH - 1
    excess = whole @ np.log(known[:, -1] / fresh[:, -1]) / n
    learner = Rational()
    at = np.array([n]), np.array([excess]), np.array([code])
    assert learner.log_odds(*at) == pytest.approx(odds)
    assert learner.weight(*at) == pytest.approx(1 - expit(odds))


def test_the_rational_threshold_moves_with_data_and_is_where_odds_are_even():
    sizes, excess, told = 2.0 ** np.arange(11), 0.1 / 2.0 ** np.arange(11), 5.0
    learner = Rational(gamma=2.0, alpha=0.3, beta=0.8)
    found = [learner.threshold(sizes, n, excess, told) for n in (1e3, 1e4, 1e5)]
    assert found == sorted(found)
    assert -np.inf < found[0] < found[-1] < np.inf
    # Solved by hand: gamma n^(1 - alpha) .1 / N = (5 N)^beta.
    exact = np.log2((2.0 * 1e4**0.7 * 0.1 / 5.0**0.8) ** (1 / 1.8))
    assert found[1] == pytest.approx(exact, abs=0.15)
    for wrong in ({"gamma": 0.0}, {"alpha": 1.0}, {"beta": -1.0}):
        with pytest.raises(ValueError, match="must be positive and alpha"):
            Rational(**wrong)


def test_the_count_is_that_of_pigeonholes():
    """Paths shown without fail tell log Catalan(n): count lists of paths against settings of the parameters."""
    pairs, n_parameters = 4, 100
    catalan = comb(2 * pairs, pairs) // (pairs + 1)
    told = told_by_sequence(PlantedDyck(pairs, 2, 0.999, 40), stream(0, "told"))
    assert told == pytest.approx(log(catalan), abs=1e-6)
    tasks = countable_tasks(n_parameters, told)
    whole = int(tasks)
    assert catalan**whole <= 2 ** (2 * n_parameters) < catalan ** (whole + 1)
    with pytest.raises(ValueError, match="positive"):
        countable_tasks(0, told)


def test_ridge_risk_is_that_of_the_neighbours():
    """Raventos et al. (2023): d = 8, 16 points, sigma = .5; an oracle by plain inverses beside it."""
    family = NoisyLinearRegression(dimension=8, points=16, noise=0.5)
    risk = ridge_risk(family, stream(0, "covariates"), 10_000)
    x = stream(1, "oracle").standard_normal((10_000, 16, 8))
    oracle = np.zeros(16)
    for t in range(16):
        gram = np.einsum("nti,ntj->nij", x[:, :t], x[:, :t]) + 0.25 * np.eye(8)
        oracle[t] = 0.25 * (1 + np.trace(np.linalg.inv(gram), axis1=1, axis2=2).mean())
    assert risk.mean[0] == oracle[0] == 8.25
    np.testing.assert_allclose(risk.mean, oracle, atol=0.03)
    for found in (risk.mean, oracle):
        assert found.mean() == pytest.approx(3.009, abs=0.006)
        assert found[-1] == pytest.approx(0.551, abs=0.002)
