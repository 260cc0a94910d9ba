"""Diversity: divergences are excess risks, bounds hold for pools that are drawn, losses stand in order."""

import numpy as np
import pytest
from scipy.special import logsumexp

from theory import BiasedDice, MarkovChains, Mixture, NoisyLinearRegression, PlantedDyck, stream
from theory.diversity import expected_divergence, gain_bounds, paying_diversity, predicted_losses
from theory.regret import information, ridge_risk

FAMILIES = [
    BiasedDice(4, 25),
    MarkovChains(3, 25),
    NoisyLinearRegression(2, 12, noise=2.0),
    PlantedDyck(4, 3, 0.4, 25),
]
EVERY_FAMILY = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: type(family).__name__)


def drawn_gain(family, size, rng, n_pools=150, n_sequences=20):
    """log m_N(s_<t) - log m(s_<t) by drawing pools of N tasks: means over sequences, one row per pool."""
    gains = []
    for _ in range(n_pools):
        pool = family.sample_pool(rng, size)
        batch = family.sample(rng, pool, n_sequences)
        known = logsumexp(family.log_likelihood(pool, batch), axis=-1) - np.log(size)
        gains.append((known - family.log_evidence(batch)).mean(axis=0))
    return np.array(gains)


@EVERY_FAMILY
@pytest.mark.parametrize("size", [1, 3, 30])
def test_the_gain_of_drawn_pools_is_within_the_bounds(family, size):
    gain = drawn_gain(family, size, stream(size, "pools"))
    error = gain.std(axis=0, ddof=1) / np.sqrt(len(gain))
    bounds = gain_bounds(family, [size], stream(0, "bounds"), 2000)
    assert np.all(gain.mean(axis=0) <= bounds.upper[0] + 5 * np.hypot(error, bounds.upper_error[0]) + 1e-11)
    assert np.all(gain.mean(axis=0) >= bounds.lower[0] - 5 * np.hypot(error, bounds.lower_error[0]) - 1e-11)
    assert bounds.upper[0, -1] > 0.05
    if size == 1:  # both bounds are I_t
        exact = information(family, stream(1, "exact"), 2000)
        assert abs(bounds.upper[0, -1] - exact.mean[-1]) <= 5 * np.hypot(
            bounds.upper_error[0, -1], exact.standard_error[-1]
        )


@EVERY_FAMILY
def test_paying_diversity_brackets_the_number_of_tasks(family):
    low, high = paying_diversity(family, stream(0, "paying"), 1500, gain=0.5)
    assert 1 <= low[-1] < high[-1]
    assert low[-1] > low[5]
    size = int(high[-1])
    at_high = drawn_gain(family, size + 1, stream(1, "at high"), 60)[:, -1]
    assert at_high.mean() < 0.5 + 5 * at_high.std() / np.sqrt(60)
    below = drawn_gain(family, max(int(low[-1]), 1), stream(2, "below low"), 150)[:, -1]
    assert below.mean() > 0.5 - 5 * below.std() / np.sqrt(150)


@EVERY_FAMILY
def test_divergence_is_the_excess_risk(family):
    """M1 is exact on the training mixture: E loss(other) - E loss(M1) is the divergence, target by target."""
    rng = stream(0, "pools")
    curves = expected_divergence(family, [4], rng, n_pools=200, n_sequences=10, minor_mass=0.5)
    excess = []
    for _ in range(200):
        mixture = Mixture(family, family.sample_pool(rng, 3), family.sample_pool(rng, 4), 0.5)
        losses = predicted_losses(mixture, rng, 20)["training"]
        excess.append([losses[name].mean - losses["retrieval"].mean for name in ("extrapolation", "prior predictive")])
    mean, error = np.mean(excess, axis=0), np.std(excess, axis=0, ddof=1) / np.sqrt(200)
    for found, wanted, spread in zip((curves.extrapolation[0], curves.prior_predictive[0]), mean, error, strict=True):
        assert np.all(np.abs(found.mean - wanted) <= 5 * np.hypot(found.standard_error, spread) + 1e-11)
    assert curves.prior_predictive[0].mean[5:].min() > 5 * error[1].min()


def test_divergence_from_m2_falls_with_diversity_and_respects_the_bound():
    family, q = BiasedDice(4, 25), 0.4
    counts = [1, 8, 512]
    curves = expected_divergence(family, counts, stream(0, "fall"), minor_mass=q, n_pools=60)
    totals = [curve.mean[:-1].sum() for curve in curves.extrapolation]
    bounds = q * gain_bounds(family, counts, stream(1, "bounds"), 2000).upper[:, -1]
    assert totals[0] > totals[1] > totals[2] >= 0
    errors = [curve.standard_error[:-1].sum() for curve in curves.extrapolation]
    assert np.all(totals <= bounds + 5 * np.array(errors))
    assert totals[2] < 0.1 * totals[0]


def test_no_minors_leave_majors_only():
    family = BiasedDice(4, 25)
    curves = expected_divergence(family, [0], stream(0, "none"), minor_mass=0.1, n_pools=20)
    # The summed divergence of M2 is at most the cost of its belief in fresh tasks, -log(1 - q).
    assert 0 < curves.extrapolation[0].mean.sum() < -np.log(0.9) + 1e-9


@EVERY_FAMILY
def test_losses_stand_in_the_order_theory_gives(family):
    rng = stream(1, "losses")
    mixture = Mixture(family, family.sample_pool(rng, 3), family.sample_pool(rng, 2), 0.1)
    losses = {
        kind: {name: curve.mean.mean() for name, curve in by_predictor.items()}
        for kind, by_predictor in predicted_losses(mixture, rng, 600).items()
    }
    assert set(losses) == {"training", "majors", "minors", "fresh"}
    assert (
        losses["training"]["retrieval"] < losses["training"]["extrapolation"] < losses["training"]["prior predictive"]
    )
    assert losses["fresh"]["prior predictive"] < losses["fresh"]["extrapolation"] < losses["fresh"]["retrieval"]
    assert losses["minors"]["retrieval"] < losses["minors"]["prior predictive"]
    assert losses["majors"]["extrapolation"] < losses["majors"]["prior predictive"]


def test_fresh_loss_of_regression_is_ridge_risk():
    family, rng = NoisyLinearRegression(3, 15), stream(0, "ridge")
    losses = predicted_losses(Mixture(family, family.sample_pool(rng, 3)), rng, 4000)
    fresh, risk = losses["fresh"]["prior predictive"], ridge_risk(family, rng, 2000)
    assert np.all(np.abs(fresh.mean - risk.mean) < 5 * np.hypot(fresh.standard_error, risk.standard_error))
    assert "minors" not in losses


def test_retrieval_of_paths_it_does_not_know_costs_everything_from_the_first_wrong_step():
    family = PlantedDyck(4, 3, 0.4, 80)  # long enough that the last symbols are background and show no wrong step
    mixture = Mixture(family, family.make_pool([[1, 1, 1, 1, -1, -1, -1, -1]]))
    fresh = predicted_losses(mixture, stream(0, "wrong"), 300)["fresh"]
    assert np.isfinite(fresh["retrieval"].mean[0])  # every path begins with a step up
    assert np.all(fresh["retrieval"].mean[2:] == np.inf)
    assert np.all(fresh["retrieval"].standard_error[2:] == np.inf)
    assert np.all(np.isfinite(fresh["extrapolation"].mean))


def test_what_makes_no_estimate_is_refused():
    family = FAMILIES[0]
    with pytest.raises(ValueError, match="n_pools must be at least 2; got 1"):
        expected_divergence(family, [1], stream(0, "few"), n_pools=1, n_sequences=5)
    with pytest.raises(ValueError, match="gain must be positive and finite; got 0"):
        paying_diversity(family, stream(0, "few"), 5, gain=0.0)
    with pytest.raises(ValueError, match="n_draws must be at least 2; got 1"):
        gain_bounds(family, [1], stream(0, "few"), 1)
    with pytest.raises(ValueError, match="n_sequences must be at least 2; got 1"):
        predicted_losses(Mixture(family, family.sample_pool(stream(0, "few"), 1)), stream(0, "few"), 1)
