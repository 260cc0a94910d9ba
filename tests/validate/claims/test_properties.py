"""P0 to P3*: where each statistic is read, what may change what, and how wide intervals are."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pytest
from scipy import stats
from tiny import dice_setting, family_setting, mixtures

from model import Transformer, TransformerConfig
from theory import stream
from validate.capture.candidates import Arenas
from validate.capture.captured import Captured
from validate.capture.labelled import capture_labelled
from validate.capture.rungs import EXACT, PREDICTION, FeatureSource, averaging_features, rungs
from validate.capture.sources import NetworkSource, StateSource
from validate.claims.base import FRESH_ONLY, OTHER_MAJORS, SCALED, UNTRAINED, Controls, Observed, Side, ranging
from validate.claims.catalogue import CRITERIA
from validate.claims.properties import (
    OF_THE_EFFECT,
    SEQUENCE_STATISTICS,
    PropertiesShown,
    analyse,
    permuted_labels,
    properties,
    too_decided,
)
from validate.claims.rule import judge
from validate.claims.trajectories import QUANTILES, alignment
from validate.statistics.intervals import UNDEFINED
from validate.statistics.parts import SHARES

SITE = "features"
EVERY = {*SHARES, *SEQUENCE_STATISTICS}


@pytest.fixture(scope="module")
def setting():
    return dice_setting()


@pytest.fixture(scope="module")
def exact(setting):
    """Exact-Bayes states."""
    return Observed(rungs(setting, {})[EXACT](mixtures(setting)[0]), setting, SITE)


def changed(captured, part, where):
    """Return the captured states with noise added to some of one part."""
    held = getattr(captured, part)[SITE]
    states = (held.states if part == "labelled" else held).copy()
    states[where] += stream(1, "noise").normal(size=states[where].shape)
    return replace(captured, **{part: {SITE: replace(held, states=states) if part == "labelled" else states}})


def test_only_late_cells_only_judged_positions_and_both_samples_count(setting, exact):
    captured = exact.captured
    before = properties(captured, SITE)
    n_early = len(setting.scored) - len(setting.late)
    unread = np.setdiff1d(np.arange(setting.n_positions), setting.judged)
    for same in (
        changed(captured, "labelled", slice(0, n_early)),
        changed(captured, "score", np.s_[:, unread]),
        changed(captured, "fit", np.s_[:, unread]),
    ):
        assert properties(same, SITE) == before
    vectors = properties(changed(captured, "labelled", slice(n_early, n_early + 1)), SITE)
    assert vectors["P2"] != before["P2"]
    assert vectors["P0"] == before["P0"]
    for part in ("fit", "score"):
        other = properties(changed(captured, part, np.s_[:, -1]), SITE)
        assert other["P2"] != before["P2"]
        assert other["P2*"] == before["P2*"]


def test_alignment_follows_the_true_task(setting, exact):
    quantiles = {name: np.array(value) for name, value in alignment(exact).items()}
    assert quantiles["posterior"].shape == (len(QUANTILES), setting.n_positions)
    assert quantiles["posterior"][QUANTILES.index(0.5), -1] > 0.9
    np.testing.assert_allclose(quantiles["states"][:, -1], quantiles["posterior"][:, -1], atol=0.1)


def test_intervals_of_correlation_and_distance_hold_what_other_sequences_give():
    """Redraw every sequence of a noisy source: a 95 percent interval should rarely miss the mean of all redraws."""
    runs = []
    for seed in range(24):
        setting = replace(dice_setting(cell_sequences=40), seed=seed)

        def fixed(purpose, setting=setting):
            return stream(0, purpose) if purpose.startswith("embedding/") else setting.stream(purpose)

        source = FeatureSource(setting.family, partial(averaging_features, mixtures(setting)[0]), fixed)
        runs.append(properties(Captured.of(source, setting), SITE))
    for name in ("P3 r", "P3 TV", "P3* TV", "P2*"):
        centre = np.mean([run[name].value for run in runs])
        covered = sum(run[name].low <= centre <= run[name].high for run in runs)
        assert covered >= stats.binom.ppf(0.005, len(runs), 0.92), (name, covered)


@pytest.fixture(scope="module")
def sides(setting):
    """Three untrained networks, with the majors-only mixture, judged at their last site."""
    config = TransformerConfig(inputs=6, outputs=6, layers=2, width=16, heads=2, hidden=32, length=31)
    networks = [Transformer(config, seed=seed, backend="numpy") for seed in (1, 2, 3)]
    arenas = Arenas(mixtures(setting)[0], setting)
    sources = [NetworkSource(network, setting.family) for network in networks]
    return [Side(Observed(source, setting, source.sites[-1]), arenas) for source in sources]


def test_untrained_networks_fail_the_specific_statistics(sides):
    for side in sides:
        found = analyse(side, Controls()).statistics
        assert set(found) == EVERY
        for name in ("P2*", "P3* TV", "P3* contest"):
            assert CRITERIA[name].place(found[name]) != "inside", name
            assert not CRITERIA[name].meets(found[name].value), name


def test_permuted_labels_leave_no_task(sides):
    permuted = permuted_labels(sides[0].observed)
    assert set(permuted) == EVERY - {"P1", "P1*"}
    for name in ("P0*", "P2*", "P3 r", "P3 TV", "P3* TV"):
        assert CRITERIA[name].place(permuted[name]) == "outside", name
    assert permuted["P0*"].high < analyse(sides[0], Controls()).statistics["P0*"].value - 0.3
    assert permuted_labels(sides[0].observed) == permuted


@pytest.mark.parametrize("kind", ["dice", "markov", "regression"])
@pytest.mark.parametrize("seed", range(1000, 1004))
def test_exact_bayes_is_never_taken_for_permuted_labels(kind, seed):
    """Where the last state is a corner, one of K! orders of the corners is the right one by chance."""
    setting = family_setting(kind, cell_sequences=24, seed=seed)
    observed = Observed(rungs(setting, {})[EXACT](mixtures(setting)[0]), setting, SITE)
    measured, permuted = properties(observed.captured, SITE), permuted_labels(observed)
    for name, null in permuted.items():
        assert null.low <= null.value <= null.high
        verdict = judge(CRITERIA[name], measured[name], {"permuted": null}, calibrated=True)
        assert verdict != "unspecific", name
        assert CRITERIA[name].sign or not CRITERIA[name].meets(null.value), name


@pytest.mark.parametrize("n", [24, 200])
def test_exact_bayes_markov_states_are_supported_on_p1_at_every_sample_size(n):
    setting = family_setting("markov", cell_sequences=n)
    plain, _ = mixtures(setting)
    made = {name: rungs(setting, {})[name](plain) for name in (EXACT, PREDICTION)}
    observed = {name: Observed(source, setting, SITE) for name, source in made.items()}
    nulls = {"permuted task labels": permuted_labels(observed[EXACT])}
    nulls["prediction only"] = properties(observed[PREDICTION].captured, SITE)
    measured = properties(observed[EXACT].captured, SITE)
    for name in ("P1", "P1*"):
        own = {null: table[name] for null, table in nulls.items() if name in table}
        assert list(own) == ["prediction only"]
        assert judge(CRITERIA[name], measured[name], own, calibrated=True) == "supported", (name, measured[name], own)


def test_each_network_is_judged_at_its_own_site_and_its_nulls_at_theirs(sides):
    first, *bare = sides
    other = Side(replace(first.observed, site="post_mlp.0", _found={}), first.arenas)
    here, there = analyse(first, Controls()).statistics, analyse(other, Controls()).statistics
    assert all(here[name] != there[name] for name in EVERY)
    strangers = {FRESH_ONLY: bare[:1], OTHER_MAJORS: []}
    found = analyse(other, Controls(bare, strangers, scaled=bare[1:], judge=True, show=True))
    own = [analyse(null, Controls()).statistics for null in bare]
    expected = ranging({UNTRAINED: own, FRESH_ONLY: own[:1]})
    assert found.nulls == expected | {"permuted task labels": permuted_labels(other.observed)}
    assert found.beside == {SCALED: ranging({SCALED: own[1:]})[SCALED]}
    assert list(found.shown.properties) == ["post_attention.0", "post_mlp.0", "post_attention.1", "post_mlp.1"]
    assert found.shown.properties["post_mlp.0"] == there
    assert found.shown.properties["post_mlp.1"] == here
    assert PropertiesShown.model_validate_json(found.shown.model_dump_json()) == found.shown


def test_too_few_undecided_sequences_are_not_judged(setting):
    few = replace(setting, sizes=setting.sizes.model_copy(update={"cell_sequences": 8}))
    source = rungs(few, {})[EXACT](mixtures(few)[0])
    side = Side(Observed(source, few, SITE), Arenas(mixtures(few)[0], few))
    found = analyse(side, Controls())
    for name in ("P2*", "P3* TV", "P3* contest"):
        assert found.statistics[name] == UNDEFINED or np.isnan(found.statistics[name].value)
        assert found.reasons[name].endswith("sequences have undecided states, fewer than 100")
    assert np.isfinite(found.statistics["P2"].value)
    assert too_decided(setting) is None
    assert analyse(Side(Observed(source, setting, SITE), side.arenas), Controls()).reasons == {}


@pytest.mark.parametrize("n", [24, 200])
def test_exact_markov_states_are_additive_whatever_the_size_of_cells(n):
    """Noise of cell means is no interaction; and states without a task have none either, so they are no null of P1."""
    setting = family_setting("markov", 4)
    source = rungs(setting, {})[EXACT](mixtures(setting)[0])
    last = (setting.n_positions - 1,)
    labelled = capture_labelled(source, setting.family, setting.majors, last, n, setting.stream("cells"))[SITE]
    found = labelled.estimate()
    for name in ("P1", "P1*"):
        assert CRITERIA[name].place(found[name]) == "inside", name
        assert name in OF_THE_EFFECT
    assert abs(labelled.shuffled(stream(0, "shuffle")).estimate()["P1"].value) < 0.01


def test_undecided_states_are_looked_for_from_the_first_position_of_numbers():
    assert dice_setting().judged[0] == 4
    assert family_setting("regression").judged[0] == 0


@dataclass
class Counting:
    """A source that counts how often its states are asked for."""

    source: StateSource
    sites: tuple[str, ...] = (SITE,)
    asked: int = 0

    def states(self, batch, last=False):
        self.asked += 1
        return self.source.states(batch, last)

    def mean(self, batch):
        return self.source.mean(batch)


def test_states_are_found_once(setting, exact):
    """What is found of a side's states serves every question and every null."""
    source = Counting(exact.source)
    side = Side(Observed(source, setting, SITE), Arenas(mixtures(setting)[0], setting))
    first = analyse(side, Controls())
    asked = source.asked
    assert analyse(side, Controls(untrained=[side], judge=True, show=True)).statistics == first.statistics
    assert source.asked == asked > 0
