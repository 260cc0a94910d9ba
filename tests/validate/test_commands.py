"""Less or more on the command line, and sweeps: what is asked is done, what cannot be is said."""

import json

import pytest
from test_own_states import capture, network_of
from tiny import tiny_toml
from typer.testing import CliRunner

from validate.command_line import app
from validate.experiment.schema import parse_experiment

HERE = ("--workers", "0")


@pytest.fixture
def experiment(tmp_path, monkeypatch):
    """Two families of one seed, in a folder of their own."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "two.toml"
    path.write_text(tiny_toml("dice", "markov"))
    return path


def invoke(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def succeeds(result):
    assert result.exit_code == 0, result.output
    return result.output


def fails(result, *words, status=2):
    assert result.exit_code == status, result.output
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1, result.stderr
    for word in words:
        assert word in result.stderr


def test_a_selection_trains_in_a_folder_of_its_own(experiment, tmp_path):
    train = ("train", "--experiment", experiment, "--family", "dice", "--quiet", *HERE)
    said = succeeds(invoke(*train, "--seeds", "0,2"))
    assert "to train 4 networks." in said
    folder = tmp_path / "runs" / "tiny-families.dice.seeds-0-2"
    assert len(list((folder / "checkpoints").glob("dice.*.safetensors"))) == 4
    again = succeeds(
        invoke("train", "--experiment", experiment, "--family", "dice", "--seeds", "2,0", "--quiet", *HERE)
    )
    assert "Everything asked for is done already." in again


def test_unknown_values_are_one_sentence_that_lists_what_there_is(experiment, tmp_path):
    for command in ("reproduce", "train"):
        start = (command, "--experiment", experiment)
        fails(invoke(*start, "--family", "cards"), "family must be one of dice, markov; got 'cards'")
        fails(invoke(*start, "--seeds", "0,x"), "seeds must be whole numbers", "'x'")
        fails(invoke(*start, "--blas", "fast"), "--blas", "pinned", "auto")
        fails(invoke(*start, "--speed", "9"), "--speed")
    fails(invoke("reproduce", "--experiment", experiment, "--claims", "P9"), "claim must be one of P0, P0*", "'P9'")
    fails(invoke("rerun"), "rerun")
    fails(invoke("sequences", "--experiment", experiment, "--out", "s", "--seed", "one"), "--seed")
    fails(invoke("sequences", "--experiment", experiment, "--out", "s"), "family must be one of dice, markov")
    fails(invoke("sequences", "--experiment", experiment, "--out", "s", "--family", "cards"), "got 'cards'")
    fails(invoke("measure", "none.safetensors", "--experiment", experiment), "none.safetensors cannot be read")
    fails(invoke("sweep", "--experiment", experiment))
    assert not (tmp_path / "runs").exists()


def test_a_sweep_is_run_where_it_is_told(experiment, monkeypatch, tmp_path):
    asked = {}

    def run(chosen, folder, announce, client):
        asked.update(name=chosen.name, folder=folder, client=client)
        return folder / "sweep.html"

    monkeypatch.setattr("validate.sweep.run_sweep", run)
    assert "sweep.html" in succeeds(invoke("sweep", "--workers", "0", "--out", tmp_path / "here"))
    assert asked == {"name": "sweep", "folder": tmp_path / "here", "client": None}
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "experiment.toml").write_text("kept")
    assert "here.old-1" in succeeds(invoke("sweep", "--workers", "0", "--fresh", "--out", tmp_path / "here"))
    assert (tmp_path / "here.old-1" / "experiment.toml").read_text() == "kept"
    assert not (tmp_path / "here").exists()


def test_states_of_ones_own_go_through_the_command_line(experiment, tmp_path):
    text = tiny_toml("dice", "markov")
    sequences, states = tmp_path / "markov" / "sequences.safetensors", tmp_path / "net.safetensors"
    options = ("--experiment", experiment)
    said = succeeds(invoke("sequences", *options, "--family", "markov", "--seed", "0", "--out", sequences))
    assert "sequences of markov.seed-0" in said
    network = network_of(parse_experiment(text, "two"), "markov")
    capture(network, sequences, states)
    bare = capture(network_of(parse_experiment(text, "two"), "markov", seed=1), sequences, tmp_path / "bare")
    said = succeeds(invoke("measure", states, *options, "--untrained", bare))
    for word in ("post_mlp.1", "R²_OOD", "P3*", "near-orthogonality", "the network itself is needed"):
        assert word in said, word
    assert "no untrained network" not in said
    folder = tmp_path / "net.measured"
    assert "P3*" in (folder / "report.txt").read_text()
    assert json.loads((folder / "results.json").read_text())["untrained"] == [str(bare)]
    fails(invoke("measure", states, "--preset", "quick"), str(states))
