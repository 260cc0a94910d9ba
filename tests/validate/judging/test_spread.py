"""Scatter split between tasks and initial parameters: known variances come back, and arms of other kinds stay out."""

from dataclasses import replace

import numpy as np
import pytest
from outcomes import outcome
from tiny import TOML

from validate.experiment.schema import ExperimentError, parse_experiment
from validate.experiment.scopes import MAJORS_ONLY
from validate.experiment.seed_plan import SeedPlan, arm_plans, seed_plans
from validate.judging.arms import compare_arms
from validate.judging.results import Examination
from validate.judging.spread import split, spreads

ARMS = """
[[families.dice.arms]]
name = "again"
seeds = [0, 1]
initialisation = 1
[[families.dice.arms]]
name = "once more"
seeds = [0, 1]
initialisation = 2
[[families.dice.arms]]
name = "muon"
seeds = [0]
training = { optimizer = "muon" }
""".replace("once more", "once-more")


def test_known_variances_come_back_in_the_mean():
    rng = np.random.default_rng(0)
    found = [split(rng.normal(0, 2, size=(2, 1)) + rng.normal(0, 1, size=(2, 3))) for _ in range(4000)]
    tasks, initialisation = np.mean(found, axis=0)
    assert initialisation == pytest.approx(1, rel=0.05)
    assert tasks == pytest.approx(4, rel=0.1)
    assert split(np.array([[1.0, 1.0], [3.0, 3.0]])) == (2.0, 0.0)
    assert split(np.array([[1.0, 3.0], [3.0, 1.0]])) == (0.0, 2.0)


def test_initialisations_are_split_and_no_other_way_of_training():
    text = TOML.replace("seeds = [0]\ntasks", "seeds = [0, 1, 2]\ntasks") + ARMS
    experiment = parse_experiment(text, "arms")
    values = {(0, None): 1.0, (1, None): 2.0, (2, None): 9.0, (0, "again"): 1.2, (1, "again"): 2.4}
    values |= {(0, "once-more"): 0.8, (1, "once-more"): 1.6, (0, "muon"): 5.0}

    def examined(plan: SeedPlan):
        name = None if plan.arm is None else plan.arm.name
        found = outcome(plan.seed, P0=values[plan.seed, name])
        return plan, Examination(outcome=found, networks=[], untrained=[])

    first, others = ([examined(plan) for plan in make(experiment)] for make in (seed_plans, arm_plans))
    assert {row.arm for row in compare_arms(first, others)} == {"muon"}
    row = next(row for row in spreads(first, others) if (row.statistic, row.design) == ("P0", "minors=0"))
    assert (row.seeds, row.initialisations) == ([0, 1], 3)
    within = np.mean([np.var([1.0, 1.2, 0.8], ddof=1), np.var([2.0, 2.4, 1.6], ddof=1)])
    assert row.initialisation == pytest.approx(within)
    assert row.tasks == pytest.approx(0.5 - within / 3)
    assert row.share == pytest.approx(row.tasks / (row.tasks + within))
    assert first[0][1].outcome.trained[MAJORS_ONLY]["P0"].value == 1.0
    constant = next(row for row in spreads(first, others) if row.statistic == "P1")
    assert (constant.tasks, constant.initialisation) == (0.0, 0.0)
    assert np.isnan(constant.share)
    of_one = [(replace(plan, seed=plan.seed), e) for plan, e in others if plan.seed == 0]
    assert spreads(first, of_one) == []


def test_an_arm_of_some_mixtures_is_compared_on_these_alone():
    own = '{ optimizer = "muon" }\ndesigns = [{ minors = 0, steps = 3 }, { minors = 2, steps = 3 }]'
    small = ARMS.replace('{ optimizer = "muon" }', own)
    text = TOML.replace("{ minors = 2, steps = 4 }]", "{ minors = 2, steps = 4 }, { minors = 5, steps = 4 }]") + small
    text = text.replace("seeds = [0, 1]", "seeds = [0]")
    experiment = parse_experiment(text, "arms")
    first = [(plan, Examination(outcome=outcome(P0=1.0), networks=[], untrained=[])) for plan in seed_plans(experiment)]
    others = []
    for plan in arm_plans(experiment):
        found = outcome(P0=2.0)
        for scope in found.trained.keys() - plan.designs.keys():
            del found.trained[scope]
        others.append((plan, Examination(outcome=found, networks=[], untrained=[])))
    rows = compare_arms(first, others)
    assert {(row.arm, row.design) for row in rows} == {("muon", "minors=0")}
    for wrong in ("[{ minors = 3, steps = 3 }", "[{ minors = 5, steps = 3 }"):
        with pytest.raises(ExperimentError, match="designs must have the minors of the family's own"):
            parse_experiment(text.replace("[{ minors = 0, steps = 3 }", wrong), "arms")
