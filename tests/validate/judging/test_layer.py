"""The layer is chosen where the criteria are nearest to met, on sequences that judge nothing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import family_setting, mixtures

from theory import RegressionBatch
from validate.capture.captured import Captured
from validate.capture.rungs import EXACT, RANDOM, rungs
from validate.claims.catalogue import CRITERIA, QUESTIONS, questions_for
from validate.claims.prefix.rungs import PREFIX_RUNGS
from validate.claims.properties import QUESTION as PROPERTIES
from validate.claims.rule import Criterion
from validate.judging.layer import best_site, chosen_site, layer_of, shortfall

JUDGED = PROPERTIES.criteria
NAMES = [criterion.statistic for criterion in JUDGED if not criterion.sign]
PERFECT = {name: 1.0 if CRITERIA[name].direction == "at least" else 0.0 for name in NAMES}


class Layers:
    """Several sources as the sites of one; it remembers the sequences it was shown."""

    def __init__(self, **sources):
        self.sources = sources
        self.shown = []

    @property
    def sites(self):
        return tuple(self.sources)

    def states(self, batch, last=False):
        self.shown.append(batch)
        return {site: source.states(batch, last)["features"] for site, source in self.sources.items()}

    def mean(self, batch):
        raise AssertionError("no prediction is asked for")


def layers(setting, *names):
    plain, _ = mixtures(setting)
    made = rungs(setting, PREFIX_RUNGS if setting.label == "dyck" else {})
    return Layers(**{f"layer.{index}": made[name](plain) for index, name in enumerate(names)})


def chosen(source, setting):
    """Return the site chosen by the questions that are put to the family."""
    return chosen_site(source, setting, questions_for(setting.label))


@pytest.fixture(scope="module")
def setting():
    return family_setting("dice", cell_sequences=24)


@pytest.mark.parametrize("kind", ["dice", "regression", "markov"])
def test_the_site_that_holds_the_posterior_is_chosen(kind):
    setting = family_setting(kind, cell_sequences=24)
    assert chosen(layers(setting, RANDOM, "current symbol", EXACT, "averaging"), setting) == "layer.2"
    assert chosen(layers(setting, EXACT, RANDOM), setting) == "layer.0"


def test_of_planted_dyck_paths_the_site_that_holds_the_prefix_is_chosen():
    setting = family_setting("dyck", cell_sequences=24)
    assert chosen(layers(setting, RANDOM, EXACT, "prefix", "symbol counts"), setting) == "layer.2"


def rows_of(batch):
    """Return the sequences of a batch that are long enough never to coincide by chance."""
    if isinstance(batch, RegressionBatch):
        return {row.tobytes() for row in batch.x}
    return {row.tobytes() for row in batch.symbols} if batch.symbols.shape[1] > 20 else set()


@pytest.mark.parametrize("kind", ["dice", "regression"])
def test_no_sequence_both_chooses_and_judges(kind):
    setting = family_setting(kind, cell_sequences=8)
    source = layers(setting, RANDOM, RANDOM)
    chosen(source, setting)
    chose, source.shown = set().union(*map(rows_of, source.shown)), []
    Captured.of(source, setting)
    judged = set().union(*map(rows_of, source.shown))
    assert len(chose) > 20
    assert len(judged) > 20
    assert not chose & judged


def test_a_source_of_one_site_is_not_measured_to_choose(setting):
    source = layers(setting, RANDOM)
    assert chosen(source, setting) == "layer.0"
    assert not source.shown


def test_without_a_question_that_chooses_the_first_site_is_taken(setting):
    source = layers(setting, RANDOM, EXACT)
    others = [question for question in QUESTIONS if question.by_site is None]
    assert chosen_site(source, setting, others) == "layer.0"
    assert not source.shown


def test_a_site_is_numbered_by_its_name_or_its_place():
    assert layer_of("post_mlp.3", ["post_mlp.2", "post_mlp.3"]) == 3
    assert layer_of("features", ["embed", "features"]) == 1


def test_where_nothing_can_be_measured_there_is_still_a_site():
    undefined = dict.fromkeys(NAMES, math.nan)
    assert best_site({"a": undefined, "b": undefined}, JUDGED) == "a"
    assert best_site({"a": {}, "b": {}}, JUDGED) == "a"
    assert best_site({"a": undefined, "b": undefined | {"P0": 0.5}}, JUDGED) == "b"


def test_the_earliest_of_equals_is_chosen_and_every_criterion_counts_but_signs():
    assert best_site({"a": PERFECT, "b": PERFECT}, JUDGED) == "a"
    for name in NAMES:
        assert best_site({"a": PERFECT | {name: math.nan}, "b": PERFECT}, JUDGED) == "b", name
    assert best_site({"a": PERFECT | {"P3* contest": -1.0}, "b": PERFECT | {"P3* contest": 1.0}}, JUDGED) == "a"
    # How far beyond a tolerance a value lies earns nothing; what is missed is added up.
    assert best_site({"a": PERFECT | {"P0": 0.96}, "b": PERFECT}, JUDGED) == "a"
    two_near, one_far = PERFECT | {"P0": 0.9, "P2": 0.9}, PERFECT | {"P0": 0.2}
    assert best_site({"a": one_far, "b": two_near}, JUDGED) == "b"


@given(st.sampled_from(["at least", "at most"]), st.floats(0.01, 0.99), st.floats(-3, 3), st.floats(0, 2))
def test_shortfall_is_zero_where_met_and_grows_to_one(direction, tolerance, value, worse):
    criterion = Criterion("s", "s", direction, tolerance)
    short = shortfall(criterion, value)
    assert 0 <= short <= 1
    assert (short == 0) == criterion.meets(value)
    assert shortfall(criterion, value - worse if direction == "at least" else value + worse) >= short
    assert shortfall(criterion, 0.0 if direction == "at least" else 1.0) == pytest.approx(1)
    assert shortfall(criterion, math.nan) == 1
