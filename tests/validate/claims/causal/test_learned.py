"""A known answer of a network that has learned: where the task is first used, theta serves the majors alone.

In a diverse dice network, removing theta at the first layer hurts majors and leaves fresh tasks alone; at the last
site, whose states are the prediction, it hurts both.
"""

from dataclasses import replace
from functools import cache

import pytest

from model import Transformer, train
from validate.capture.candidates import Arenas
from validate.capture.skill import LEARNED
from validate.capture.sources import NetworkSource
from validate.claims.base import Observed, Side
from validate.claims.causal import tested
from validate.claims.causal.removal import Removal
from validate.claims.causal.samples import FRESH, MAJORS
from validate.claims.skill import SKILL, skill
from validate.experiment.network_plan import networks_of
from validate.experiment.schema import load_preset
from validate.experiment.seed_plan import SeedPlan

SEED, RECIPE = 1001, {"steps": 1500, "peak_rate": 5e-3, "beta2": 0.99}
"""A development seed, and how its network is trained, whatever presets do: a known answer is one of a known network.

With beta2 = .95 removing theta behind the first layer costs fresh tasks .06 nats (.02 to .11), within a fifth of
what it costs majors.
"""


@cache
def learned():
    plan = SeedPlan.of(load_preset("quick"), "dice", SEED)
    [diverse] = [network for network in networks_of(plan) if network.mixture.n_minors]
    network = Transformer(diverse.config, seed=diverse.initial_seed, threads=1)
    encode, size = plan.family.encode, plan.plan.training.batch
    train(network, lambda step: encode(diverse.batch(step, size)), replace(diverse.training, **RECIPE))
    return plan, NetworkSource(network, plan.family), Arenas(diverse.mixture, plan.setting)


def rises(site):
    """Return the rises of loss without theta, by population."""
    plan, source, arenas = learned()
    test = tested.tested(Side(Observed(source, plan.setting, site), arenas))
    removal, loss = Removal(test.subject.task_basis, test.samples.mean), test.subject.loss
    return {name: test.mean_rise(loss(b, removal) - loss(b)) for name, b in test.samples.evaluation.items()}


def test_it_has_learned():
    plan, source, arenas = learned()
    assert skill(Side(Observed(source, plan.setting, source.sites[0]), arenas))[SKILL].value >= LEARNED


@pytest.mark.parametrize("site", ["post_attention.0", "post_mlp.0"])
def test_theta_of_the_first_layer_serves_majors_alone(site):
    found = rises(site)
    assert found[MAJORS].low > 0.1
    assert found[FRESH].value <= found[MAJORS].value / 5
    assert found[FRESH].low <= 0 <= found[FRESH].high


def test_theta_of_the_last_site_serves_both():
    found = rises("post_mlp.1")
    assert found[MAJORS].low > 0
    assert found[FRESH].low > 0
