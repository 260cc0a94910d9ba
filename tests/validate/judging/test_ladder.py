"""Positive and negative controls: exact-Bayes states meet every criterion, the others fail where they must."""

from dataclasses import replace
from functools import cache
from unittest.mock import patch

import numpy as np
import pytest
from tiny import LADDER, dice_setting, family_setting, mixtures
from validate.judging.analyses import Gathered, alone, second, untrained_name, without_intervention

from model import Transformer, TransformerConfig
from theory import extrapolation, retrieval
from validate.capture.candidates import Arenas
from validate.capture.sources import NetworkSource, predicted
from validate.claims.base import Side, fall, other_majors, predictions, shuffled_labels
from validate.claims.catalogue import BOTH, CLAIMS, CRITERIA, DIVERSE, MAJORS_ONLY, MARKOV_GIVEN_TASK, PROPERTIES
from validate.claims.properties import Captured, additive_model, properties
from validate.judging.ladder import EXACT, calibration, climb, rungs

SITE = "post_mlp.1"

FAINT = {("regression", "P0 contrast")}
"""What exact-Bayes states meet by too little to be told from noise with the few sequences of a test: a ridge estimate
settles as 1 / points, and a minor's state with it."""


@cache
def ladder(kind):
    setting = family_setting(kind)
    # P2 to P3* are no claims about planted Dyck paths: the fewest resampled models their intervals can do with.
    with patch("validate.claims.properties.N_MODELS", 2 if kind == "dyck" else 25):
        return climb(*mixtures(setting), setting)


def judged(kind):
    """Return every scope and statistic of a family's claims that rungs can have."""
    return [
        (scope, criterion.statistic)
        for claim in CLAIMS
        if kind in claim.families
        for scope in claim.scopes
        for criterion in claim.criteria
        if criterion.on_ladder
    ]


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
    for name in ("risk gap", "KL to M1", "two modes"):
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


@each_family
def test_exact_bayes_is_m1_on_majors_and_m2_with_minors(kind):
    setting = family_setting(kind, cell_sequences=4)
    for mixture, predictor in zip(mixtures(setting), (retrieval, extrapolation), strict=True):
        found = rungs(setting)[EXACT](mixture).mean(setting.score)
        expected = predicted(predictor(mixture, setting.score).mean, setting.n_positions)
        np.testing.assert_allclose(found, expected, atol=2e-6)


@pytest.fixture(scope="module")
def setting():
    return dice_setting()


@pytest.fixture(scope="module")
def arenas(setting):
    return [Arenas(mixture, setting) for mixture in mixtures(setting)]


@pytest.fixture(scope="module")
def captured(setting):
    config = TransformerConfig(inputs=6, outputs=6, layers=2, width=16, heads=2, hidden=32, length=31)
    networks = (Transformer(config, seed=seed, backend="numpy") for seed in (1, 2, 3, 4))
    sources = [NetworkSource(network, setting.family) for network in networks]
    return [(source, Captured.of(source, setting)) for source in sources]


@pytest.fixture(scope="module")
def sides(captured, arenas):
    """Return four untrained sides: one of the majors alone, three of the diverse mixture."""
    return [Side.of(*parts, SITE, arenas[min(index, 1)]) for index, parts in enumerate(captured)]


def test_untrained_networks_fail_the_specific_statistics(sides):
    for side in sides:
        for name in ("P2*", "P3* TV", "P3* contest"):
            assert CRITERIA[name].place(side.properties[name]) != "inside", name
            assert not CRITERIA[name].meets(side.properties[name].value), name
        assert CRITERIA["KL to M1"].place(predictions(side.source, sides[0].arenas)["KL to M1"]) == "outside"


def test_shuffled_labels_leave_no_task(setting, captured, sides):
    shuffled = shuffled_labels(captured[0][1], setting, SITE)
    assert set(shuffled) == {c.statistic for claim in PROPERTIES for c in claim.criteria} - {"P3* contest"}
    for name in ("P0*", "P1*", "P2*", "P3 r", "P3 TV", "P3* TV"):
        assert CRITERIA[name].place(shuffled[name]) != "inside", name
        assert not CRITERIA[name].meets(shuffled[name].value), name
    assert shuffled["P0*"].value < sides[0].properties["P0*"].value - 0.3


def test_analyses_give_every_statistic_its_value_and_its_nulls(setting, sides):
    plain, diverse, *bare = sides
    gathered = Gathered()
    for side in (plain, diverse):
        for analysis in alone(side, [replace(other, arenas=side.arenas) for other in bare]):
            gathered.add(analysis)
    for analysis in second(plain, diverse, [replace(other, arenas=diverse.arenas) for other in bare]):
        gathered.add(analysis)
    names = [untrained_name(index) for index in range(2)]
    for scope, name in judged("dice"):
        assert name in gathered.measured[scope], (scope, name)
        for null in names:
            assert (name in gathered.nulls[scope][null]) == (name != "KL contest"), (scope, name)
    for scope, side in ((MAJORS_ONLY, plain), (DIVERSE, diverse)):
        assert gathered.measured[scope]["P0"] == side.properties["P0"]
        for null, other in zip(names, bare, strict=True):
            assert gathered.nulls[scope][null]["P0"] == other.properties["P0"]
    paired = [fall(one.inside, other.inside, SITE, setting) for one, other in (bare, reversed(bare))]
    for null, pair in zip(names, paired, strict=True):
        assert gathered.nulls[BOTH][null]["R2_OOD ratio"] == pair["R2_OOD ratio"]
    assert gathered.nulls[BOTH]["random subspace"]["R2_OOD ratio"].value == pytest.approx(1, abs=0.3)
    assert gathered.measured[BOTH]["R2_OOD fall"] == fall(plain.inside, diverse.inside, SITE, setting)["R2_OOD fall"]
    measured = without_intervention(plain, diverse)
    assert measured == gathered.measured
    assert without_intervention(plain, None).keys() == {MAJORS_ONLY}
    assert without_intervention(None, diverse)[DIVERSE]["P0"] == diverse.properties["P0"]


def test_exact_retrieval_is_far_from_that_of_other_majors(setting, arenas):
    plain, _ = mixtures(setting)
    source = rungs(setting)[EXACT](plain)
    assert predictions(source, arenas[0])["KL to M1"].value == pytest.approx(0, abs=1e-12)
    assert other_majors(source, arenas[0])["KL to M1"].low > 0.1


def test_states_do_not_depend_on_how_many_sequences_are_captured_at_once(setting, captured, monkeypatch):
    source, whole = captured[0]
    monkeypatch.setattr("validate.capture.sources.CHUNK", 7)
    np.testing.assert_allclose(source.states(setting.score)[SITE], whole.score[SITE], atol=1e-5)


def test_properties_are_read_at_the_site_asked_for(setting, captured, sides):
    other = properties(captured[0][1], setting, "post_mlp.0")
    assert all(other[name] != sides[0].properties[name] for name in other)


def test_a_resampled_model_has_other_cells_and_sequences_and_as_many_of_each_task(setting, captured):
    whole, rng = captured[0][1], np.random.default_rng(0)
    one_hot = np.eye(len(setting.majors))[setting.fit.tasks][:, None].repeat(setting.n_positions, axis=1)
    labelled = replace(whole, fit={SITE: np.pad(one_hot, ((0, 0), (0, 0), (0, 13)))})
    resampled = additive_model(labelled, setting, SITE, resample=rng)
    np.testing.assert_allclose(resampled.means[:, :3], 1 / 3)
    once, again = (additive_model(whole, setting, SITE, resample=resample) for resample in (None, rng))
    assert np.abs(again.effects.task - once.effects.task).max() > 1e-6
    assert np.abs(again.means - once.means).max() > 1e-6
