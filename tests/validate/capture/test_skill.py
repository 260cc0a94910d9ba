"""Skill is 1 for exact predictions, 0 for the best without context, and finite where tasks exclude symbols."""

import numpy as np
import pytest
from scipy.special import rel_entr

from theory import FAMILIES, BiasedDice, MarkovChains, Mixture, NoisyLinearRegression, PlantedDyck, retrieval, stream
from validate.capture.skill import Skill, without_context

FAMILY = {
    "dice": BiasedDice(4, 24),
    "regression": NoisyLinearRegression(2, 12),
    "markov": MarkovChains(3, 24),
    "dyck": PlantedDyck(3, 2, 0.4, 24),
}
RARE = PlantedDyck(3, 2, 0.3, 24)


def sampled(name, n_sequences=200):
    family, rng = FAMILY[name], stream(3, f"skill/{name}")
    mixture = Mixture(family, family.sample_pool(rng, 3), family.sample_pool(rng, 8))
    batch = mixture.sample(rng, n_sequences)
    return mixture, batch, len(family.encode(batch[:1]).positions)


@pytest.mark.parametrize("name", FAMILIES)
def test_exact_predictions_have_skill_one_and_those_without_context_none(name):
    mixture, batch, n_positions = sampled(name)
    skill = Skill.of_mixture(mixture, batch, n_positions)
    exact = retrieval(mixture, batch).mean[:, -n_positions:]
    current = mixture.family.current(batch)[:, -n_positions:]
    assert skill(exact) == pytest.approx(1, abs=1e-12)
    assert skill(without_context(exact, current)) == pytest.approx(0, abs=0.2)  # the nearer of M1 and M2 may be M2
    assert 0 < skill((exact + without_context(exact, current)) / 2) < 1


def test_the_best_without_context_is_the_mean_by_position_and_symbol():
    mixture, batch, n_positions = sampled("markov")
    exact = retrieval(mixture, batch).mean[:, -n_positions:]
    best = without_context(exact, mixture.family.current(batch)[:, -n_positions:])
    symbols = batch.symbols[:, -n_positions - 1 : -1]
    for position in (0, n_positions - 1):
        for symbol in range(3):
            rows = symbols[:, position] == symbol
            assert np.allclose(best[rows, position], exact[rows, position].mean(axis=0))
    # No law by position and symbol comes nearer: here the exact mean of a group moved towards the uniform law.
    moved = 0.9 * best + 0.1 / 3
    assert rel_entr(exact, best).sum() < rel_entr(exact, moved).sum()


@pytest.mark.parametrize("name", FAMILIES)
def test_a_network_of_fresh_tasks_is_held_against_the_prior_predictive(name):
    family, rng = FAMILY[name], stream(4, f"skill/{name}")
    batch = family.sample(rng, family.sample_pool(rng, 200), 200, tasks=np.arange(200))
    n_positions = len(family.encode(batch[:1]).positions)
    skill = Skill.of_fresh_tasks(family, batch, n_positions)
    fresh = family.fresh_mean(batch)[:, -n_positions:]
    best = without_context(fresh, family.current(batch)[:, -n_positions:])
    assert np.isfinite(skill.moments(best)).all()
    assert skill(best) == pytest.approx(0, abs=1e-12)
    assert skill(fresh) == pytest.approx(1, abs=1e-12)


def test_a_symbol_that_is_rarely_allowed_does_not_make_it_infinite():
    rng = stream(5, "skill/rare")
    mixture = Mixture(RARE, RARE.sample_pool(rng, 3), RARE.sample_pool(rng, 4))
    batch = mixture.sample(rng, 512)
    skill = Skill.of_mixture(mixture, batch, 23)
    assert all(np.isfinite(without).all() for without in skill.without.values())
