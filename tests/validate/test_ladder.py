"""Positive and negative controls: exact-Bayes states meet every criterion, the others fail where they must."""

import numpy as np
import pytest
from tiny import dice_setting, mixtures

from model import Transformer, TransformerConfig
from validate.claims import CRITERIA
from validate.ladder import EXACT, RANDOM, calibration, climb, rungs
from validate.measure import Captured, properties
from validate.sources import NetworkSource
from validate.study import findings, other_nulls, own_nulls, statistics


@pytest.fixture(scope="module")
def setting():
    return dice_setting()


@pytest.fixture(scope="module")
def ladder(setting):
    return climb(*mixtures(setting), setting)


@pytest.mark.parametrize("name", CRITERIA)
def test_exact_bayes_meets_every_criterion(ladder, name):
    assert CRITERIA[name].place(ladder[EXACT][name]) == "inside", ladder[EXACT][name]


@pytest.mark.parametrize("name", CRITERIA)
def test_random_states_meet_none(ladder, name):
    assert CRITERIA[name].place(ladder[RANDOM][name]) != "inside", ladder[RANDOM][name]


def test_every_statistic_is_calibrated(ladder):
    assert calibration(ladder) == dict.fromkeys(CRITERIA, True)


@pytest.mark.parametrize("name", ["P3* TV", "P3* contest", "KL to M1", "R2_OOD ratio"])
def test_averaging_is_not_taken_for_inference(ladder, name):
    assert CRITERIA[name].place(ladder["averaging"][name]) == "outside"


@pytest.mark.parametrize("name", ["P0*", "P1*", "P2*", "P3 r", "P3 TV", "P3* TV", "KL to M1", "R2_OOD ratio"])
def test_the_current_symbol_alone_is_not_a_task(ladder, name):
    assert CRITERIA[name].place(ladder["current symbol"][name]) == "outside"


@pytest.mark.parametrize("name", ["P0", "P1", "P2"])
def test_the_papers_own_statistics_are_met_by_the_current_symbol_alone(ladder, name):
    """Why the starred statistics exist: these three are met by states that know nothing of the task."""
    assert CRITERIA[name].place(ladder["current symbol"][name]) == "inside"


@pytest.fixture(scope="module")
def untrained(setting):
    config = TransformerConfig(inputs=6, outputs=6, layers=2, width=16, heads=2, hidden=32, length=31)
    sources = [NetworkSource(Transformer(config, seed=seed, backend="numpy"), setting.family) for seed in (1, 2)]
    return [(source, Captured.of(source, setting)) for source in sources]


@pytest.fixture(scope="module")
def found(setting, untrained):
    plain, _ = mixtures(setting)
    return [findings(source, captured, plain, setting) for source, captured in untrained]


@pytest.mark.parametrize("name", ["P2*", "P3* TV", "P3* contest", "KL to M1"])
def test_untrained_networks_fail_the_specific_statistics(found, name):
    for network in found:
        assert CRITERIA[name].place(network.estimates[name]) == "outside"


def test_shuffled_labels_leave_no_task(setting, untrained):
    shuffled = properties(untrained[0][1].shuffled(setting), setting)
    for name in ("P0*", "P1*", "P2*", "P3 r", "P3 TV", "P3* TV"):
        assert CRITERIA[name].place(shuffled[name]) != "inside", name
        assert not CRITERIA[name].meets(shuffled[name].value), name


def test_nulls_name_every_statistic_they_can(setting, untrained, found):
    plain, _ = mixtures(setting)
    table = own_nulls(*untrained[0], plain, setting) | other_nulls(found[0], found[1], found, setting)
    assert set(table["untrained network 1"]) == set(CRITERIA) - {"KL contest"}
    named = {name for name in CRITERIA if name.startswith("P") and name != "P3* contest"}
    assert set(table["shuffled task labels"]) == named
    assert table["shuffled task labels"]["P0*"].value < found[0].estimates["P0*"].value - 0.3
    assert set(table["random subspace"]) == {"R2_OOD ratio", "R2_OOD fall"}
    assert table["random subspace"]["R2_OOD ratio"].value == pytest.approx(1, abs=0.3)
    for index in (0, 1):
        paired = statistics(found[index], found[1 - index], setting)["R2_OOD ratio"]
        assert table[f"untrained network {index + 1}"]["R2_OOD ratio"] == paired


def test_exact_retrieval_is_far_from_that_of_other_majors(setting):
    plain, _ = mixtures(setting)
    source = rungs(setting)[EXACT](plain)
    captured = Captured.of(source, setting)
    assert findings(source, captured, plain, setting).estimates["KL to M1"].value == pytest.approx(0, abs=1e-12)
    assert own_nulls(source, captured, plain, setting)["M1 of other majors"]["KL to M1"].low > 0.1


def test_states_do_not_depend_on_how_many_sequences_are_captured_at_once(setting, monkeypatch):
    config = TransformerConfig(inputs=6, outputs=6, layers=1, width=8, heads=2, hidden=8, length=31)
    model = Transformer(config, backend="numpy")
    whole = Captured.of(NetworkSource(model, setting.family), setting)
    monkeypatch.setattr("validate.sources.CHUNK", 7)
    parts = Captured.of(NetworkSource(model, setting.family), setting)
    np.testing.assert_allclose(parts.score["post_mlp.0"], whole.score["post_mlp.0"], atol=1e-5)
