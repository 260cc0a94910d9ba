"""The sharper forms on constructed networks whose states add up, or are held given what is current, or are not read.

additive     `worlds.LinearWorld`: h = sum_k w_k e_k + n_c, whatever the read-out makes of it
cells        h = sum_k w_k e_{k,c}: corners given what is current, read out linearly, without knowing the query
unread       additive, and beside it w x c in directions that nothing reads
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pytest
from tiny import family_setting

from theory import Mixture, stream
from theory.categorical import centred_log_ratio
from theory.convex import interaction_share, read_out_table
from validate.capture.candidates import Arenas
from validate.capture.rungs import EXACT, RANDOM, rungs
from validate.claims import conditional, excess, functional, properties, read_metric
from validate.claims.base import UNTRAINED, Controls, Observed, Side
from validate.judging.calibration.linear_world import (
    NOISE,
    TESTED,
    WIDTH,
    LinearWorld,
    WorldSource,
    as_batch,
    retrieval_features,
)
from validate.statistics.given_current import ConditionalModel, additive, means_at, models_of_cells, of_current
from validate.statistics.intervals import bootstrap

FAMILIES = ("dice", "markov", "regression")


@dataclass(frozen=True, eq=False)
class CellWorld(LinearWorld):
    """States that hold task and current together; the read-out is one linear map."""

    @cached_property
    def basis(self):
        """e_{k,c}: orthonormal rows, one for each task and entry of what is current."""
        n_tasks, n_current, _ = self.sizes
        return np.linalg.qr(self.rng.standard_normal((WIDTH, WIDTH)))[0][: n_tasks * n_current]

    @cached_property
    def table(self):
        """What each entry stands for, (K, F, D): centred log-laws, or coefficients."""
        parameters = self.mixture.majors.parameters
        if self.mixture.family.target_kind == "real":
            return parameters[..., None]
        laws = parameters if parameters.ndim == 3 else np.repeat(parameters[:, None], self.sizes[1], axis=1)
        return centred_log_ratio(laws)

    def held(self, inputs):
        """Return w x c."""
        batch = as_batch(self.mixture, inputs)
        both = np.einsum("btk,btf->btkf", self.features(self.mixture, batch)[0], self.mixture.family.current(batch))
        return self._spread_out(both.reshape(*both.shape[:2], -1), inputs)

    def _lookup(self, inputs):
        key = inputs.tobytes() + bytes(str(inputs.shape), "ascii")
        if key not in self._known:
            self._known[key] = self.held(inputs) @ self.basis + NOISE * self._noise(inputs), np.empty(0)
        return self._known[key]

    def _read_out(self, states, answers):
        n_tasks, n_current, _ = self.sizes
        return (states @ self.basis.T) @ self.table.reshape(n_tasks * n_current, -1)

    def _read_out_backward(self, slope, answers):
        n_tasks, n_current, _ = self.sizes
        return slope @ self.table.reshape(n_tasks * n_current, -1).T @ self.basis


@dataclass(frozen=True, eq=False)
class UnreadWorld(CellWorld):
    """An additive world with w x c beside it, twice as long, where its read-out is blind."""

    @cached_property
    def basis(self):
        """Rows orthogonal to all that the additive world reads."""
        used = sum(self.sizes)
        rest = np.linalg.svd(np.concatenate(self.directions))[2][used:]
        return 2 * rest[: self.sizes[0] * self.sizes[1]]

    def _lookup(self, inputs):
        states, answers = LinearWorld._lookup(self, inputs)
        held = self.held(inputs)
        return states + held[..., : len(self.basis)] @ self.basis, answers

    _read_out = LinearWorld._read_out
    _read_out_backward = LinearWorld._read_out_backward


def side(kind, world=LinearWorld, seed=0):
    setting = family_setting(kind, 24, seed)
    mixture = Mixture(setting.family, setting.majors)
    network = world(mixture, retrieval_features, stream(seed, f"{kind}/world"))
    return Side(Observed(WorldSource(network), setting, TESTED), Arenas(mixture, setting))


@pytest.fixture(scope="module")
def known():
    return {(kind, world): side(kind, world) for kind in FAMILIES for world in (LinearWorld, CellWorld)}


@pytest.mark.parametrize("kind", FAMILIES)
def test_states_that_add_up_have_no_functional_interaction(known, kind):
    """However the read-out combines them: Markov chains' rows, or a product with x."""
    own = known[kind, LinearWorld]
    found = functional.at_site(own)[functional.FUNCTIONAL]
    assert abs(found.value) < 0.01
    assert found.high < 0.1


def test_states_held_by_cell_interact_as_far_as_their_table_does(known):
    interaction = {kind: functional.at_site(known[kind, CellWorld])[functional.FUNCTIONAL].value for kind in FAMILIES}
    assert abs(interaction["dice"]) < 0.01  # the law is the same for every symbol: means add in the output
    assert interaction["markov"] > 0.3
    assert interaction["regression"] == pytest.approx(1, abs=0.02)  # a product: no sum helps


def test_functional_interaction_of_markov_chains_is_that_of_their_log_laws(known):
    """Against the exact tables: laws of the additive part of the log-laws, at the symbols that came."""
    own = known["markov", CellWorld]
    setting = own.setting
    table = centred_log_ratio(setting.majors.parameters)
    levels = additive_table(table), np.broadcast_to(table.mean(axis=0), table.shape)
    tasks, symbols = setting.score.tasks, setting.score.symbols[:, -2]
    laws = [softmaxed(level)[tasks, symbols] for level in (table, *levels)]
    from_cell = [(laws[0] * np.log(laws[0] / law)).sum(axis=1).mean() for law in laws]
    assert functional.at_site(own)[functional.FUNCTIONAL].value == pytest.approx(from_cell[1] / from_cell[2], abs=0.06)


def additive_table(table):
    return table.mean(axis=1, keepdims=True) + table.mean(axis=0) - table.mean(axis=(0, 1))


def softmaxed(logits):
    return np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("kind", FAMILIES)
def test_corners_given_the_current_are_found_where_they_add_up_and_where_they_do_not(known, kind):
    for world in (LinearWorld, CellWorld):
        observed = known[kind, world].observed
        found = conditional.conditional(observed.captured, observed.once(conditional.scored), TESTED, 100)
        assert found["P2c*"].value > 0.9, world
        assert found["P3c* TV"].value < 0.05, world
        assert found["P3c* contest"].low > 0, world
        assert found["P3c TV"].value < 0.05, world
    own = known[kind, CellWorld].observed
    plain = properties.properties(own.captured, own.site)
    if kind == "regression":  # the additive simplex is a point: its corners coincide
        assert plain["P2"].value < 0.5
        assert plain["P3 TV"].value > 0.3


def test_permuted_labels_have_no_corners(known):
    permuted = conditional.permuted_labels(known["markov", CellWorld].observed)
    assert permuted["P2c*"].high < 0.5
    assert permuted["P3c* TV"].low > 0.3
    assert permuted["P2c*"].low < permuted["P2c*"].value < permuted["P2c*"].high


@pytest.mark.parametrize("kind", FAMILIES)
def test_the_ladder_lets_the_conditional_simplex_judge(kind):
    setting = family_setting(kind)
    mixture = Mixture(setting.family, setting.majors)
    found = {}
    for name in (EXACT, RANDOM, "averaging"):
        source = rungs(setting, {})[name](mixture)
        found[name] = conditional.at_site(Observed(source, setting, source.sites[0]))
    criteria = {c.statistic: c for claim in conditional.CLAIMS for c in claim.criteria}
    assert all(criterion.place(found[EXACT][name]) == "inside" for name, criterion in criteria.items())
    assert not any(criteria[name].meets(found[RANDOM][name].value) for name in ("P2c*", "P3c* TV"))
    assert criteria["P3c* contest"].place(found["averaging"]["P3c* contest"]) == "outside"


@pytest.mark.parametrize("kind", ["dice", "markov"])
def test_what_nothing_reads_is_no_interaction_as_read(kind):
    own = side(kind, UnreadWorld)
    plain = properties.properties(own.observed.captured, own.site)
    read = read_metric.at_site(own)
    assert plain["P1*"].value > 0.3
    assert read["P1* read"].value < 0.01
    assert read["P0* read"].value > 0.95
    permuted = read_metric.permuted_labels(own)
    assert permuted["P0* read"].value < 0.3


def test_the_metric_is_that_of_the_fisher_matrix():
    """Against sum_y p_y s_y s_y' written out for a linear read-out, W_k the answers: M = mean A (diag p - p p') A'."""
    own = side("dice", CellWorld)
    network, family = own.source.network, own.setting.family
    many = replace(own.setting, sizes=own.setting.sizes.model_copy(update={"cell_sequences": 1000}))
    wide = Side(Observed(own.source, many, own.site), own.arenas)
    found = read_metric.root_of_metric(read_metric.gradients(wide, network))
    arrays = family.encode(many.fit)
    laws = softmaxed(network.forward(arrays.inputs)[0][:, -1])
    maps = network.basis.T @ network.table.reshape(len(network.basis), -1)
    fisher = np.diag(laws.mean(axis=0)) - laws.T @ laws / len(laws)
    exact = maps @ fisher @ maps.T
    np.testing.assert_allclose(found @ found.T, exact / np.trace(exact), atol=0.03)


def test_excess_is_what_the_read_out_does_not_force(known):
    assert excess.QUESTION.families == ("dice", "markov")
    for kind in FAMILIES:
        for world in (LinearWorld, CellWorld):
            own = known[kind, world]
            p1 = properties.properties(own.observed.captured, own.site)["P1*"]
            forced = interaction_share(read_out_table(own.setting.family, own.setting.majors)).of_task
            found = excess.at_site(own.observed)[excess.EXCESS]
            assert found.value == pytest.approx(p1.value - forced)
            assert found.high == pytest.approx(p1.high - forced)
    # A law that does not depend on the symbol forces nothing, and corners of cells interact all the same.
    assert excess.at_site(known["dice", CellWorld].observed)[excess.EXCESS].low > 0.02


@pytest.mark.parametrize("module", [conditional, functional, read_metric, excess])
def test_answers_are_what_the_question_names(known, module):
    own, other = known["markov", CellWorld], known["markov", LinearWorld]
    findings = module.QUESTION.analyse(own, Controls([other], judge=True, show=True))
    assert set(findings.statistics) == set(module.QUESTION.statistics)
    assert UNTRAINED in findings.nulls
    if module.QUESTION.shown is not None:
        assert list(findings.shown.sites) == list(own.source.sites)


def test_levels_of_cells_are_those_of_the_analysis_of_variance():
    rng = np.random.default_rng(0)
    states = rng.normal(size=(2, 3, 4, 5, 6))
    cells = states.mean(axis=3)
    models = models_of_cells(states)
    for position in range(2):
        at = [means_at(level[position], np.eye(4)) for level in (models, additive(models), of_current(models))]
        cell = cells[position].swapaxes(0, 1)
        task, symbol, grand = cell.mean(axis=0), cell.mean(axis=1, keepdims=True), cell.mean(axis=(0, 1))
        np.testing.assert_allclose(at[0], cell)
        np.testing.assert_allclose(at[1], task + symbol - grand)
        np.testing.assert_allclose(at[2], np.broadcast_to(symbol, cell.shape))


def test_coordinates_are_those_states_were_made_with():
    """Interpolating states with corners given the current, intercepts included, from weights that are a martingale."""
    rng = np.random.default_rng(1)
    corners = rng.normal(size=(3, 5, 8))
    corners[:, 0] -= corners[:, 0].mean(axis=0)
    intercepts, current = rng.normal(size=(2, 8)), np.eye(4)[rng.integers(4, size=(600, 2))]
    weights = rng.dirichlet(np.ones(3), size=(600, 2))
    held = np.stack([np.einsum("nk,nkw->nw", weights[:, t], means_at(corners, current[:, t])) for t in (0, 1)], axis=1)
    model = ConditionalModel(corners, intercepts)
    for t in (0, 1):
        states = held[:, t] + intercepts[t]
        fit = model.fit(states, current[:, t], np.full(600, t))
        np.testing.assert_allclose(fit.coordinates, weights[:, t], atol=1e-6)
        np.testing.assert_allclose(fit.error, 0, atol=1e-8)
    tasks = np.repeat(np.arange(3), 200)
    certain = np.stack([means_at(corners, current[:, t])[np.arange(600), tasks] for t in (0, 1)], axis=1)
    found = ConditionalModel.of(corners[None], certain + intercepts, current, tasks)
    np.testing.assert_allclose(found.intercepts, intercepts, atol=1e-12)


def test_intervals_cover_what_levels_and_metric_are_estimated_from():
    """Wider than those of the scored sequences, or of the labelled states, alone."""
    own = side("markov", LinearWorld)
    found = functional.at_site(own)[functional.FUNCTIONAL]
    rng = own.setting.stream("bootstrap/functional")
    alone = bootstrap(functional.distances(own, TESTED), functional.share, rng, own.setting.sizes.replicates)
    assert found.high - found.low > 1.2 * (alone.high - alone.low)
    states = own.once(read_metric.read).states.estimate()
    for name, plain in read_metric.NAMES.items():
        wider, labelled = read_metric.at_site(own)[plain], states[name]
        assert wider.value == labelled.value
        assert wider.low < labelled.low < labelled.high < wider.high
    bare = Side(replace(own.observed, setting=own.setting.without_intervals), own.arenas)
    assert np.isnan(read_metric.at_site(bare)["P0* read"].low)
    assert read_metric.at_site(bare)["P0* read"].value == read_metric.at_site(own)["P0* read"].value
