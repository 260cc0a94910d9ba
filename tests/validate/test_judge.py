"""Networks judged in memory: to the bit as through files, in layouts of their own, and changed where they allow it."""

import numpy as np
import pytest
from tiny import tiny_toml

import validate
from model import Transformer
from validate.capture.sources import NetworkSource
from validate.claims.base import FRESH_ONLY, OTHER_MAJORS, UNTRAINED
from validate.claims.causal import dissociation, history, steering
from validate.experiment.schema import network_config, parse_experiment
from validate.judging.controls import Company
from validate.judging.examination import Subjects, examine
from validate.own_states.arrays import as_array, like
from validate.own_states.command import chosen_plan, measure_files, write_sequences
from validate.own_states.errors import StatesError
from validate.own_states.network import outside
from validate.own_states.subjects import networks_at_hand

DIVERSE = "minors=2"
CAUSAL = """
[families.{0}.causal]
sequences = 16
rank = 1
steps = 2
restarts = 1
directions = 5
grid = 2
replicates = 100
"""


def experiment_of(kind, causal=False):
    text = tiny_toml(kind).replace("layers = 2", "layers = 3").replace("width = 4", "width = 8")
    return parse_experiment(text + (CAUSAL.format(kind) if causal else ""), "tiny")


def network_of(experiment, kind, seed, dtype=np.float32):
    config = network_config(experiment.family(kind), experiment.families[kind].network)
    return Transformer(config, seed=seed, backend="numpy", dtype=dtype)


class Own:
    """A network that can be read."""

    def __init__(self, network):
        self.network = network
        self.sites = [f"post_mlp.{layer}" for layer in range(network.config.layers)]

    def __call__(self, inputs):
        return self.network.forward(inputs, capture=self.sites)


class Changed(Own):
    """One that can be changed too."""

    def run(self, inputs, edit):
        return self.network.forward(inputs, capture=self.sites, edit=edit)


class InFront(Changed):
    """One that puts something of its own in front of what it reads, and something behind."""

    def __init__(self, network, plain="dice"):
        super().__init__(network)
        self.step = {"dice": 1, "regression": 2}[plain]

    def __call__(self, inputs):
        return self.run(inputs, {})

    def run(self, inputs, edit):
        def inner(change):
            return lambda states: change(self.padded(states))[:, 2:-1]

        edits = {site: inner(change) for site, change in edit.items()}
        outputs, states = super().run(inputs, edits)
        return self.padded(outputs), {site: self.padded(own) for site, own in states.items()}

    def position(self, targets):
        return 2 + self.step * targets

    @staticmethod
    def padded(values):
        return np.pad(values, ((0, 0), (2, 1), (0, 0)), constant_values=7)


class Reading:
    """One that can no longer be changed."""

    def __init__(self, source):
        self.source, self.position = source, source.position

    def __call__(self, inputs):
        return self.source(inputs)


def found(results):
    return results.model_dump(include={"claims", "networks", "left_out"})


@pytest.mark.parametrize("kind", ["dice", "regression"])
def test_in_memory_and_through_files_are_the_same_to_the_last_bit(kind, tmp_path):
    experiment = experiment_of(kind)
    sources = {name: Own(network_of(experiment, kind, seed)) for seed, name in enumerate(("minors=0", DIVERSE, "bare"))}
    bare = sources.pop("bare")
    own = validate.judge(experiment, kind, 0, trained=sources, untrained=[bare])
    write_sequences(experiment, kind, 0, tmp_path / "sequences")
    for design, source in sources.items():
        validate.write_states(source, tmp_path / "sequences", tmp_path / design, design)
    validate.write_states(bare, tmp_path / "sequences", tmp_path / "bare")
    through = measure_files(experiment, [tmp_path / name for name in sources], [tmp_path / "bare"], tmp_path / "out")
    assert own.claims
    np.testing.assert_equal(found(own), found(through))  # nan equals nan
    assert "Claims of tiny-families" in str(own)
    shifted = {design: Reading(InFront(source.network, plain=kind)) for design, source in sources.items()}
    where = validate.judge(experiment, kind, 0, shifted, [Reading(InFront(bare.network, plain=kind))])
    judged = {(row.claim, row.design): row.measured for row in where.claims}
    assert judged == pytest.approx(judged | {(row.claim, row.design): row.measured for row in own.claims}, nan_ok=True)


def test_a_source_that_can_be_changed_answers_causal_questions_as_our_own_networks_do():
    """Float64, so that other orders of summation show in the last digits alone."""
    experiment = experiment_of("dice", causal=True)
    networks = [network_of(experiment, "dice", seed, np.float64) for seed in (1, 2)]
    questions = (steering.QUESTION, history.QUESTION)
    [there] = networks_at_hand(experiment, "dice", 0, {DIVERSE: Changed(networks[0])}, [InFront(networks[1])], {})
    assert there.has == "network"
    plan = there.seed_plan
    places = tuple(f"post_mlp.{layer}" for layer in range(3))
    sourced = [NetworkSource(network, plan.family, places) for network in networks]
    here = Subjects(plan, {DIVERSE: sourced[0]}, Company([sourced[1]]))
    outcomes = [examine(subjects, questions, rungs=()).outcome for subjects in (there, here)]
    assert {"steering", "history"} <= outcomes[0].trained["diverse"].keys()
    tables = [
        {
            (name, statistic): estimate.value
            for name, table in {"own": outcome.trained["diverse"], **outcome.nulls["diverse"]}.items()
            for statistic, estimate in table.items()
        }
        for outcome in outcomes
    ]
    assert {"rotated simplex", UNTRAINED} <= {name for name, _ in tables[0]}
    assert tables[0] == pytest.approx(tables[1], rel=1e-6, abs=1e-9, nan_ok=True)


class Averages:
    """Embeddings averaged so far, a layer, and a read-out, with gradients by hand."""

    def __init__(self, seed=0, symbols=3, width=8):
        rng = np.random.default_rng(seed)
        self.table, self.layer, self.head = (
            rng.standard_normal(shape) for shape in ((symbols, width), (width, width), (width, symbols))
        )

    def __call__(self, inputs):
        return self.run(inputs, {})

    def run(self, inputs, edit):
        first = np.cumsum(self.table[inputs], axis=1) / (1 + np.arange(inputs.shape[1]))[:, None]
        first = edit["h.0"](first) if "h.0" in edit else first
        second = first + np.tanh(first @ self.layer)
        second = edit["h.1"](second) if "h.1" in edit else second
        return second @ self.head, {"h.0": first, "h.1": second}

    def gradient(self, inputs, site, edit, slope):
        outputs, states = self.run(inputs, {site: edit})
        at_second = slope(outputs) @ self.head.T
        if site == "h.1":
            return at_second
        return at_second + (at_second * (1 - np.tanh(states["h.0"] @ self.layer) ** 2)) @ self.layer.T


@pytest.mark.parametrize("site", ["h.0", "h.1"])
def test_gradients_are_those_of_the_loss(site):
    plan = chosen_plan(experiment_of("dice"), None, None)
    arrays = plan.family.encode(plan.setting.fit[:4])
    network = outside("it", Averages(), arrays.positions, arrays.inputs)
    rng = np.random.default_rng(2)
    turn, step = rng.standard_normal((*arrays.inputs.shape, 8)), 1e-5
    loss, gradient = network.gradient_at(site, arrays, {site: lambda states: 2 * states})
    ends = [
        network.gradient_at(site, arrays, {site: lambda states, side=side: 2 * states + side * step * turn})[0]
        for side in (1, -1)
    ]
    assert ends[1] < loss < ends[0] or ends[0] < loss < ends[1]
    assert (gradient * turn).sum() == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-6)


def test_with_gradients_the_second_subspace_is_looked_for():
    experiment = experiment_of("dice", causal=True)
    plain = {"minors=0": Averages(0), DIVERSE: Averages(1)}
    results = validate.judge(experiment, "dice", 0, plain, [Averages(2), Averages(3)])
    rows = {(row.claim, row.design): row for row in results.claims}
    assert np.isfinite([part.measured for part in rows["specificity", DIVERSE].parts]).all()
    assert np.isfinite(rows["steering", "minors=0"].measured)


def test_controls_are_nulls_under_their_names():
    experiment = experiment_of("dice")
    own, bare, fresh, other, another = (Own(network_of(experiment, "dice", seed)) for seed in range(5))
    controls = {"fresh tasks": [fresh], "minors=0": [other, another]}
    results = validate.judge(experiment, "dice", 0, {"minors=0": own}, [bare], controls)
    nulls = {null for row in results.claims for part in row.parts for null in part.nulls}
    assert {UNTRAINED, FRESH_ONLY, OTHER_MAJORS} <= nulls
    for wrong, words in (({"cards": [other]}, "got 'cards'"), ({"fresh tasks": [own]}, "hold the same states")):
        with pytest.raises(StatesError, match=words):
            validate.judge(experiment, "dice", 0, {"minors=0": own}, [bare], wrong)


class Forgetful(Changed):
    def run(self, inputs, edit):
        return self(inputs)


def test_what_does_not_fit_is_said_in_a_sentence():
    experiment = experiment_of("dice", causal=True)
    own, other = (Changed(network_of(experiment, "dice", seed)) for seed in (0, 1))
    rng = np.random.default_rng(0)

    def dropping(inputs):
        outputs, states = own(inputs)
        return outputs, {site: state * rng.integers(2, size=state.shape) for site, state in states.items()}

    def no(words, trained, untrained=(), family="dice", seed=0):
        with pytest.raises(StatesError, match=words) as error:
            validate.judge(experiment, family, seed, trained, untrained)
        assert "\n" not in str(error.value)

    no("design must be one of minors=0, minors=2; got 'minors=9'", {"minors=9": own})
    no("trained must name at least one network", {})
    no("seed must be one of 0; got 5", {"minors=0": own}, seed=5)
    no("family must be one of dice; got 'cards'", {"minors=0": own}, family="cards")
    no("the network of minors=0 and untrained network 1 hold the same states", {"minors=0": own}, [own])
    no("the network of minors=0 and the network of minors=2 hold the same", {"minors=0": own, DIVERSE: own})
    no("untrained network 1 and untrained network 2 hold", {"minors=0": own}, [other, other])
    no(r"must return \(outputs, \{site: states\}\); got ", {"minors=0": lambda inputs: own(inputs)[0]})
    no("must return states of at least one site", {"minors=0": lambda inputs: (own(inputs)[0], {})})
    no(r"post_mlp.0 must be numbers of shape \(2, positions, size\)", {"minors=0": lambda i: (None, {"post_mlp.0": i})})
    no("answers differently each time it is asked", {"minors=0": dropping})
    no("must call the edit of post_mlp", {"minors=0": Forgetful(own.network)})
    short = type("Short", (InFront,), {"position": lambda self, targets: 40 + targets})
    no("targets are predicted at 4. to 4.; got 12", {"minors=0": short(own.network)})
    with pytest.raises(AttributeError, match="no attribute 'judges'"):
        _ = validate.judges


def test_arrays_of_other_libraries_are_taken_as_they_are():
    torch = pytest.importorskip("torch")
    values = torch.randn(2, 3, requires_grad=True)
    np.testing.assert_array_equal(as_array(values), values.detach().numpy())
    halves = values.bfloat16()
    np.testing.assert_array_equal(as_array(halves), halves.float().detach().numpy())
    back = like(halves, np.ones((2, 3)))
    assert (back.dtype, back.shape) == (torch.bfloat16, (2, 3))


def test_states_alone_are_enough():
    experiment = experiment_of("dice")
    own = Own(network_of(experiment, "dice", 0))
    results = validate.judge(experiment, "dice", 0, {"minors=0": lambda inputs: (None, own(inputs)[1])})
    assert "P0" in {row.claim for row in results.claims}
    assert any("retrieval" in sentence and "predictions" in sentence for sentence in results.left_out)
    assert dissociation.QUESTION.needs == "network"
    assert any("dissociation" in sentence for sentence in results.left_out)
