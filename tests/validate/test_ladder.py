"""Positive and negative controls: exact-Bayes states meet every criterion, the others fail where they must."""

import numpy as np
import pytest
from tiny import dice_setting, mixtures

from model import Transformer, TransformerConfig
from validate.claims import BOTH, CLAIMS, CRITERIA, DIVERSE, MAJORS_ONLY, PROPERTIES
from validate.ladder import EXACT, RANDOM, calibration, climb, rungs
from validate.measure import Captured, properties
from validate.sources import NetworkSource
from validate.study import fall, findings, other_majors, predictions, shuffled_labels, untrained_nulls

SITE = "post_mlp.1"


def judged(kind):
    """Return every scope and statistic of a family's claims that the ladder must calibrate."""
    claims = [claim for claim in CLAIMS if kind in claim.families]
    return [
        (scope, criterion.statistic)
        for claim in claims
        for scope in claim.scopes
        for criterion in claim.criteria
        if criterion.predicted is None
    ]


@pytest.fixture(scope="module")
def setting():
    return dice_setting()


@pytest.fixture(scope="module")
def ladder(setting):
    return climb(*mixtures(setting), setting)


@pytest.mark.parametrize(("scope", "name"), judged("dice"))
def test_exact_bayes_meets_every_criterion(ladder, scope, name):
    found = ladder[CRITERIA[name].exact][scope][name]
    assert CRITERIA[name].place(found) == "inside", found


@pytest.mark.parametrize(("scope", "name"), judged("dice"))
def test_random_states_meet_none(ladder, scope, name):
    found = ladder[RANDOM][scope][name]
    assert CRITERIA[name].place(found) != "inside", found


def test_every_statistic_is_calibrated(ladder):
    found = calibration(ladder)
    assert {(scope, name): found[scope][name] for scope, name in judged("dice")} == dict.fromkeys(judged("dice"), True)


def place(ladder, rung, scope, name):
    return CRITERIA[name].place(ladder[rung][scope][name])


@pytest.mark.parametrize("scope", [MAJORS_ONLY, DIVERSE])
def test_averaging_is_not_taken_for_inference(ladder, scope):
    for name in ("P3* TV", "P3* contest"):
        assert place(ladder, "averaging", scope, name) == "outside", name
    assert place(ladder, "averaging", MAJORS_ONLY, "KL to M1") == "outside"
    assert place(ladder, "averaging", BOTH, "R2_OOD ratio") == "outside"


@pytest.mark.parametrize("scope", [MAJORS_ONLY, DIVERSE])
def test_the_current_symbol_alone_is_not_a_task(ladder, scope):
    for name in ("P0*", "P1*", "P2*", "P3 r", "P3 TV", "P3* TV"):
        assert place(ladder, "current symbol", scope, name) == "outside", name
    assert place(ladder, "current symbol", MAJORS_ONLY, "KL to M1") == "outside"
    assert place(ladder, "current symbol", BOTH, "R2_OOD ratio") == "outside"


@pytest.mark.parametrize("name", ["P0", "P1", "P2"])
def test_the_papers_own_statistics_are_met_by_the_current_symbol_alone(ladder, name):
    """Why the starred statistics exist: these three are met by states that know nothing of the task."""
    assert place(ladder, "current symbol", MAJORS_ONLY, name) == "inside"


@pytest.fixture(scope="module")
def untrained(setting):
    config = TransformerConfig(inputs=6, outputs=6, layers=2, width=16, heads=2, hidden=32, length=31)
    return [NetworkSource(Transformer(config, seed=seed, backend="numpy"), setting.family) for seed in (1, 2)]


@pytest.fixture(scope="module")
def captured(setting, untrained):
    return [Captured.of(source, setting) for source in untrained]


@pytest.fixture(scope="module")
def found(setting, captured):
    return [findings(states, setting, SITE) for states in captured]


def test_untrained_networks_fail_the_specific_statistics(setting, untrained, found):
    plain, _ = mixtures(setting)
    for source, network in zip(untrained, found, strict=True):
        for name in ("P2*", "P3* TV", "P3* contest"):
            assert CRITERIA[name].place(network.properties[name]) == "outside", name
        assert CRITERIA["KL to M1"].place(predictions(source, plain, setting)["KL to M1"]) == "outside"


def test_shuffled_labels_leave_no_task(setting, captured, found):
    shuffled = shuffled_labels(captured[0], setting, SITE)
    assert set(shuffled) == {c.statistic for claim in PROPERTIES for c in claim.criteria} - {"P3* contest"}
    for name in ("P0*", "P1*", "P2*", "P3 r", "P3 TV", "P3* TV"):
        assert CRITERIA[name].place(shuffled[name]) != "inside", name
        assert not CRITERIA[name].meets(shuffled[name].value), name
    assert shuffled["P0*"].value < found[0].properties["P0*"].value - 0.3


def test_nulls_of_untrained_networks_name_every_statistic_they_can(setting, untrained, found):
    plain, diverse = mixtures(setting)
    sources, bare = (dict(zip("ab", parts, strict=True)) for parts in (untrained, found))
    nulls = untrained_nulls(bare, sources, plain, diverse, setting)
    for scope, name in judged("dice"):
        for network in bare:
            assert (name in nulls[scope][network]) == (name != "KL contest"), (scope, name)
    for one, other in ("ab", "ba"):
        paired = fall(bare[one].inside, bare[other].inside, SITE, setting)
        assert nulls[BOTH][one]["R2_OOD ratio"] == paired["R2_OOD ratio"]
        assert nulls[MAJORS_ONLY][one]["P0"] == nulls[DIVERSE][one]["P0"] == found["ab".index(one)].properties["P0"]
    assert not untrained_nulls(bare, sources, plain, None, setting)[BOTH]


def test_random_subspaces_do_not_fall(setting, found):
    chance = fall(found[0].chance, found[1].chance, SITE, setting)
    assert chance["R2_OOD ratio"].value == pytest.approx(1, abs=0.3)


def test_exact_retrieval_is_far_from_that_of_other_majors(setting):
    plain, _ = mixtures(setting)
    source = rungs(setting)[EXACT](plain)
    assert predictions(source, plain, setting)["KL to M1"].value == pytest.approx(0, abs=1e-12)
    assert other_majors(source, plain, setting)["KL to M1"].low > 0.1


def test_states_do_not_depend_on_how_many_sequences_are_captured_at_once(setting, monkeypatch):
    config = TransformerConfig(inputs=6, outputs=6, layers=1, width=8, heads=2, hidden=8, length=31)
    model = Transformer(config, backend="numpy")
    whole = Captured.of(NetworkSource(model, setting.family), setting)
    monkeypatch.setattr("validate.sources.CHUNK", 7)
    parts = Captured.of(NetworkSource(model, setting.family), setting)
    np.testing.assert_allclose(parts.score["post_mlp.0"], whole.score["post_mlp.0"], atol=1e-5)


def test_properties_are_read_at_the_site_asked_for(setting, captured, found):
    other = properties(captured[0], setting, "post_mlp.0")
    assert all(other[name] != found[0].properties[name] for name in other)
