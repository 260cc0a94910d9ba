"""Training data, mixtures and designs are functions of seed, purpose and step alone."""

import numpy as np
import pytest
from tiny import TOML, tiny_experiment

from validate.experiment.fingerprints import data_fingerprint
from validate.experiment.network_plan import network_plans, networks_of
from validate.experiment.schema import parse_experiment
from validate.experiment.scopes import BOTH, DIVERSE, MAJORS_ONLY
from validate.experiment.seed_plan import SeedPlan


@pytest.fixture(scope="module")
def plans():
    """By seed, the networks of its two designs."""
    return [networks_of(SeedPlan.of(tiny_experiment(), "dice", seed)) for seed in (0, 1)]


def test_every_step_has_its_own_batch_and_repeats_it(plans):
    (_, one), (_, other) = plans
    again = networks_of(SeedPlan.of(tiny_experiment(), "dice", 0))[1]
    np.testing.assert_array_equal(one.batch(3).symbols, again.batch(3).symbols)
    assert not np.array_equal(one.batch(3).symbols, one.batch(4).symbols)
    assert not np.array_equal(one.batch(3).symbols, other.batch(3).symbols)
    assert (len(one.batch(3)), len(one.batch(3, 7))) == (4, 7)


def test_designs_of_a_seed_share_their_majors(plans):
    (plain, diverse), (other, _) = ([plan.mixture for plan in seed] for seed in plans)
    np.testing.assert_array_equal(plain.majors.parameters, diverse.majors.parameters)
    assert (plain.n_minors, diverse.n_minors) == (0, 2)
    assert not np.array_equal(plain.majors.parameters, other.majors.parameters)
    assert not np.isin(diverse.minors.parameters, plain.majors.parameters).any()


def test_fingerprint_covers_tasks_weights_and_batches(plans):
    every = [plan for seed in plans for plan in seed]
    prints = [data_fingerprint(plan.mixture, plan.batch) for plan in every]
    assert len(set(prints)) == 4
    assert data_fingerprint(every[0].mixture, every[0].batch) == prints[0]
    assert data_fingerprint(every[0].mixture, every[2].batch) != prints[0]
    assert data_fingerprint(every[0].mixture, lambda step: every[0].batch(2 * step)) != prints[0]


def test_names_of_networks_and_places_differ(plans, tmp_path):
    every = [plan for seed in plans for plan in seed]
    for names in (
        {plan.name for plan in every},
        {plan.checkpoint(tmp_path) for plan in every},
        {tuple(plan.identity.items()) for plan in every},
    ):
        assert len(names) == 4
    assert [plan.training.steps for plan in plans[0]] == [5, 4]
    assert [plan.name for plan in network_plans(tiny_experiment())] == [plan.name for plan in plans[0]]


def test_scopes_stand_for_the_least_and_the_most_minors():
    wide = TOML.replace("{ minors = 2, steps = 4 }", "{ minors = 2, steps = 4 }, { minors = 7, steps = 4 }")
    found = SeedPlan.of(parse_experiment(wide, "wide"), "dice", 0)
    assert found.designs == {MAJORS_ONLY: "minors=0", DIVERSE: "minors=7", BOTH: "minors=0 to minors=7"}
    assert (found.plain.n_minors, found.diverse.n_minors) == (0, 7)
    only = SeedPlan.of(parse_experiment(TOML.replace("{ minors = 0, steps = 5 }, ", ""), "only"), "dice", 0)
    assert only.designs == {DIVERSE: "minors=2"}
    np.testing.assert_array_equal(only.plain.majors.parameters, only.diverse.majors.parameters)
    plain = SeedPlan.of(parse_experiment(TOML.replace(", { minors = 2, steps = 4 }", ""), "plain"), "dice", 0)
    assert plain.designs == {MAJORS_ONLY: "minors=0"}
    assert plain.diverse is None
