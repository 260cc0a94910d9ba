"""Long contexts, tiny probabilities, degenerate pools: finite and correct, or one clear error."""

from fractions import Fraction
from itertools import pairwise
from math import comb, log

import numpy as np
import pytest
from strategies import SMALL, batch_of, every_family, points_of

from theory import (
    BiasedDice,
    ImpossibleSequenceError,
    MarkovChains,
    Mixture,
    NoisyLinearRegression,
    PlantedDyck,
    extrapolation,
    prediction_loss,
    prior_predictive,
    retrieval,
    stream,
)

EXACT = {"rtol": 1e-9, "atol": 1e-12}


def assert_finite_laws(*predictions):
    for prediction in predictions:
        for law in (prediction.weights, prediction.mean):
            assert np.all(np.isfinite(law))
            np.testing.assert_allclose(law.sum(axis=-1), 1, rtol=1e-12)


LONG = {
    "dice": BiasedDice(length=10_000),
    "markov": MarkovChains(length=10_000),
    "regression": NoisyLinearRegression(points=10_000),
    "dyck": PlantedDyck(pairs=1000, length=10_000),
}


@pytest.mark.parametrize("kind", LONG)
def test_ten_thousand_targets(kind):
    family, rng = LONG[kind], stream(0, "long")
    mixture = Mixture(family, family.sample_pool(rng, 3), family.sample_pool(rng, 20))
    batch = mixture.sample(rng, 4)
    known = retrieval(mixture, batch)
    predictions = known, extrapolation(mixture, batch), prior_predictive(family, batch)
    if family.target_kind == "symbol":
        assert_finite_laws(*predictions)
    assert all(np.all(np.isfinite(prediction.mean)) for prediction in predictions)
    assert np.all(known.weights[np.arange(4), -1, batch.tasks] > 1 - 1e-9)
    assert np.all(prediction_loss(family, known.mean, batch) < np.inf)


def test_ten_thousand_points_against_one_large_solve():
    """Ridge and evidence by Cholesky factors of whole matrices; log N(y; 0, sigma^2 I + tau^2 X X') by Sylvester."""
    family, rng = LONG["regression"], stream(0, "points")
    batch = family.sample(rng, family.sample_pool(rng, 1), 1)
    x, y = batch.x[0, :-1], batch.y[0, :-1]
    gram = x.T @ x + family.noise**2 * np.eye(6)
    ridge = np.linalg.solve(gram, x.T @ y)
    np.testing.assert_allclose(family.fresh_mean(batch)[0, -1, 0], batch.x[0, -1] @ ridge, rtol=1e-10)
    log_determinant = len(y) * np.log(family.noise**2) + np.linalg.slogdet(gram / family.noise**2)[1]
    quadratic = y @ (y - x @ ridge) / family.noise**2
    exact = -0.5 * (len(y) * np.log(2 * np.pi) + log_determinant + quadratic)
    np.testing.assert_allclose(family.log_evidence(batch)[0, -1], exact, rtol=1e-12)


def test_long_chain_evidence_keeps_its_digits():
    """Against exact integers, row by row: with a = 1 and V = 2 a row of h and t moves has evidence h! t! / (h+t+1)!."""
    family = MarkovChains(states=2, length=10_001)
    walk = np.arange(10_001)[None] % 5 // 2 % 2
    pairs = list(pairwise(walk[0, :-1].tolist()))
    exact = -log(2)
    for state in (0, 1):
        h, t = pairs.count((state, 0)), pairs.count((state, 1))
        exact -= log(comb(h + t, t)) + log(h + t + 1)
    np.testing.assert_allclose(family.log_evidence(batch_of(walk))[0, -1], exact, rtol=1e-14)


@every_family
def test_a_pool_of_4096_tasks(kind):
    """The whole pool at once equals one task at a time."""
    family, rng = SMALL[kind], stream(0, "large pool")
    mixture = Mixture(family, family.sample_pool(rng, 4096))
    batch = mixture.sample(rng, 3)
    known = retrieval(mixture, batch)
    alone = [
        family.log_likelihood(family.make_pool(mixture.pool.parameters[task : task + 1]), batch)[..., 0]
        for task in range(4096)
    ]
    expected = np.exp(np.stack(alone, axis=-1) - np.max(alone, axis=0)[..., None])
    expected /= expected.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(known.weights, expected, **EXACT)
    mean = (known.weights[..., None] * family.task_mean(mixture.pool, batch)).sum(axis=2)
    np.testing.assert_allclose(known.mean, mean, **EXACT)


def test_long_evidence_keeps_its_digits():
    """Against exact integers: with a = 1 and V = 2 the evidence of h heads and t tails is h! t! / (h + t + 1)!."""
    family = BiasedDice(faces=2, length=10_001)
    rolls = np.arange(10_001)[None] % 3 // 2
    tails = int(rolls[0, :-1].sum())
    exact = Fraction(1)
    for i in range(1, tails + 1):
        exact *= Fraction(i, 10_000 - tails + i)
    exact_log = log(exact.numerator) - log(exact.denominator) - log(10_001)
    np.testing.assert_allclose(family.log_evidence(batch_of(rolls))[0, -1], exact_log, rtol=1e-14)


@pytest.mark.parametrize("concentration", [1e-12, 1e12])
def test_evidence_keeps_its_digits_at_extreme_concentrations(concentration):
    family, rolls = BiasedDice(4, 9, concentration), [0, 1, 0, 2, 0, 0, 3, 1]
    a, exact = Fraction(concentration), Fraction(1)
    for t, roll in enumerate(rolls):
        exact *= (a + rolls[:t].count(roll)) / (4 * a + t)
    computed = family.log_evidence(batch_of([[*rolls, 0]]))[0, -1]
    np.testing.assert_allclose(computed, log(exact.numerator) - log(exact.denominator), rtol=1e-14)


def test_probabilities_down_to_1e_minus_300():
    family = BiasedDice(faces=2, length=6)
    mixture = Mixture(family, family.make_pool([[1e-300, 1.0], [1e-200, 1.0], [0.5, 0.5]]))
    batch = batch_of([[0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1]])
    prediction = retrieval(mixture, batch)
    assert_finite_laws(prediction, extrapolation(mixture, batch))
    # One improbable face is enough to tell the dice apart: the odds are 1e-300 : 1e-200 : 0.5.
    np.testing.assert_allclose(prediction.weights[0, 1], [2e-300, 2e-200, 1], rtol=1e-9)
    assert np.all(np.isfinite(prediction_loss(family, prediction.mean, batch)))


def test_only_tiny_probabilities_still_have_a_posterior():
    """p(s) = 1e-3000 underflows; its logarithm does not."""
    family = BiasedDice(faces=2, length=11)
    mixture = Mixture(family, family.make_pool([[1e-300, 1.0], [2e-300, 1.0]]))
    weights = retrieval(mixture, batch_of(np.zeros((1, 11)))).weights[0, -1]
    np.testing.assert_allclose(weights[1] / weights[0], 2.0**10, rtol=1e-9)


def test_certain_dice():
    family = BiasedDice(faces=3, length=4)
    mixture = Mixture(family, family.make_pool(np.eye(3)))
    prediction = retrieval(mixture, batch_of([[1, 1, 1, 1]]))
    np.testing.assert_array_equal(prediction.mean[0, 1:], np.eye(3)[[1, 1, 1]])
    with pytest.raises(ImpossibleSequenceError, match=r"sequence 0 .* position 2"):
        retrieval(mixture, batch_of([[1, 2, 1, 1]]))
    # A fresh die can roll anything, so M2 goes on where M1 must stop.
    assert extrapolation(mixture, batch_of([[1, 2, 1, 1]])).weights[0, 2, -1] == 1


def test_an_impossible_last_target_is_no_error_because_nothing_follows_it():
    family = BiasedDice(faces=2, length=3)
    mixture, batch = Mixture(family, family.make_pool([[1.0, 0.0]])), batch_of([[0, 0, 1]])
    assert prediction_loss(family, retrieval(mixture, batch).mean, batch)[0, 2] == np.inf


def test_chains_with_rows_of_zeros_and_tiny_probabilities():
    family = MarkovChains(states=2, length=5)
    stay, leave, rare = np.eye(2), 1 - np.eye(2), [[1 - 1e-300, 1e-300], [1e-300, 1 - 1e-300]]
    mixture = Mixture(family, family.make_pool([stay, leave, rare]))
    prediction = retrieval(mixture, batch_of([[0, 0, 0, 0, 0], [0, 1, 0, 1, 0], [0, 0, 1, 1, 0]]))
    assert_finite_laws(prediction)
    np.testing.assert_allclose(prediction.weights[0, -1], [0.5, 0, 0.5], rtol=1e-9)
    np.testing.assert_allclose(prediction.weights[1, -1], [0, 1, 1e-300**3], rtol=1e-9)
    np.testing.assert_array_equal(prediction.weights[2, -1], [0, 0, 1])  # only the rare chain both stays and leaves
    with pytest.raises(ImpossibleSequenceError, match=r"sequence 0 .* position 3"):
        retrieval(Mixture(family, family.make_pool([stay, leave])), batch_of([[0, 0, 1, 1, 0]]))


def test_regressions_that_no_float_likelihood_could_tell_apart():
    """Noise 1e-8: log likelihoods near -1e16, and still the right task; a tie stays a tie."""
    family = NoisyLinearRegression(dimension=1, points=4, noise=1e-8)
    mixture = Mixture(family, family.make_pool([[1.0], [-1.0], [0.5], [0.5]]))
    x, y = [[[1.0], [2.0], [-1.0], [1.0]]], [[0.5, 1.0, -0.5, 0.5]]
    prediction = retrieval(mixture, points_of(x, y))
    np.testing.assert_array_equal(prediction.weights[0, 1:], np.tile([0, 0, 0.5, 0.5], (3, 1)))
    np.testing.assert_allclose(extrapolation(mixture, points_of(x, y)).mean[0, 1:, 0], y[0][1:], rtol=1e-7)


def test_a_response_beyond_all_floats_is_one_clear_error():
    family = NoisyLinearRegression(dimension=1, points=2)
    mixture, batch = Mixture(family, family.make_pool([[1.0]])), points_of([[[1.0], [1.0]]], [[1e200, 0.0]])
    for predictor in (retrieval, extrapolation):
        with pytest.raises(ImpossibleSequenceError, match=r"sequence 0 .* position 1"):
            predictor(mixture, batch)
