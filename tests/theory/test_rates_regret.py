"""Regret of the prior predictive: exact formulas against simulation, enumeration, quadrature and limits."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import chi2

from theory import (
    BiasedDice,
    MarkovChains,
    Mixture,
    NoisyLinearRegression,
    PlantedDyck,
    predicted_mean,
    prediction_loss,
    prior_predictive,
    stream,
)
from theory.ballot import log_catalan, log_completions
from theory.enumeration import fresh_die, known_die, sequences
from theory.exposure import steps_shown_law
from theory.regret import information, regret, ridge_risk

# Exact or nearly so: dice, Dyck, regression. Short enough that no event the average needs is too rare to be sampled.
FAMILIES = [BiasedDice(4, 30, 0.7), PlantedDyck(4, 3, 0.3, 20), NoisyLinearRegression(3, 20, 0.5, 1.5)]
EVERY_FAMILY = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: type(family).__name__)


def agree(one, other):
    error = np.sqrt(one.standard_error**2 + other.standard_error**2)
    return np.all(np.abs(one.mean - other.mean) <= 5 * error + 1e-11)


@EVERY_FAMILY
def test_formulas_agree_with_sampled_sequences(family):
    truths = family.sample_pool(stream(0, "truths"), 3)
    formula = regret(family, truths, stream(1, "regret"), 3000)
    sampled = regret.dispatch(object)(family, truths, stream(2, "regret"), 3000)
    assert agree(formula, sampled)
    assert np.all(sampled.standard_error[:, -1] < 0.1)
    assert np.all(formula.standard_error < sampled.standard_error + 1e-12)


@EVERY_FAMILY
def test_information_agrees_with_sampled_sequences(family):
    formula = information(family, stream(1, "information"), 400)
    sampled = information.dispatch(object)(family, stream(2, "information"), 3000)
    assert agree(formula, sampled)
    steps = np.diff(formula.mean)
    assert np.all(steps[1:] > 0)
    assert steps[0] >= 0  # the first step of a path is up: it tells nothing, and that is exactly 0
    assert formula.mean[0] == 0


@EVERY_FAMILY
def test_information_is_the_average_regret(family):
    truths = family.sample_pool(stream(3, "truths"), 400)
    each = regret(family, truths, stream(4, "regret"), 20)
    error = each.mean.std(axis=0, ddof=1) / np.sqrt(400)
    exact = information(family, stream(5, "information"), 2000)
    assert np.all(np.abs(each.mean.mean(axis=0) - exact.mean) <= 5 * (error + exact.standard_error) + 1e-11)


def test_dice_by_enumeration():
    law, concentration = [Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)], 2
    family = BiasedDice(3, 5, float(concentration))
    known, fresh = known_die(law), fresh_die(3, concentration)
    expected = [
        sum(float(known(s)) * (np.log(float(known(s))) - np.log(float(fresh(s)))) for s in sequences(3, t))
        for t in range(5)
    ]
    found = regret(family, family.make_pool([[float(p) for p in law]]), stream(0, "unused"), 2)
    np.testing.assert_allclose(found.mean[0], expected, rtol=1e-12, atol=1e-14)


def test_dice_with_faces_that_never_come():
    found = regret(BiasedDice(2, 10), BiasedDice(2).make_pool([[1.0, 0.0]]), stream(0, "unused"), 2)
    np.testing.assert_allclose(found.mean[0], np.log(np.arange(1, 11)), rtol=1e-12)  # p(s) = 1 / (t + 1)


def test_information_grows_by_half_the_dimension_times_log_t():
    dice = information(BiasedDice(6, 1025), stream(0, "unused"), 2).mean
    assert dice[1024] - dice[512] == pytest.approx(2.5 * np.log(2), rel=0.02)
    points = information(NoisyLinearRegression(4, 513), stream(0, "points"), 50).mean
    assert points[512] - points[256] == pytest.approx(2 * np.log(2), rel=0.01)


def test_clarke_and_barrons_limit_of_a_coin():
    """I_t = 1/2 log(t / (2 pi e)) + E log sqrt(J), with J = 1 / (p (1 - p)) and so -1/2 E log p(1 - p) = 1."""
    coin = information(BiasedDice(2, 4001), stream(0, "unused"), 2).mean[4000]
    assert coin == pytest.approx(0.5 * np.log(4000 / (2 * np.pi * np.e)) + 1, abs=2e-3)


def test_information_on_a_path_ends_at_its_log_number():
    family = PlantedDyck(5, 3, 0.5, 200)
    assert information(family, stream(0, "unused"), 2).mean[-1] == pytest.approx(log_catalan(5), rel=1e-12)
    truths = family.sample_pool(stream(0, "paths"), 3)
    np.testing.assert_allclose(regret(family, truths, stream(0, "unused"), 2).mean[:, -1], log_catalan(5), rtol=1e-12)


def test_there_is_one_path_of_one_pair_and_nothing_to_learn():
    family = PlantedDyck(1, 3, 0.5, 20)
    assert not information(family, stream(0, "unused"), 2).mean.any()
    assert not regret(family, family.sample_pool(stream(0, "paths"), 2), stream(0, "unused"), 2).mean.any()


@given(st.integers(1, 6), st.floats(0.05, 1))
def test_information_on_a_path_is_the_expected_log_of_the_paths_excluded(pairs, density):
    """Against ballot numbers: before target t, log Catalan(n) less the mean log N(height, steps left)."""
    family, n_steps = PlantedDyck(pairs, 2, density, 30), 2 * pairs
    before, height = np.meshgrid(np.arange(n_steps + 1), np.arange(n_steps + 1), indexing="ij")
    left, come = log_completions(height, n_steps - before), log_completions(height, before)
    law = np.exp(come + left - log_catalan(pairs))
    excluded = (law * np.where(law > 0, log_catalan(pairs) - left, 0)).sum(axis=1)
    found = information(family, stream(0, "unused"), 2).mean
    np.testing.assert_allclose(found, steps_shown_law(family) @ excluded, rtol=1e-11, atol=1e-12)
    paths = family.sample_pool(stream(0, "paths"), 5)
    heights = np.pad(np.cumsum(paths.parameters, axis=1), ((0, 0), (1, 0)))
    gained = log_catalan(pairs) - log_completions(heights, n_steps - np.broadcast_to(before[:, 0], heights.shape))
    each = regret(family, paths, stream(0, "unused"), 2).mean
    np.testing.assert_allclose(each, gained @ steps_shown_law(family).T, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("noise", [1.0, 1e-4, 1e-8])
def test_information_of_points_keeps_its_digits(noise):
    """1/2 log det(I + tau^2 / sigma^2 X'X) by singular values of X, which see the smallest directions."""
    family, n_draws = NoisyLinearRegression(3, 9, noise, 1.0), 4
    found = information(family, stream(0, "points"), n_draws).mean
    x = stream(0, "points").standard_normal((n_draws, 9, 3))
    for t in range(9):
        singular = [np.linalg.svd(rows[:t], compute_uv=False) for rows in x] if t else np.zeros((1, 1))
        expected = np.mean([np.log1p((values / noise) ** 2).sum() / 2 for values in singular])
        assert found[t] == pytest.approx(expected, rel=1e-12, abs=1e-12)
    risk = ridge_risk(family, stream(0, "points"), n_draws).mean
    assert risk[0] == pytest.approx(3 + noise**2, rel=1e-12)
    assert risk[8] < 100 * noise**2


def test_markov_chains_are_sampled():
    family = MarkovChains(3, 60)
    chains = information(family, stream(0, "chains"), 600)
    assert np.all(chains.mean[:2] == 0)  # the first symbol says nothing
    later = chains.mean[-1] - chains.mean[30]
    assert later == pytest.approx(3 * np.log(59 / 30), rel=0.2)


def test_ridge_risk_of_one_covariate_by_quadrature():
    family = NoisyLinearRegression(1, 12, 0.5, 1.5)
    risk = ridge_risk(family, stream(0, "ridge"), 20_000)
    penalty = (0.5 / 1.5) ** 2
    for t in (1, 3, 11):
        mean_inverse, _ = quad(lambda g, t=t: chi2.pdf(g, t) / (g + penalty), 0, np.inf)
        assert abs(risk.mean[t] - 0.25 * (1 + mean_inverse)) < 5 * risk.standard_error[t]
    assert risk.mean[0] == pytest.approx(0.25 + 1.5**2, rel=1e-12)


def test_ridge_risk_of_many_points_is_the_inverse_wishart_mean():
    family = NoisyLinearRegression(3, 41, 1.0, 100.0)
    risk = ridge_risk(family, stream(0, "ridge"), 4000)
    assert abs(risk.mean[40] - (1 + 3 / (40 - 3 - 1))) < 5 * risk.standard_error[40] + 1e-4
    assert risk.standard_error[40] < 1e-3


def test_ridge_risk_is_the_loss_of_the_prior_predictive():
    family, rng = FAMILIES[2], stream(8, "sequences")
    truths = family.sample_pool(rng, 4000)
    batch = family.sample(rng, truths, 4000, np.arange(4000))
    mean = predicted_mean(lambda mixture, batch: prior_predictive(family, batch), Mixture(family, truths), batch)
    loss, risk = prediction_loss(family, mean, batch), ridge_risk(family, stream(7, "ridge"), 2000)
    error = np.hypot(loss.std(axis=0) / np.sqrt(4000), risk.standard_error)
    assert np.all(np.abs(loss.mean(axis=0) - risk.mean) < 5 * error)


def test_one_draw_has_no_error_bar():
    family = FAMILIES[2]
    with pytest.raises(ValueError, match="n_draws must be at least 2; got 1"):
        information(family, stream(0, "few"), 1)
