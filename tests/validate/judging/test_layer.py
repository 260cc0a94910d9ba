"""The task site: the first at which the last state matters, found on sequences that judge nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import family_setting, mixtures
from worlds import world_subject

from model import Transformer
from theory import RegressionBatch
from validate.capture.captured import Captured
from validate.capture.rungs import EXACT, RANDOM, rungs
from validate.capture.sources import NetworkSource, candidates
from validate.claims.base import Observed
from validate.claims.causal.subject import editable
from validate.claims.prefix.rungs import PREFIX_RUNGS
from validate.experiment.schema import Network, network_config
from validate.judging.calibration.linear_world import SITES, WorldSource
from validate.judging.layer import (
    LastStates,
    first_used,
    labelled,
    layer_label,
    layer_of,
    middle_site,
    own_sites,
    task_site,
)

KINDS = ("dice", "regression", "markov", "dyck")


class Layers:
    """Several sources as the sites of one that is no network; it remembers the sequences it was shown."""

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


def transformer(setting, silent=()):
    """Return an untrained network of four layers; the attention of those that are silent says nothing."""
    sizes = Network(layers=4, width=16, heads=2, hidden=16)
    network = Transformer(network_config(setting.family, sizes), 3, threads=1)
    for layer in silent:
        network.parameters[f"layers.{layer}.attention.output.weight"][:] = 0
    return NetworkSource(network, setting.family)


def costs(source, setting):
    return LastStates.of(setting).costs(source, editable(Observed(source, setting, source.sites[0])))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_read_at_no_earlier_position_costs_nothing(kind):
    """Before the first attention that says something a state is its current symbol, or covariate, and position."""
    setting = family_setting(kind, cell_sequences=24)
    source = transformer(setting, silent=(0, 1, 2))
    found = costs(source, setting)
    assert list(found) == [f"post_{part}.{layer}" for layer in range(4) for part in ("attention", "mlp")][:-1]
    before = [cost for site, cost in found.items() if site < "post_attention.3" and not site.endswith(".3")]
    if kind == "regression":  # an MLP is no linear map of the covariate
        before = before[:1]
    else:
        assert task_site(source, setting) == "post_attention.3"
    assert max(before) < 1e-4 * found["post_attention.3"]


@pytest.mark.parametrize("kind", ["dice", "regression", "markov"])
def test_a_constructed_network_uses_the_task_where_it_holds_it(kind):
    """Its first site holds the inputs position by position, the second the posterior, the last is no candidate."""
    setting = family_setting(kind, cell_sequences=32)
    network = world_subject(mixtures(setting)[0], "retrieval", kind, 0).network
    source = WorldSource(network, SITES)
    found = costs(source, setting)
    assert list(found) == ["post_mlp.0", "post_mlp.1"]
    exact = LastStates.of(setting).exact
    assert found["post_mlp.0"] < 1e-9
    assert found["post_mlp.1"] == pytest.approx(exact, rel=0.5)  # it mixes logits, and so does the mean state
    assert task_site(source, setting) == own_sites([source], setting)[0] == "post_mlp.1"


def test_a_network_that_reads_nothing_finds_nothing():
    setting = family_setting("dice", cell_sequences=24)
    silent = transformer(setting, silent=range(4))
    assert own_sites([silent, transformer(setting)], setting) == [None, None]
    assert task_site(silent, setting) in candidates(silent.sites)
    fresh = transformer(setting)
    assert max(costs(fresh, setting).values()) < 0.1 * LastStates.of(setting).exact


def test_exact_cost_is_the_divergence_of_the_posterior_from_what_the_symbol_tells():
    """Of dice the current symbol alone tells nothing: what is left is the mean of the majors' laws."""
    setting = family_setting("dice", cell_sequences=64)
    laws = setting.majors.parameters
    decided = np.sum(laws * np.log(laws / laws.mean(axis=0)), axis=1).mean()
    assert LastStates.of(setting).exact == pytest.approx(decided, rel=0.15)


def rows_of(batch):
    """Return the sequences of a batch that are long enough never to coincide by chance."""
    if isinstance(batch, RegressionBatch):
        return {row.tobytes() for row in batch.x}
    return {row.tobytes() for row in batch.symbols} if batch.symbols.shape[1] > 20 else set()


@pytest.mark.parametrize("kind", KINDS)
def test_no_sequence_both_places_and_judges(kind):
    setting = family_setting(kind, cell_sequences=8)
    sample = LastStates.of(setting)
    fit, score = rows_of(sample.fit), rows_of(sample.score)
    source = layers(setting, RANDOM, RANDOM)
    Captured.of(source, setting)
    judged = set().union(*map(rows_of, source.shown))
    assert min(len(fit), len(score), len(judged)) > 10
    assert not fit & score
    assert not (fit | score) & judged


def test_states_without_a_network_are_judged_at_the_middle_and_never_at_the_last():
    setting = family_setting("dice", cell_sequences=8)
    source = layers(setting, RANDOM, "current symbol", "averaging", EXACT)
    assert task_site(source, setting) == own_sites([source], setting)[0] == "layer.1"
    assert not source.shown
    assert task_site(layers(setting, RANDOM), setting) == "layer.0"


@given(st.lists(st.floats(0, 10), min_size=1, max_size=12))
def test_the_first_site_with_half_of_the_largest_cost(values):
    named = {f"site.{index}": value for index, value in enumerate(values)}
    place = list(named).index(first_used(named))
    assert values[place] >= max(values) / 2
    assert all(value < max(values) / 2 for value in values[:place])


@given(st.integers(2, 40))
def test_the_middle_is_a_candidate_with_as_many_before_as_behind(n):
    sites = [f"site.{index}" for index in range(n)]
    place = sites.index(middle_site(sites))
    assert abs(place - (n - 2 - place)) <= 1
    assert place < n - 1


def test_a_site_is_numbered_by_its_name_or_its_place():
    assert layer_of("post_mlp.3", ["post_mlp.2", "post_mlp.3"]) == 3
    assert layer_of("features", ["embed", "features"]) == 1
    assert layer_label("post_attention.2", ["post_attention.2"]) == "2a"
    assert labelled("blocks.7", 7) == "7"


def test_sequences_are_a_function_of_the_seed():
    one, other = (LastStates.of(family_setting("dice", 8, seed)).score.symbols for seed in (0, 1))
    again = LastStates.of(family_setting("dice", 8, 0)).score.symbols
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)
