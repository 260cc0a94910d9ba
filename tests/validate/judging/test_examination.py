"""The one pipeline: every question is put to every source that can answer it, and nothing unnamed comes back."""

from dataclasses import replace

import numpy as np
import pytest
from tiny import TOML, ladder_plan, mixtures, tiny_experiment, tiny_subjects

from validate.capture.candidates import Arenas
from validate.capture.rungs import EXACT, rungs
from validate.capture.sources import NetworkSource
from validate.claims.base import UNTRAINED, Controls, Findings, Observed, Side
from validate.claims.catalogue import QUESTIONS, questions_for
from validate.experiment.schema import parse_experiment
from validate.experiment.scopes import BOTH, DIVERSE, MAJORS_ONLY
from validate.experiment.seed_plan import SeedPlan
from validate.judging.examination import Subjects, examine
from validate.judging.results import as_json
from validate.statistics.intervals import Estimate

PLAN = SeedPlan.of(tiny_experiment(), "dice", 0)
CAUSAL = {"steering", "dissociation", "what V carries", "history"}
"""Questions that need a table of sizes, which the experiment does not have."""
ASKED = [question for question in questions_for("dice") if question.name not in CAUSAL]


@pytest.fixture(scope="module")
def subjects():
    return tiny_subjects(PLAN)


@pytest.fixture(scope="module")
def found(subjects):
    return examine(subjects)


def test_every_statistic_is_measured_in_its_scopes_and_has_its_nulls(found):
    outcome = found.outcome
    assert set(outcome.trained) == {MAJORS_ONLY, DIVERSE, BOTH}
    for question in ASKED:
        # Far from M1 and M2 alike, an untrained network has no say in which is closer; and its loss says nothing of how
        # far those of trained ones scatter.
        compared = {criterion.statistic for criterion in question.criteria} - {"KL contest", "OOD loss falls"}
        for scope in question.scopes:
            for name in question.statistics:
                assert name in outcome.trained[scope], (scope, name)
                if name not in question.unjudged:  # what is shown alone may have nulls beside it
                    assert (name in outcome.nulls[scope].get(UNTRAINED, {})) == (name in compared), (scope, name)
    every = {name for question in ASKED for name in question.statistics}
    assert {name for table in outcome.trained.values() for name in table} == every
    assert outcome.ladder[UNTRAINED][DIVERSE] == outcome.nulls[DIVERSE][UNTRAINED]


def test_the_numbers_are_those_of_the_questions(subjects, found):
    """Each network is judged at its own site; the diverse one beside the majors-only one."""
    sites = {network.design: network.site for network in found.networks}
    plain, diverse = (
        Side(Observed(source, PLAN.setting, sites[name]), Arenas(PLAN.mixtures[name], PLAN.setting))
        for name, source in subjects.trained.items()
    )
    for question in ASKED:
        for scope in question.scopes:
            side, beside = (plain, None) if scope == MAJORS_ONLY else (diverse, plain)
            own = question.analyse(side, Controls(plain=beside)).statistics
            held = {name: found.outcome.trained[scope][name] for name in own}
            assert repr(held) == repr(own), question.name


def test_what_is_shown_is_of_every_network_and_one_untrained(found):
    assert [network.design for network in found.networks] == ["minors=0", "minors=2"]
    [bare] = found.untrained
    assert bare.design == "untrained"
    names = {"properties", "trajectories", "two modes", "stability by site", "fresh states", "conditional simplex"}
    for network in (*found.networks, bare):
        # What needs the network and is judged is a null of the untrained one, and not shown.
        own = names if network is bare else names | {"functional interaction"}
        assert set(network.shown) == own, network.design
        assert network.sites == ["post_attention.0", "post_mlp.0"]
        assert network.site == "post_attention.0"


def test_measuring_twice_gives_the_same(subjects, found):
    assert as_json(examine(subjects)) == as_json(found)


def test_without_judging_there_are_statistics_alone(subjects, found):
    alone = examine(subjects, judge=False)
    assert repr(alone.outcome.trained) == repr(found.outcome.trained)
    assert alone.outcome.ladder == {}
    assert not any(network.shown for network in alone.networks)


def test_a_statistic_that_its_question_does_not_name_is_refused(subjects):
    estimate = Estimate(0.5, 0.4, 0.6)
    stability = next(question for question in QUESTIONS if question.name == "majors stable")
    for findings in (
        Findings({"P0 contrasts": estimate}),
        Findings(nulls={"null": {"P0 contrasts": estimate}}),
        Findings(predicted={"P0 contrasts": 0.5}),
    ):
        misspelt = replace(stability, needs="network", analyse=lambda side, controls, own=findings: own)
        with pytest.raises(ValueError, match=r"majors stable names no statistic \['P0 contrasts'\]"):
            examine(subjects, [misspelt])


@pytest.mark.parametrize("has", ["states", "predictions", "network"])
def test_sources_are_not_asked_what_needs_more_than_they_have(subjects, has):
    """Rungs of the ladder have predictions: what networks are not asked, rungs may be."""
    asked = {"network": set(), "rung": set()}

    def listening(question):
        def analyse(side, controls):
            asked["network" if isinstance(side.source, NetworkSource) else "rung"].add(question.needs)
            return Findings()

        return replace(question, analyse=analyse)

    examine(replace(subjects, has=has), [listening(question) for question in questions_for("dice")])
    everything = ["states", "predictions", "network"]
    assert asked["network"] == set(everything[: everything.index(has) + 1])
    assert asked["rung"] == {"states", "predictions"}


def test_without_one_of_the_networks_nothing_is_compared():
    for text, scope in (
        (TOML.replace(", { minors = 2, steps = 4 }", ""), MAJORS_ONLY),
        (TOML.replace("{ minors = 0, steps = 5 }, ", ""), DIVERSE),
    ):
        plan = SeedPlan.of(parse_experiment(text, "alone"), "dice", 0)
        outcome = examine(
            tiny_subjects(plan), [q for q in ASKED if q.name in ("second mode", "OOD loss", "angle")]
        ).outcome
        assert set(outcome.trained) <= {scope}
        assert outcome.layers.keys() >= {scope, "last"}


@pytest.mark.parametrize("kind", ["dice", "markov", "regression", "dyck"])
def test_exact_bayes_states_go_through_as_networks_do(kind):
    """A source of one site and no network: its answers are what the ladder says of that rung."""
    plan = ladder_plan(kind, cell_sequences=8)
    plain, diverse = mixtures(plan.setting)
    make = rungs(plan.setting, {})[EXACT]
    trained = dict(zip(plan.mixtures, (make(plain), make(diverse)), strict=True))
    chosen = [question for question in QUESTIONS if question.name in ("second mode", "retrieval", "OOD loss")]
    found = examine(Subjects(plan, trained, has="predictions"), chosen).outcome
    for scope, table in found.trained.items():
        for name, estimate in table.items():
            exact = found.ladder[EXACT][scope][name]
            np.testing.assert_equal(
                [estimate.value, estimate.low, estimate.high], [exact.value, exact.low, exact.high], err_msg=name
            )
