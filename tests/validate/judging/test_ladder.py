"""Positive and negative controls: exact-Bayes states meet every criterion, the others fail where they must."""

from functools import cache

import pytest
from tiny import LADDER, ladder_plan

from validate.capture.rungs import PREDICTION
from validate.claims.base import MARKOV_GIVEN_TASK
from validate.claims.catalogue import CRITERIA, QUESTIONS, questions_for
from validate.experiment.scopes import BOTH, DIVERSE, MAJORS_ONLY
from validate.judging.ladder import calibration, climb

FAINT = {("regression", "P0 contrast")}
"""What exact-Bayes states meet by too little to be told from noise with the few sequences of a test: a ridge estimate
settles as 1 / points, and a minor's state with it."""


def questions(kind):
    """Return the questions of a family that rungs can answer."""
    return [question for question in questions_for(kind) if question.asked_of_rungs]


@cache
def ladder(kind):
    return climb(ladder_plan(kind), questions(kind))


def judged(kind):
    """Return every scope and statistic of a family's claims that rungs can have."""
    return [
        (scope, criterion.statistic)
        for question in questions(kind)
        for scope in question.scopes
        for criterion in question.criteria
    ]


OF_STATES = {name for question in QUESTIONS if question.needs == "states" for name in question.statistics}
EVERY = [(kind, scope, name) for kind in LADDER for scope, name in judged(kind)]
each_family = pytest.mark.parametrize("kind", LADDER)
each_markov_family = pytest.mark.parametrize("kind", MARKOV_GIVEN_TASK)
each_side = pytest.mark.parametrize("scope", [MAJORS_ONLY, DIVERSE])


def place(kind, rung, scope, name):
    return CRITERIA[name].place(ladder(kind)[rung][scope][name])


@pytest.mark.parametrize(("kind", "scope", "name"), EVERY)
def test_exact_bayes_meets_every_criterion(kind, scope, name):
    assert place(kind, CRITERIA[name].exact, scope, name) == "inside"


@pytest.mark.parametrize(("kind", "scope", "name"), [row for row in EVERY if not CRITERIA[row[-1]].sign])
def test_no_rival_meets_a_criterion(kind, scope, name):
    """Signs are another matter: what knows nothing falls on either side, and need only be clear of exact Bayes."""
    for rival in CRITERIA[name].rivals:
        assert place(kind, rival, scope, name) != "inside", rival


@each_family
def test_every_statistic_is_calibrated(kind):
    found = calibration(ladder(kind))
    missed = {(kind, name) for scope, name in judged(kind) if not found[scope][name]}
    assert missed <= FAINT


@each_markov_family
@each_side
def test_averaging_is_not_taken_for_inference(kind, scope):
    for name in ("P3* TV", "P3* contest"):
        assert place(kind, "averaging", scope, name) == "outside", name


@each_family
def test_averaging_predicts_as_no_bayesian(kind):
    for name in ("KL to M1", "two modes"):
        assert place(kind, "averaging", MAJORS_ONLY, name) == "outside"


@each_markov_family
def test_averaging_stays_in_its_span(kind):
    assert place(kind, "averaging", BOTH, "R2_OOD ratio") == "outside"


@each_markov_family
@each_side
def test_what_is_current_alone_is_not_a_task(kind, scope):
    for name in ("P0*", "P1*", "P2*", "P3 r", "P3 TV", "P3* TV"):
        assert place(kind, "current symbol", scope, name) == "outside", name


@each_markov_family
@pytest.mark.parametrize("name", ["P0", "P1", "P2"])
def test_the_papers_own_statistics_are_met_by_what_is_current_alone(kind, name):
    """Why the starred statistics exist: these three are met by states that know nothing of the task."""
    assert place(kind, "current symbol", MAJORS_ONLY, name) == "inside"


@pytest.mark.parametrize("name", ["P0", "P0*", "P1", "P1*", "P2", "P2*", "P3 r", "P3 TV", "P3* TV", "P3* contest"])
def test_of_dice_the_prediction_alone_meets_every_property_and_of_markov_chains_it_does_not(name):
    """Why nothing is judged where states are logits, and why such states are a rival: they have this geometry too."""
    assert place("dice", PREDICTION, MAJORS_ONLY, name) == "inside"
    assert (place("markov", PREDICTION, MAJORS_ONLY, name) == "inside") == (name in ("P0", "P0*"))


def test_every_statistic_stands_on_every_rung_and_no_other():
    for kind in LADDER:
        for rung, measured in ladder(kind).items():
            found = {(scope, name) for scope, table in measured.items() for name in table}
            shown = {
                (scope, name) for question in questions(kind) for scope in question.scopes for name in question.unjudged
            }
            if rung == PREDICTION:  # a rival of claims about states alone
                assert found == {(scope, name) for scope, name in {*judged(kind), *shown} if name in OF_STATES}
                continue
            assert found == {*judged(kind), *shown}, (kind, rung)
