"""States captured elsewhere: the same numbers as measuring the network itself, and a sentence for every bad file.

A transformer of this package plays the network that lives elsewhere: it reads the sequences file and writes the states
file with nothing but the documented names.
"""

from dataclasses import replace

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file
from tiny import tiny_toml

from model import Transformer
from validate.capture.captured import Captured
from validate.capture.rungs import RandomSource
from validate.capture.sources import NetworkSource
from validate.claims.base import UNTRAINED
from validate.claims.catalogue import CLAIMS
from validate.claims.prefix.shown import PrefixShown
from validate.claims.properties import PropertiesShown
from validate.experiment.schema import ExperimentError, network_config, parse_experiment
from validate.judging.controls import Company
from validate.judging.examination import Subjects, examine
from validate.judging.layer import task_site
from validate.own_states.command import chosen_plan, measure_files, write_sequences
from validate.own_states.errors import StatesError
from validate.own_states.files import StatesFile
from validate.own_states.names import natural
from validate.own_states.results import StatesResults
from validate.own_states.sequences import Sequences, group_name
from validate.own_states.subjects import read_subjects
from validate.runs.beforehand import require_experiment

DIVERSE = "minors=2"
FAMILIES = ("dice", "regression", "markov", "dyck")


def experiment_of(*kinds):
    return parse_experiment(tiny_toml(*kinds), "tiny")


def network_of(experiment, kind, seed=0):
    config = network_config(experiment.family(kind), experiment.families[kind].network)
    return Transformer(config, seed=seed, backend="numpy")


def capture(network, sequences, path, /, design="minors=0", with_predictions=True, **changes):
    """Write the states of a network as the documentation asks, `changes` to some tensors or metadata included."""
    tensors = {}
    with safe_open(sequences, framework="np") as file:
        metadata = file.metadata() | {"design": design}
        for name in [key.removesuffix(".inputs") for key in file.keys() if key.endswith(".inputs")]:  # noqa: SIM118
            inputs, positions = file.get_tensor(f"{name}.inputs"), file.get_tensor(f"{name}.positions")
            if name.startswith("states.") or with_predictions:
                tensors[f"{name}.inputs"] = inputs
            sites = [f"post_mlp.{layer}" for layer in range(network.config.layers)]
            outputs, states = network.forward(inputs, capture=sites)
            if name.startswith("states."):
                tensors |= {f"{name}.{site}": states[site][:, positions] for site in sites}
            elif with_predictions:
                tensors[name] = outputs[:, positions]
    for name, change in changes.items():
        (metadata if name in metadata else tensors)[name] = change
    save_file({name: np.ascontiguousarray(t) for name, t in tensors.items() if t is not None}, path, metadata=metadata)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Sequences, states of a network of each design, and of an untrained one, by family."""
    folder = tmp_path_factory.mktemp("own")
    for kind in FAMILIES:
        experiment = experiment_of(kind)
        write_sequences(experiment, None, None, folder / f"{kind}.sequences")
        for index, (name, design) in enumerate((("plain", "minors=0"), ("diverse", DIVERSE), ("bare", "none"))):
            network = network_of(experiment, kind, seed=index)
            capture(network, folder / f"{kind}.sequences", folder / f"{kind}.{name}", design)
    return folder


def numbers(table):
    """Return every number of nested tables in order, nan for what is undefined."""
    if isinstance(table, dict | list | tuple):
        return [number for part in (table.values() if isinstance(table, dict) else table) for number in numbers(part)]
    return [np.nan if table is None else table] if isinstance(table, float | None) else []


class StatesOnly:
    """A network of which no more is known than its states after each MLP, and its predictions."""

    sites = ("post_mlp.0", "post_mlp.1")

    def __init__(self, source):
        self.mean, self.every = source.mean, source.states

    def states(self, batch, last=False):
        return {site: states for site, states in self.every(batch, last).items() if site in self.sites}


@pytest.mark.parametrize("family", ["dice", "regression"])
def test_states_through_a_file_give_the_same_statistics(folder, family):
    experiment = experiment_of(family)
    [subjects] = read_subjects(experiment, [folder / f"{family}.plain"], [folder / f"{family}.bare"])
    plan, stored = subjects.seed_plan, subjects.trained["minors=0"]
    direct, bare = (StatesOnly(NetworkSource(network_of(experiment, family, seed), plan.family)) for seed in (0, 2))
    assert stored.sites == direct.sites
    assert task_site(stored, plan.setting) == task_site(direct, plan.setting) == "post_mlp.0"  # the last is not judged
    captured = [Captured.of(source, plan.setting) for source in (stored, direct)]
    for site in direct.sites:
        np.testing.assert_allclose(captured[0].fresh[site], captured[1].fresh[site], rtol=1e-4, atol=1e-6)
    through = examine(subjects, rungs=()).outcome.model_dump(include={"trained", "nulls"})
    whole = Subjects(plan, {"minors=0": direct}, Company([bare]), has="predictions")
    own = examine(whole, rungs=()).outcome.model_dump(include={"trained", "nulls"})
    # Up to what float32 keeps; weights of a mixture with tied candidates may go either way.
    for table in (through, own):
        for scope in (
            *table["trained"].values(),
            *(null for nulls in table["nulls"].values() for null in nulls.values()),
        ):
            for name in ("mode weight", "mode weight OOD"):
                scope.pop(name, None)
    np.testing.assert_allclose(numbers(through), numbers(own), rtol=1e-3, atol=1e-4)


class Remembering:
    """A source that knows the sequences of a file, and which of them it was asked for."""

    sites = ("h.0", "h.1")

    def __init__(self, sequences):
        self.groups, self.family = sequences.groups, sequences.seed_plan.family
        self.noise = RandomSource(self.family, lambda purpose: np.random.default_rng(1))
        self.asked = {name: np.zeros(len(group) - len(group.repeated), bool) for name, group in self.groups.items()}

    def _note(self, wanted, batch, last=False):
        inputs = self.family.encode(batch).inputs
        name = group_name(wanted, inputs.shape[1], last)
        self.asked[name][self.groups[name].rows(inputs)] = True

    def states(self, batch, last=False):
        self._note("states", batch, last)
        [states] = self.noise.states(batch, last).values()
        return {"h.0": states[..., :4], "h.1": states[..., 4:8]}

    def mean(self, batch):
        self._note("predictions", batch)
        return self.noise.mean(batch)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_recorded_is_what_measuring_reads(family):
    """Whatever files there are, no sequence is wanted that was not recorded; if all are, each that was."""
    text = tiny_toml(family).replace(
        "{ minors = 2, steps = 4 }]", "{ minors = 2, steps = 4 }, { minors = 4, steps = 1 }]"
    )
    plan = chosen_plan(parse_experiment(text, "three designs"), None, None)
    sequences = Sequences.of(plan, "three designs")
    for name, group in sequences.groups.items():
        own, repeated = np.split(group.inputs, [len(group) - len(group.repeated)])
        assert len(np.unique(own, axis=0)) == len(own), name
        np.testing.assert_array_equal(repeated, own[group.repeated])
    values = replace(plan, setting=plan.setting.without_intervals)
    for designs, n_untrained, has in (
        (["minors=0"], 1, "states"),
        (["minors=4"], 2, "predictions"),
        (["minors=4", "minors=0"], 0, "predictions"),
    ):
        source = Remembering(sequences)
        examine(Subjects(values, dict.fromkeys(designs, source), Company([source] * n_untrained), has), rungs=())
        predictions = [asked.any() for name, asked in source.asked.items() if name.startswith("predictions")]
        assert any(predictions) == (has == "predictions")
    source = Remembering(sequences)
    examine(Subjects(plan, dict.fromkeys(plan.mixtures, source), Company([source]), "predictions"), rungs=())
    assert all(asked.all() for asked in source.asked.values())


def test_a_file_answers_for_each_sequence_by_itself(folder):
    """Sequences asked for in another order and number come with their own states."""
    [subjects] = read_subjects(experiment_of("dice"), [folder / "dice.plain"], [])
    source, batch = subjects.trained["minors=0"], subjects.seed_plan.setting.score
    rows = np.array([5, 0, 5, 9])
    np.testing.assert_array_equal(source.states(batch[rows])["post_mlp.1"], source.states(batch)["post_mlp.1"][rows])
    foreign = replace(batch, symbols=(batch.symbols + 1) % 3)
    with pytest.raises(LookupError, match="does not hold"):
        source.states(foreign)


@pytest.mark.parametrize("kind", ["dice", "regression", "dyck"])
def test_every_claim_about_states_and_predictions_is_judged(folder, tmp_path, kind):
    files = [folder / f"{kind}.plain", folder / f"{kind}.diverse"]
    results = measure_files(experiment_of(kind), files, [folder / f"{kind}.bare"], tmp_path / "out")
    read = StatesResults.model_validate_json((tmp_path / "out" / "results.json").read_text())
    assert [(row.claim, row.verdict) for row in read.claims] == [(row.claim, row.verdict) for row in results.claims]
    judged = {row.claim for row in results.claims}
    possible = {claim.name for claim, q in CLAIMS.values() if kind in q.families and q.needs != "network"}
    assert judged == possible
    kinds = ("the network itself is needed", ": not tested: ")
    assert [sentence for sentence in results.left_out if not any(kind in sentence for kind in kinds)] == []
    untested = {(row.claim, row.design) for row in results.claims if row.verdict == "not tested"}
    for claim, design in untested:
        assert any(f"{kind}, {design}: not tested: " in said and claim in said for said in results.left_out)
    nulls = {null for row in results.claims for part in row.parts for null in part.nulls}
    assert UNTRAINED in nulls
    assert len(read.networks) == 2
    for network in read.networks:
        shown = network.show(PrefixShown).sites if kind == "dyck" else network.show(PropertiesShown).properties
        assert list(shown) == ["post_mlp.0", "post_mlp.1"]


def test_what_a_file_does_not_hold_is_left_out_and_said(folder, tmp_path):
    experiment = experiment_of("dice")
    states = capture(network_of(experiment, "dice"), folder / "dice.sequences", tmp_path / "s", with_predictions=False)
    bare = measure_files(experiment, [states], [], tmp_path / "bare")
    whole = measure_files(experiment, [folder / "dice.plain"], [folder / "dice.bare"], tmp_path / "whole")
    of_states = {"P0", "P0*", "P1", "P1*", "P2", "P2*", "P3", "P3*", "P2c*", "P3c*", "excess interaction"}
    assert {row.claim for row in bare.claims} == of_states
    said = {sentence.rpartition("; ")[2]: sentence for sentence in bare.left_out}
    assert "near-orthogonality" in said["states of another design are needed (both)."]
    assert "retrieval" in said["not every network has predictions."]
    assert any("no untrained network" in sentence for sentence in bare.left_out)
    by_claim = {row.claim: row for row in whole.claims}
    assert {"retrieval", "two modes"} <= by_claim.keys()
    for row in bare.claims:
        for part, same_part in zip(row.parts, by_claim[row.claim].parts, strict=True):
            assert part.measured == pytest.approx(same_part.measured, nan_ok=True)
            assert part.nulls.keys() == same_part.nulls.keys() - {UNTRAINED}


def test_seeds_are_judged_together(folder, tmp_path):
    """Of two seeds one file lacks predictions, so no claim about predictions is judged; a row is of both seeds."""
    experiment = parse_experiment(tiny_toml("dice").replace("seeds = [0]", "seeds = [0, 1]"), "two seeds")
    write_sequences(experiment, "dice", 1, tmp_path / "sequences")
    network = network_of(experiment, "dice", seed=7)
    files = [folder / "dice.plain", capture(network, tmp_path / "sequences", tmp_path / "s", with_predictions=False)]
    results = measure_files(experiment, files, [], tmp_path / "out")
    rows = {row.claim: row for row in results.claims}
    assert "retrieval" not in rows
    assert rows["P0"].seeds == [0, 1]
    alone = [measure_files(experiment, [file], [], tmp_path / f"{file.name}.measured").claims[0] for file in files]
    assert [row.claim for row in alone] == ["P0", "P0"]
    assert rows["P0"].measured == pytest.approx(np.mean([row.measured for row in alone]))
    with pytest.raises(StatesError, match="every seed must have the same networks; got minors=0 and 1 untrained"):
        measure_files(experiment, files, [folder / "dice.bare"], tmp_path / "refused")


def test_sequences_follow_sizes_and_seed_but_no_bootstrap():
    def fingerprint(text, seed=0):
        experiment = parse_experiment(text, "text")
        return Sequences.of(chosen_plan(experiment, "dice", seed), experiment.name).fingerprint

    text = tiny_toml("dice")
    own = fingerprint(text)
    assert fingerprint(text.replace("replicates = 100", "replicates = 200").replace("tiny-families", "other")) == own
    assert fingerprint(text.replace("cell_sequences = 6", "cell_sequences = 8")) != own
    assert fingerprint(text.replace("seeds = [0]", "seeds = [0, 1]"), 1) != own


def test_sites_are_in_natural_order():
    names = ["h.10", "h.2", "embed", "h.2.mlp"]
    assert sorted(names, key=natural) == ["embed", "h.2", "h.2.mlp", "h.10"]


GROUP = "states.9.all"


def refused(folder, tmp_path, words, files=None, kind="dice", **changes):
    experiment = experiment_of("dice")
    if files is None:
        files = [
            capture(network_of(experiment_of(kind), kind), folder / f"{kind}.sequences", tmp_path / "s", **changes)
        ]
    with pytest.raises(StatesError) as error:
        measure_files(experiment, files, [], tmp_path / "out")
    assert "\n" not in str(error.value)
    for word in words:
        assert word in str(error.value)
    assert not (tmp_path / "out").exists()


def test_malformed_files_are_refused_in_a_sentence(folder, tmp_path):
    shape = StatesFile.open(folder / "dice.plain").shapes[f"{GROUP}.post_mlp.0"]
    states, short = np.ones(shape, np.float32), (shape[0], shape[1] - 1, shape[2])

    def no(*words, **changes):
        refused(folder, tmp_path, words, **changes)

    whole = (folder / "dice.plain").read_bytes()
    for cut in (3, len(whole) // 2, len(whole) - 1):
        (tmp_path / "cut").write_bytes(whole[:cut])
        no("cannot be read as a complete safetensors file", files=[tmp_path / "cut"])
    no("cannot be read", files=[tmp_path / "none"])
    no("holds no states", "states.2.last.<site>", files=[folder / "dice.sequences"])
    no(f"{GROUP}.post_mlp.1", str(shape), str(short), **{f"{GROUP}.post_mlp.1": states[:, 1:]})
    no(f"{GROUP}.post_mlp.1", "no tensor", str(shape), **{f"{GROUP}.post_mlp.1": None})
    no("predictions.9.all", "(", **{"predictions.9.all": np.ones((3, 9, 3), np.float32)})
    no("must be of type", "I64", **{f"{GROUP}.post_mlp.1": states.astype(np.int64)})
    for bad in (np.nan, np.inf):
        broken = states.copy()
        broken[7, 3, 2] = bad
        no("must be finite", f"got {bad} at (7, 3, 2)", **{f"{GROUP}.post_mlp.1": broken})
    no("not a tensor of the layout", "stats", **{"stats.9.all.h": states})
    no("other sequences", "abc", sequences="abc")
    no("layout 2", "'7'", layout="7")
    no("seed must be one of 0", "got 3", seed="3")
    no("design must be one of minors=0, minors=2", "'minors=9'", design="minors=9")
    no("family must be one of dice", "got 'markov'", kind="markov")
    no("family must be one of dice", "got 'cards'", family="cards")
    tensors = {f"{GROUP}.h": states}
    save_file(tensors, tmp_path / "bare")
    no("no metadata 'layout'", files=[tmp_path / "bare"])


SCRAMBLED = {
    "in Fortran's order": np.asfortranarray,
    "positions first": lambda states: states.swapaxes(0, 1).copy().swapaxes(0, 1),
    "every second of twice as many": lambda states: np.repeat(states, 2, axis=2)[..., ::2],
    "cut out of something wider": lambda states: np.concatenate([states, 1 + states], axis=2)[..., : states.shape[2]],
}
"""Arrays equal to the states whose memory is not in the order of their axes: as NumPy users make them."""


@pytest.mark.parametrize("kind", SCRAMBLED)
@pytest.mark.parametrize("name", [f"{GROUP}.post_mlp.1", "predictions.9.all"])
def test_an_array_scrambled_as_it_was_written_is_refused(folder, tmp_path, kind, name):
    """safetensors writes memory as it lies (its issue 825), so what is read is something else, of the right shape."""
    with safe_open(folder / "dice.plain", framework="np") as file:
        tensors, metadata = {key: file.get_tensor(key) for key in file.keys()}, file.metadata()  # noqa: SIM118
    laid = SCRAMBLED[kind](tensors[name])
    np.testing.assert_array_equal(laid, tensors[name])
    save_file(tensors | {name: laid}, tmp_path / "scrambled", metadata=metadata)
    with safe_open(tmp_path / "scrambled", framework="np") as file:
        if np.array_equal(file.get_tensor(name), tensors[name]):
            pytest.skip("this version of safetensors writes such arrays as they are")
    words = [name, "C-contiguous when it was written", "numpy.ascontiguousarray(states)"]
    refused(folder, tmp_path, words, files=[tmp_path / "scrambled"])


def test_rows_in_another_order_are_refused(folder, tmp_path):
    """States whose echo is in order, states with their echo, and an echo of something else."""
    with safe_open(folder / "dice.plain", framework="np") as file:
        tensors, metadata = {key: file.get_tensor(key) for key in file.keys()}, file.metadata()  # noqa: SIM118
    states, echo = f"{GROUP}.post_mlp.1", f"{GROUP}.inputs"
    order = np.random.default_rng(0).permutation(len(tensors[states]))
    for changed, words in (
        ({states: tensors[states][order]}, ["are of the same sequence", "another order than <group>.inputs"]),
        ({name: tensors[name][order] for name in (states, echo)}, [echo, "the sequences stand in another order"]),
        ({echo: 2 - tensors[echo]}, [echo, "other sequences were read"]),
        ({echo: tensors[echo][:-1]}, [echo, "must have shape"]),
        ({echo: None}, [echo, "no tensor", "must hold what was read"]),
    ):
        kept = {name: tensor for name, tensor in (tensors | changed).items() if tensor is not None}
        save_file(kept, tmp_path / "s", metadata=metadata)
        refused(folder, tmp_path, words, files=[tmp_path / "s"])


def test_one_network_in_two_places_is_refused(folder, tmp_path):
    experiment, copy = experiment_of("dice"), tmp_path / "copy"
    copy.write_bytes((folder / "dice.plain").read_bytes())
    for states, untrained, words in (
        ([folder / "dice.plain"], [folder / "dice.plain"], "dice.plain is given twice"),
        ([folder / "dice.plain"], [copy], "hold the same states, bit by bit"),
        ([folder / "dice.plain"], [folder / "dice.bare", folder / "dice.bare"], "dice.bare is given twice"),
        ([folder / "dice.plain", capture_again(folder, tmp_path, DIVERSE)], [], "hold the same states"),
    ):
        with pytest.raises(StatesError, match=words):
            measure_files(experiment, states, untrained, tmp_path / "out")


def capture_again(folder, tmp_path, design):
    """Write the states of the first network as those of another design."""
    with safe_open(folder / "dice.plain", framework="np") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        save_file(tensors, tmp_path / "again", metadata=file.metadata() | {"design": design})
    return tmp_path / "again"


def test_bfloat16_is_read_as_the_numbers_it_holds(folder, tmp_path):
    """Written by hand: the upper half of a float32 is its bfloat16, cut off."""
    with safe_open(folder / "dice.plain", framework="np") as file:
        tensors, metadata = {key: file.get_tensor(key) for key in file.keys()}, file.metadata()  # noqa: SIM118
    name = f"{GROUP}.post_mlp.1"
    halves = (tensors[name].view(np.uint32) >> 16).astype(np.uint16)
    save_file(tensors | {name: halves}, tmp_path / "s", metadata=metadata)
    data = (tmp_path / "s").read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = data[8 : 8 + size].replace(b'"U16"', b'"BF16"').rstrip()
    (tmp_path / "s").write_bytes(len(header).to_bytes(8, "little") + header + data[8 + size :])
    file = StatesFile.open(tmp_path / "s")
    assert file.kind(name) == "BF16"
    expected = (tensors[name].view(np.uint32) & 0xFFFF0000).view(np.float32)
    np.testing.assert_array_equal(file.block(name, 3, 17), expected[3:17])
    results = measure_files(experiment_of("dice"), [tmp_path / "s"], [], tmp_path / "out")
    assert "P0" in {row.claim for row in results.claims}


def test_sequences_twice_are_the_same_bytes_and_say_what_to_train_on(folder, tmp_path):
    write_sequences(experiment_of("dice"), None, None, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (folder / "dice.sequences").read_bytes()
    with safe_open(tmp_path / "again", framework="np") as file:
        assert file.get_tensor("minor_mass").item() == 0.1
        assert file.get_tensor("tasks.minors=2").shape == (2, 3)


def test_an_experiment_for_networks_trained_elsewhere_need_not_say_how(folder, tmp_path):
    text = tiny_toml("dice")
    bare = "".join(line for line in text.split("[families.dice.training]")[0].splitlines(True) if "network" not in line)
    bare = bare.replace(", steps = 5", "").replace(", steps = 4", "")
    bare += "[families.dice.measurement]" + text.split("[families.dice.measurement]")[1]
    assert "steps" not in bare
    experiment = parse_experiment(bare, "bare")
    assert parse_experiment(experiment.to_toml(), "again") == experiment
    results = measure_files(experiment, [folder / "dice.plain"], [folder / "dice.bare"], tmp_path / "out")
    whole = measure_files(experiment_of("dice"), [folder / "dice.plain"], [folder / "dice.bare"], tmp_path / "whole")
    assert [row.verdict for row in results.claims] == [row.verdict for row in whole.claims]
    with pytest.raises(ExperimentError, match=r"families.dice: network must be given for networks to be trained"):
        require_experiment(experiment)


def test_files_that_do_not_belong_together_are_refused(folder, tmp_path):
    twice = [folder / "dice.plain", folder / "dice.plain"]
    refused(folder, tmp_path, ["both of minors=0"], files=twice)
    experiment = parse_experiment(tiny_toml("dice").replace("layers = 2", "layers = 1"), "shallow")
    shallow = capture(network_of(experiment, "dice"), folder / "dice.sequences", tmp_path / "shallow", DIVERSE)
    refused(folder, tmp_path, ["must have the sites", "post_mlp.1"], files=[folder / "dice.plain", shallow])


def test_family_and_seed_are_named_or_the_only_ones():
    experiment = experiment_of("dice", "markov")
    assert chosen_plan(experiment_of("dice"), None, None).name == "dice.seed-0"
    assert chosen_plan(experiment, "markov", 0).name == "markov.seed-0"
    for family, seed, words in (
        (None, None, "family must be one of dice, markov; none was given"),
        ("cards", None, "family must be one of dice, markov; got 'cards'"),
        ("dice", 4, "seed must be one of 0; got 4"),
    ):
        with pytest.raises(StatesError, match=words):
            chosen_plan(experiment, family, seed)
