"""The catalogue refuses questions whose criteria and statistics do not fit, and knows which claims can be judged."""

from dataclasses import replace

import pytest
from tiny import TOML, tiny_experiment

from validate.claims.base import Claim, Shown
from validate.claims.catalogue import (
    CLAIMS,
    CRITERIA,
    QUESTIONS,
    CatalogueError,
    judged_claims,
    questions_for,
    require_consistent,
    select_claims,
)
from validate.claims.modes import ModesShown
from validate.experiment.schema import ExperimentError, parse_experiment

PROPERTIES, STEERING = (next(q for q in QUESTIONS if q.name == name) for name in ("properties", "steering"))


def criteria_of(claim, **changed):
    """Return the claim with its first criterion changed."""
    first, *rest = claim.criteria
    return replace(claim, criteria=(replace(first, **changed), *rest))


def test_a_misspelt_criterion_is_refused():
    claim, *rest = PROPERTIES.claims
    misspelt = replace(PROPERTIES, claims=(criteria_of(claim, statistic="PO"), *rest))
    with pytest.raises(CatalogueError, match=r"^properties judges \['PO'\], which it does not produce$"):
        require_consistent([misspelt])


def test_an_idle_statistic_is_refused_unless_it_is_said_to_be_only_shown():
    idle = replace(STEERING, statistics=("steering", "reach"))
    with pytest.raises(CatalogueError, match=r"^steering produces \['reach'\], which nobody judges or shows$"):
        require_consistent([idle])
    require_consistent([replace(idle, unjudged=("reach",))])


def test_a_shown_model_of_another_question_is_refused():
    with pytest.raises(CatalogueError, match=r"^steering shows a model of two modes$"):
        require_consistent([replace(STEERING, shown=ModesShown)])


def test_a_name_that_stands_twice_is_refused():
    for what, twin in (
        ("question steering", STEERING),
        ("claim steering", replace(STEERING, name="again", shown=None)),
        ("statistic steering", replace(STEERING, name="again", claims=(renamed(STEERING.claims[0]),), shown=None)),
    ):
        with pytest.raises(CatalogueError, match=f"^the {what} stands twice in the catalogue$"):
            require_consistent([STEERING, twin])
    one, *rest = PROPERTIES.claims
    with pytest.raises(CatalogueError, match=r"^the claim P0 stands twice"):
        require_consistent([replace(PROPERTIES, claims=(one, one, *rest))])


def renamed(claim):
    return Claim("another", claim.statement, claim.criteria)


def test_the_catalogue_itself_is_consistent_and_lists_everything_once():
    require_consistent(QUESTIONS)
    assert len(CLAIMS) == sum(len(question.claims) for question in QUESTIONS)
    assert CRITERIA.keys() == {criterion.statistic for question in QUESTIONS for criterion in question.criteria}
    shown = [question.shown for question in QUESTIONS if question.shown is not None]
    # Results are read back by these models, found by their names.
    assert len({model.question for model in shown}) == len(shown)
    assert all(issubclass(model, Shown) for model in shown)
    for kind in ("dice", "markov", "regression", "dyck"):
        names = [question.name for question in questions_for(kind)]
        assert ("prefix" in names) == (kind == "dyck")
        assert ("properties" in names) == (kind != "dyck")
        assert "two modes" in names


def test_unknown_claims_are_answered_with_what_there_is():
    with pytest.raises(ExperimentError, match=r"claim must be one of P0, P0\*.*; got 'P9'"):
        select_claims(tiny_experiment(), ["P0", "P9"])


def test_a_claim_needs_a_family_and_a_design_it_is_judged_on():
    experiment = tiny_experiment()
    assert select_claims(experiment, []) is None
    assert select_claims(experiment, ["P1", "P0", "P1"]) == ["P1", "P0"]
    plain = parse_experiment(TOML.replace(", { minors = 2, steps = 4 }", ""), "plain")
    names = set(judged_claims(plain))
    assert {"P0", "retrieval"} <= names < set(CLAIMS)
    with pytest.raises(ExperimentError, match=r"claim of tiny must be one of P0.*; got 'near-orthogonality'"):
        select_claims(plain, ["near-orthogonality"])
    assert "near-orthogonality" in judged_claims(tiny_experiment())
