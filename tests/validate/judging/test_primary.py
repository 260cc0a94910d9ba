"""Which primary claims hold, fail or stay open, from p-values over seeds and verdicts."""

from dataclasses import replace

import pytest
from outcomes import DESIGNS, outcome, rows_of, with_skill

from validate.claims.base import EVERY_FAMILY
from validate.claims.catalogue import (
    CLAIMS,
    MOST_PRIMARY,
    QUESTIONS,
    CatalogueError,
    primary_claims,
    require_consistent,
)
from validate.judging.primary import standing
from validate.statistics.multiplicity import p_above

SEEDS = range(5)


def primary_rows(rows):
    return {claim: row for (claim, _), row in rows.items() if row.primary}


@pytest.mark.parametrize("kind", EVERY_FAMILY)
def test_a_family_has_at_most_eight_primary_claims_and_all_others_are_secondary(kind):
    rows = rows_of(*map(outcome, SEEDS), kind=kind)
    named = primary_claims(kind)
    assert 0 < len(named) <= MOST_PRIMARY
    assert {(row.claim, row.design) for row in rows.values() if row.primary} == {(c, DESIGNS[s]) for c, s in named}
    assert {row.standing for row in rows.values() if row.primary} == {"holds"}
    for row in rows.values():
        if not row.primary:
            assert row.standing is row.p_holm is row.p_holm_fails is None


def test_too_many_primary_claims_are_refused():
    properties = next(question for question in QUESTIONS if question.name == "properties")
    all_primary = replace(properties, claims=tuple(replace(c, primary=properties.scopes) for c in properties.claims))
    with pytest.raises(CatalogueError, match=r"^dice has 16 primary claims; at most 8 can be named$"):
        require_consistent([all_primary])
    first, *rest = properties.claims
    astray = replace(properties, claims=(replace(first, primary=("both",)), *rest))
    with pytest.raises(CatalogueError, match=r"^P0 is primary in \['both'\], where it is not asked$"):
        require_consistent([astray])
    astray = replace(properties, claims=(replace(first, expected_to_fail={"dyck": "why"}), *rest))
    with pytest.raises(CatalogueError, match=r"^P0 is expected to fail in \['dyck'\], where it is not asked$"):
        require_consistent([astray])


def test_p_values_are_adjusted_for_all_that_were_named():
    """One claim alone among the wanted ones does not make it easier."""
    values = [1.0, 1.05, 0.97, 1.02, 1.1]
    outcomes = [outcome(seed, scope="diverse", **{"P0*": value}) for seed, value in zip(SEEDS, values, strict=True)]
    p = p_above(values, 0.95)
    row = primary_rows(rows_of(*outcomes))["P0*"]
    alone = primary_rows(rows_of(*outcomes, wanted=["P0*"]))["P0*"]
    assert row.parts[0].p_value == pytest.approx(p)
    assert row.p_holm == pytest.approx(p)  # all others are certain, so it is the last step
    assert alone.p_holm == pytest.approx(len(primary_claims("dice")) * p)
    assert (row.verdict, row.standing) == ("supported", "holds")
    assert (alone.verdict, alone.standing) == ("supported", "open")


def test_a_claim_of_several_criteria_has_the_largest_p_value():
    values = [0.1, 0.12, 0.06, 0.1, 0.13]
    outcomes = [outcome(seed, scope="diverse", **{"P3* TV": value}) for seed, value in zip(SEEDS, values, strict=True)]
    row = primary_rows(rows_of(*outcomes))["P3*"]
    assert row.p_holm == pytest.approx(p_above([-value for value in values], -0.15))


def test_a_claim_fails_only_beyond_doubt():
    far, near = [0.1, 0.2, 0.15, 0.1, 0.2], [0.93, 0.947, 0.935, 0.945, 0.942]  # p of failing .015 in the second
    for values, expected in ((far, "fails"), (near, "open")):
        outcomes = [outcome(seed, scope="diverse", **{"P0*": p}) for seed, p in zip(SEEDS, values, strict=True)]
        row = primary_rows(rows_of(*outcomes))["P0*"]
        assert (row.verdict, row.standing) == ("refuted", expected)


def test_one_seed_and_networks_that_have_not_learned_decide_nothing():
    row = primary_rows(rows_of(outcome()))["P0*"]
    assert (row.verdict, row.p_holm, row.standing) == ("supported", None, "open")
    assert row.these_only
    row = primary_rows(rows_of(*(with_skill(seed, 0.99, 0.5) for seed in SEEDS)))["P0*"]
    assert (row.verdict, row.p_holm, row.standing) == ("not learned", None, "open")


def test_a_null_decides_through_the_verdict():
    assert standing("unspecific", 0.0, 1.0) == "open"
    assert standing("supported", float("nan"), 0.0) == "open"
    assert standing("refuted", 0.0, float("nan")) == "open"


def test_what_theory_says_will_fail_is_said_beforehand():
    expected = {name: set(claim.expected_to_fail) for name, (claim, _) in CLAIMS.items() if claim.expected_to_fail}
    assert expected["P0 of paths"] == {"dyck"}
    row = rows_of(outcome(), kind="dyck")["P0 of paths", "minors=8"]
    assert "prefix" in row.expected_to_fail
    assert rows_of(outcome(), kind="dyck")["prefix identity", "minors=8"].expected_to_fail is None
