"""From outcomes to rows: the deciding criterion, scopes, several seeds, and statistics that are missing."""

import math

import numpy as np
import pytest
from outcomes import BAD, DESIGNS, GOOD, LAYERS, SCOPES, outcome, rows_of, table, with_skill
from scipy import stats

from validate.capture.rungs import PREDICTION
from validate.claims.base import EVERY_FAMILY
from validate.claims.catalogue import CLAIMS, CRITERIA
from validate.experiment.scopes import BOTH, DIVERSE, MAJORS_ONLY
from validate.judging.verdicts import RIVAL, null_over_seeds
from validate.statistics.intervals import UNDEFINED, Estimate


def test_states_that_hold_the_prediction_alone_are_a_rival_of_claims_about_states():
    """Whoever has them for states may say nothing of geometry; of predictions and interventions they have no say."""
    found = outcome()
    for scope in SCOPES:
        found.ladder[PREDICTION] = found.ladder.get(PREDICTION, {}) | {scope: table(GOOD)}
    before, after = rows_of(outcome()), rows_of(found)
    for key, row in after.items():
        question = CLAIMS[row.claim][1]
        if question.needs == "states":
            assert row.verdict == "unspecific", key
            assert all(part.decided_by == RIVAL for part in row.parts), key
        else:
            assert row == before[key]
    found.ladder[PREDICTION] = {scope: dict.fromkeys(CRITERIA, UNDEFINED) for scope in SCOPES}
    assert rows_of(found) == before


def test_a_row_names_the_null_that_decides():
    found = outcome()
    found.nulls[MAJORS_ONLY]["near"] = table(BAD, P0=0.9)
    part = rows_of(found)["P0", "minors=0"].parts[0]
    assert (part.decided_by, part.null, part.verdict) == ("near", 0.9, "supported")
    found.nulls[MAJORS_ONLY]["as good"] = table(BAD, P0=1.5)
    part = rows_of(found)["P0", "minors=0"].parts[0]
    assert (part.decided_by, part.null, part.verdict) == ("as good", 1.5, "unspecific")


def test_the_range_of_a_null_is_kept_over_seeds():
    """Permutations that range widely in every seed are not hidden by their means, which agree."""
    ranges = [Estimate(0.1, -0.4, 0.6), Estimate(0.1, -0.5, 0.5)]
    found = null_over_seeds(ranges)
    assert (found.value, found.low, found.high) == pytest.approx((0.1, -0.45, 0.55))
    scattered = null_over_seeds([Estimate(value, value, value) for value in (0.0, 0.2)])
    low, high = stats.t.interval(0.95, 1, 0.1, 0.1)
    assert (scattered.value, scattered.low, scattered.high) == pytest.approx((0.1, low, high))
    assert null_over_seeds(ranges[:1]) == ranges[0]


@pytest.mark.parametrize("lacks_it", [0, 1])
def test_a_null_that_one_seed_lacks_is_undefined_and_the_claim_not_tested(lacks_it):
    seeds = [outcome(), outcome()]
    seeds[1 - lacks_it].nulls[MAJORS_ONLY]["now and then"] = table(BAD)
    [part] = rows_of(*seeds)["P0", "minors=0"].parts
    assert (part.decided_by, part.verdict) == ("now and then", "not tested")


def disqualify(found, scope, name):
    """Let a rival of a statistic's criterion pass for what it must be told from."""
    for rival in CRITERIA[name].rivals:
        found.ladder[rival][scope][name] = table(GOOD)[name]


@pytest.mark.parametrize("kind", EVERY_FAMILY)
def test_every_claim_of_a_family_has_a_row_in_each_of_its_scopes(kind):
    rows = rows_of(outcome(), kind=kind)
    judged = [(name, question) for name, (_, question) in CLAIMS.items() if kind in question.families]
    expected = {(name, DESIGNS[scope]) for name, question in judged for scope in question.scopes}
    assert set(rows) == expected
    assert {row.verdict for row in rows.values()} == {"supported"}
    assert all(row.family == kind for row in rows.values())


def test_only_wanted_claims_in_scopes_that_were_trained_are_judged():
    assert {claim for claim, _ in rows_of(outcome(), wanted=["P1", "retrieval"])} == {"P1", "retrieval"}
    plain = rows_of(outcome(), designs={MAJORS_ONLY: "minors=0"})
    assert {design for _, design in plain} == {"minors=0"}
    assert {claim for claim, _ in plain} == {
        name for name, (_, own) in CLAIMS.items() if MAJORS_ONLY in own.scopes and "dice" in own.families
    }


def test_a_claim_is_judged_at_its_place():
    rows = rows_of(outcome(0), outcome(1, layers=LAYERS | {MAJORS_ONLY: 1}))
    assert rows["P0", "minors=0"].layers == [3, 1]
    assert rows["P0", "minors=8"].layers == [2, 2]
    assert rows["near-orthogonality", DESIGNS[BOTH]].layer == 3
    assert rows["majors stable", "minors=8"].layers == [5, 5]
    nowhere = rows["retrieval", "minors=0"]
    assert nowhere.layer is nowhere.layers is nowhere.position is None


def test_theory_says_itself_what_no_rung_can_have():
    first = outcome()
    for measured in first.ladder.values():
        measured[DIVERSE] = {}
    rows = rows_of(first)
    assert rows["steering", "minors=8"].predicted == 0.75
    assert rows["steering", "minors=8"].verdict == "supported"
    assert math.isnan(rows["P0", "minors=8"].predicted)
    assert rows["P0", "minors=8"].verdict == "not tested"
    assert rows["P0", "minors=0"].predicted == GOOD["at least"]


def test_the_papers_value_stands_beside_the_same_layout_and_depth_alone():
    def at(site, layer, last=3):
        found = outcome()
        found.sites[DIVERSE] = site
        found.layers |= {DIVERSE: layer, "last": last}
        return found

    def paper(*found, kind="dice-separated", design="minors=8", claim="P0"):
        return rows_of(*found, kind=kind)[claim, design].paper

    assert paper(at("post_attention.0", 0)) == 0.985
    assert paper(at("post_attention.3", 3)) == 0.977  # the last of four layers, as of six
    assert paper(at("post_attention.1", 1, last=5)) == 0.961
    assert paper(at("post_attention.1", 1)) is None  # a third of the depth, which six layers do not have
    assert paper(at("post_mlp.0", 0)) is None
    assert paper(at("post_attention.0", 0), kind="dice") is None
    assert paper(at("post_attention.0", 0), kind="regression-separated") is None
    assert paper(at("post_attention.0", 0), design="minors=0") is None
    assert paper(at("post_attention.0", 0), at("post_attention.3", 3)) is None
    assert paper(at("post_attention.0", 0), claim="P0*") is None


def test_a_row_shows_its_deciding_criterion():
    rows = rows_of(outcome(**{"P3 TV": 0.9}))
    row = rows["P3", "minors=0"]
    assert row.verdict == "refuted"
    assert (row.statistic, row.measured, row.tolerance) == ("P3 TV", 0.9, 0.05)
    assert row.interval == pytest.approx((0.89, 0.91))
    assert row.null == pytest.approx(1.5)
    assert [part.verdict for part in row.parts] == ["supported", "refuted"]
    assert rows["P3", "minors=8"].verdict == "supported"
    mixed = rows_of(outcome(**{"P3 r": 0.98}))["P3", "minors=0"]
    assert (mixed.verdict, mixed.statistic) == ("inconclusive", "P3 r")


def test_a_null_counts_in_its_own_scope():
    first = outcome()
    first.nulls[DIVERSE]["as good"] = table(GOOD)
    rows = rows_of(first)
    assert rows["P0", "minors=8"].verdict == "unspecific"
    assert set(rows["P0", "minors=8"].nulls) == {"untrained", "as good"}
    assert rows["P0", "minors=0"].verdict == "supported"
    assert set(rows["P0", "minors=0"].nulls) == {"untrained"}


def test_seeds_are_the_units():
    """The interval is that of Student's t over seeds; how sure each seed is of itself plays no part."""
    values = [1.0, 1.2, 0.9, 1.1, 0.97]
    rows = rows_of(*(outcome(seed, P0=value) for seed, value in enumerate(values)))
    row = rows["P0", "minors=0"]
    half = stats.t.ppf(0.975, 4) * np.std(values, ddof=1) / np.sqrt(5)
    assert row.seeds == [0, 1, 2, 3, 4]
    assert row.measured == pytest.approx(np.mean(values))
    assert row.interval == pytest.approx((np.mean(values) - half, np.mean(values) + half))
    assert row.verdict == "inconclusive"  # the interval straddles .95, although four of five meet it
    assert row.met == 4
    assert row.met_share == pytest.approx((0.2836, 0.9949), abs=1e-4)  # Clopper and Pearson, 4 of 5
    assert not row.these_only
    assert rows["P1", "minors=0"].verdict == "supported"


def test_two_seeds_that_disagree_decide_nothing():
    row = rows_of(outcome(0), outcome(1, P0=0.5))["P0", "minors=0"]
    assert row.verdict == "inconclusive"
    assert row.these_only


def test_a_disqualified_statistic_or_a_missing_measurement_is_not_tested():
    first = outcome()
    disqualify(first, MAJORS_ONLY, "P0")
    disqualify(first, MAJORS_ONLY, "P3 TV")
    first.trained[MAJORS_ONLY]["P3 r"] = Estimate(0.1, 0.0, 0.2)
    del first.trained[BOTH]["R2_OOD ratio"]
    del first.trained[DIVERSE]
    rows = rows_of(first)
    assert rows["P0", "minors=0"].verdict == "not tested"
    assert rows["near-orthogonality", DESIGNS[BOTH]].verdict == "not tested"
    assert rows["P0*", "minors=0"].verdict == "supported"
    assert rows["P0*", "minors=8"].verdict == "not tested"
    assert [part.verdict for part in rows["P3", "minors=0"].parts] == ["refuted", "not tested"]
    assert rows["P3", "minors=0"].verdict == "not tested"


def test_a_statistic_that_no_rung_can_have_is_predicted_by_theory_and_needs_no_calibration():
    first = outcome()
    disqualify(first, MAJORS_ONLY, "steering")
    disqualify(first, MAJORS_ONLY, "P0")
    rows = rows_of(first)
    assert rows["steering", "minors=0"].verdict == "supported"
    assert rows["steering", "minors=0"].predicted == 0.75
    assert rows["P0", "minors=0"].verdict == "not tested"
    assert rows["P0", "minors=8"].predicted == 1.5


def test_states_of_a_network_that_has_not_learned_say_nothing_of_the_paper():
    rows = rows_of(with_skill(0, 0.99, 0.97), outcome(1))
    assert rows["P0", "minors=8"].verdict == rows["steering", "minors=8"].verdict == "not learned"
    assert rows["near-orthogonality", DESIGNS[BOTH]].verdict == "not learned"
    # Predictions count whatever was learned, and the other network did learn.
    assert rows["two modes", "minors=8"].verdict == rows["OOD loss", DESIGNS[BOTH]].verdict == "supported"
    assert rows["P0", "minors=0"].verdict == "supported"


def test_claims_about_states_are_judged_on_the_seeds_that_have_learned_if_these_are_most():
    rows = rows_of(with_skill(0, 0.5, 0.99, P0=0.1), *(with_skill(seed, 0.99, 0.99) for seed in (1, 2)))
    assert rows["P0", "minors=0"].verdict == "supported"
    assert rows["P0", "minors=0"].seeds == [1, 2]
    assert rows["near-orthogonality", DESIGNS[BOTH]].seeds == [1, 2]
    assert rows["P0", "minors=8"].seeds == rows["retrieval", "minors=0"].seeds == [0, 1, 2]
