from itertools import product

import numpy as np
import pytest
from jaxtyping import TypeCheckError
from scipy import stats
from strategies import batch_of

from theory import (
    BiasedDice,
    Mixture,
    NoisyLinearRegression,
    Prediction,
    bayes_risk,
    divergence,
    extrapolation,
    nats_per_loss,
    prediction_loss,
    prior_predictive,
    retrieval,
    stream,
    target_loss,
)

FAMILY = BiasedDice(faces=3, length=5)
MIXTURE = Mixture(
    FAMILY, FAMILY.make_pool([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]]), FAMILY.make_pool([[0.2, 0.8, 0.0]]), 0.2
)


def fresh(mixture, batch):
    return prior_predictive(mixture.family, batch)


def exact_risk(predictor):
    """Sum P(s) loss(s) over every sequence of positive probability."""
    rolls = np.array(list(product(range(3), repeat=5)))
    probability = MIXTURE.pool.parameters[:, rolls].prod(axis=-1).T @ MIXTURE.weights
    possible = batch_of(rolls[probability > 0])
    loss = prediction_loss(FAMILY, predictor(MIXTURE, possible).mean, possible)
    return probability[probability > 0] @ loss


@pytest.mark.parametrize("predictor", [retrieval, extrapolation, fresh])
def test_monte_carlo_agrees_with_the_sum_over_all_sequences(predictor):
    curve = bayes_risk(MIXTURE, predictor, stream(0, "risk"), 4000)
    round_off = 1e-12  # the prior predictive's first loss is log V whatever is rolled
    assert np.all(np.abs(curve.mean - exact_risk(predictor)) < 5 * curve.standard_error + round_off)
    assert np.all(curve.standard_error < 0.02)


def test_retrieval_has_the_least_risk_at_every_position():
    least = exact_risk(retrieval)
    assert np.all(least < exact_risk(extrapolation))
    assert np.all(least < exact_risk(fresh))
    assert np.all(np.diff(least) < 0)


def test_first_risk_is_the_entropy_of_the_average_die():
    average = MIXTURE.weights @ MIXTURE.pool.parameters
    np.testing.assert_allclose(exact_risk(retrieval)[0], -average @ np.log(average), rtol=1e-12)


def test_same_stream_same_risk():
    first, again = (bayes_risk(MIXTURE, retrieval, stream(3, "risk"), 50).mean for _ in range(2))
    assert np.array_equal(first, again)


def test_a_predictor_that_excludes_what_happens_has_infinite_risk():
    def certain(mixture, batch):
        mean = np.zeros((*batch.symbols.shape, 3))
        mean[..., 0] = 1
        mean[:, 0] = 1 / 3
        return Prediction(weights=np.ones((*batch.symbols.shape, 1)), mean=mean)

    curve = bayes_risk(MIXTURE, certain, stream(0, "certain"), 200)
    np.testing.assert_allclose(curve.mean[0], np.log(3), rtol=1e-12)
    assert np.all(curve.mean[1:] == np.inf)
    assert np.all(curve.standard_error[1:] == np.inf)
    assert np.isfinite(curve.standard_error[0])


def test_loss_is_minus_the_log_of_what_was_given_to_the_symbol():
    mean = np.array([[[0.5, 0.5, 0.0], [0.25, 0.25, 0.5]]])
    loss = prediction_loss(FAMILY, mean, batch_of([[0, 2]]))
    np.testing.assert_allclose(loss, [[np.log(2), np.log(2)]], rtol=1e-15)
    assert prediction_loss(FAMILY, mean, batch_of([[2, 0]]))[0, 0] == np.inf


def test_divergence_of_symbols_is_relative_entropy():
    p, q = np.array([[[0.5, 0.5, 0.0]]]), np.array([[[0.25, 0.5, 0.25]]])
    np.testing.assert_allclose(divergence("symbol", p, q), [[0.5 * np.log(2)]], rtol=1e-15)
    assert divergence("symbol", q, p)[0, 0] == np.inf
    assert divergence("symbol", p, p)[0, 0] == 0


def test_divergence_of_numbers_is_squared_distance():
    p, q = np.array([[[1.0], [2.0]]]), np.array([[[0.0], [5.0]]])
    assert np.array_equal(divergence("real", p, q), [[1.0, 9.0]])


def test_loss_of_numbers_is_squared_error():
    mean, targets = np.array([[[1.0], [2.0]]]), np.array([[[0.0], [5.0]]])
    assert np.array_equal(target_loss("real", mean, targets), [[1.0, 9.0]])


def test_a_risk_needs_two_sequences():
    with pytest.raises(ValueError, match="n_sequences must be at least 2; got 1"):
        bayes_risk(MIXTURE, retrieval, stream(0, "risk"), 1)


def test_a_prediction_of_another_shape_is_refused():
    with pytest.raises((ValueError, TypeCheckError)):
        prediction_loss(FAMILY, np.ones((1, 2, 2)), batch_of([[0, 2]]))


def test_squared_units_are_worth_the_nats_of_gaussian_log_loss():
    family = NoisyLinearRegression(noise=0.7)
    assert nats_per_loss(FAMILY) == 1
    extra = stats.norm(0, 0.7).logpdf(0.3) - stats.norm(0, 0.7).logpdf(1.9)
    assert nats_per_loss(family) * (1.9**2 - 0.3**2) == pytest.approx(extra)
