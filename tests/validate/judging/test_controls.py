"""Who stands beside a trained network, where each is judged, and in which of the numbers it has a say."""

from dataclasses import replace

import numpy as np
import pytest
import tiny
from tiny import family_setting, ladder_plan, mixtures, tiny_experiment, tiny_networks
from worlds import world_subject

from model import Transformer
from validate.capture.candidates import Arenas
from validate.capture.sources import NetworkSource
from validate.claims.base import (
    FRESH_ONLY,
    OTHER_MAJORS,
    SCALED,
    UNTRAINED,
    Controls,
    Observed,
    Side,
    ranging,
)
from validate.claims.catalogue import questions_for
from validate.claims.second_mode import RESEEDED
from validate.experiment.network_plan import network_plans
from validate.experiment.schema import Network, network_config, parse_experiment
from validate.experiment.scopes import BOTH, DIVERSE, MAJORS_ONLY
from validate.experiment.seed_plan import SeedPlan, arm_plans
from validate.judging.calibration.linear_world import SITES, WorldSource
from validate.judging.controls import Company, Placed
from validate.judging.examination import Subjects, examine
from validate.runs.tasks import strangers_of, subjects_of
from validate.statistics.intervals import Estimate
from validate.training.networks import SCALE, scaled_networks, untrained_networks

PLAN = SeedPlan.of(tiny_experiment(), "dice", 0)


def networks(plan, *seeds):
    config = network_config(plan.family, plan.plan.network)
    return [Transformer(config, seed=seed, backend="numpy") for seed in seeds]


def test_a_control_that_finds_nothing_is_judged_where_the_trained_network_is():
    setting = family_setting("dice", cell_sequences=24)
    plain, _ = mixtures(setting)
    used = WorldSource(world_subject(plain, "retrieval", "dice", 0).network, SITES)
    config = network_config(setting.family, Network(layers=3, width=8, heads=1, hidden=8))
    bare = NetworkSource(Transformer(config, 3, threads=1), setting.family)
    placed = Placed(Company([used, bare]), setting, ["post_attention.0"])
    side = Side(Observed(bare, setting, "post_attention.0"), Arenas(plain, setting))
    finding, missing = placed.beside(side, "minors=0", None, judge=True, show=False).untrained
    assert finding.site == "post_mlp.1"
    assert missing.site == "post_attention.0"
    # Of its states no more is kept than can be judged: where anything stands, and the last two sites.
    assert missing.source.sites == ("post_attention.0", "post_mlp.1", "post_attention.2", "post_mlp.2")
    assert all(control.setting.sizes.replicates == 0 for control in (finding, missing))


def test_where_several_networks_range_and_one_has_its_value():
    tables = [{"a": Estimate(value, -9, 9), "b": Estimate(1, 0, 2)} for value in (0.5, 0.1, 0.3)]
    del tables[2]["b"]
    found = ranging({"some": tables, "one": tables[:1], "none": []})
    assert found == {
        "some": {"a": Estimate(pytest.approx(0.3), 0.1, 0.5)},
        "one": {"a": Estimate.of_value(0.5), "b": Estimate.of_value(1.0)},
    }
    undefined = ranging({"some": [{"a": Estimate(np.nan, 0, 0)}, {"a": Estimate(1, 0, 2)}]})
    assert np.isnan(undefined["some"]["a"].value)


@pytest.fixture(scope="module")
def found():
    """Measure tiny networks beside others that were trained on other tasks."""
    trained = {name: NetworkSource(network, PLAN.family) for name, network in tiny_networks(PLAN).items()}

    def sources(*seeds):
        return [NetworkSource(network, PLAN.family) for network in networks(PLAN, *seeds)]

    company = Company(sources(7, 8), sources(9), {"minors=0": sources(10), "minors=2": sources(11, 12)}, sources(13))
    asked = [question for question in questions_for("dice") if question.name in ("properties", "OOD loss")]
    return examine(Subjects(PLAN, trained, company), asked).outcome


def test_networks_that_never_saw_the_majors_are_nulls_of_properties(found):
    for scope in (MAJORS_ONLY, DIVERSE):
        nulls = found.nulls[scope]
        assert {UNTRAINED, FRESH_ONLY, OTHER_MAJORS, "permuted task labels"} == nulls.keys()
        assert SCALED not in nulls
        assert found.beside[scope][SCALED].keys() == nulls[UNTRAINED].keys()
    one, several = (found.nulls[scope][OTHER_MAJORS]["P0"] for scope in (MAJORS_ONLY, DIVERSE))
    assert one.low == one.value == one.high
    assert several.low < several.value < several.high


def test_the_loss_that_falls_is_held_against_networks_of_another_seed(found):
    """One pair of majors-only networks, two of diverse ones; untrained networks have no say."""
    assert found.nulls[BOTH].keys() == {RESEEDED}
    null = found.nulls[BOTH][RESEEDED]["OOD loss falls"]
    assert 0 < null.low < null.value < null.high


ARM = """
[[families.dice.arms]]
name = "muon"
seeds = [0]
training = { optimizer = "muon" }
"""
TOML_OF_SEEDS = tiny.TOML.replace("seeds = [0]", "seeds = [0, 1, 2, 3]\nfresh = { steps = 3 }") + ARM


def test_strangers_are_the_fresh_network_and_those_of_the_next_two_seeds_in_turn():
    experiment = parse_experiment(TOML_OF_SEEDS, "seeds")
    plans = network_plans(experiment)
    for seed, others in ((0, {1, 2}), (2, {3, 0}), (3, {0, 1})):
        own = strangers_of(SeedPlan.of(experiment, "dice", seed), plans)
        assert {plan.seed_plan.seed for plan in own if not plan.is_fresh} == others
        assert [plan.is_fresh for plan in own].count(True) == 1
        assert all(plan.seed_plan.arm is None and plan.seed_plan.family.name == "dice" for plan in own)
    [arm] = arm_plans(experiment)
    assert strangers_of(arm, plans) == []


def test_subjects_of_a_seed_know_strangers_by_design():
    experiment = parse_experiment(TOML_OF_SEEDS, "seeds")
    plan, plans = SeedPlan.of(experiment, "dice", 0), network_plans(experiment)
    strangers = [(other, networks(plan, index)[0]) for index, other in enumerate(strangers_of(plan, plans))]
    company = subjects_of(plan, tiny_networks(plan), strangers).company
    assert {design: len(group) for design, group in company.others.items()} == {"minors=0": 2, "minors=2": 2}
    assert (len(company.untrained), len(company.fresh_only), len(company.scaled)) == (2, 1, 1)
    arm = replace(plan, arm=arm_plans(experiment)[0].arm)
    assert subjects_of(arm, tiny_networks(plan), strangers).company.every == []


def test_larger_weights_are_those_of_the_first_untrained_network():
    plan = ladder_plan("regression", 8)
    [scaled], bare = scaled_networks(plan), untrained_networks(plan)[0]
    for name, array in bare.parameters.items():
        factor = SCALE if array.ndim > 1 else 1
        np.testing.assert_array_equal(scaled.parameters[name], np.float32(factor) * array, err_msg=name)


def test_on_a_rung_nothing_is_judged():
    controls = Controls()
    assert controls.of_untrained(dict) == controls.of_strangers(dict) == controls.of_scaled(dict) == {}
