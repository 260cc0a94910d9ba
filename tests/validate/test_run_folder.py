"""A run folder belongs to one experiment, files are replaced whole, and JSON is strict."""

import json

import pytest
from tiny import TOML, tiny_experiment

from validate.experiment.folder import RunFolderError, open_run, read_results, set_aside, to_json, write_text
from validate.experiment.schema import parse_experiment
from validate.training.metrics import Metrics


def test_a_folder_can_be_entered_again_by_its_own_experiment_only(tmp_path):
    folder = tmp_path / "run"
    open_run(folder, tiny_experiment())
    open_run(folder, tiny_experiment())
    before = (folder / "experiment.toml").read_bytes()
    other = parse_experiment(TOML.replace("seeds = [0]", "seeds = [1]"), "other")
    with pytest.raises(RunFolderError, match=r"holds another experiment .*choose another folder"):
        open_run(folder, other)
    assert (folder / "experiment.toml").read_bytes() == before


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(RunFolderError, match="cannot be written: Not a directory"):
        open_run(tmp_path / "file" / "run", tiny_experiment())


def test_a_folder_that_is_not_a_run_is_neither_filled_nor_renamed(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    for use in (lambda: open_run(tmp_path, tiny_experiment()), lambda: set_aside(tmp_path)):
        with pytest.raises(RunFolderError, match="it is not a run"):
            use()
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_setting_aside_keeps_every_run(tmp_path):
    folder = tmp_path / "run"
    assert set_aside(folder) is None
    for number in (1, 2):
        open_run(folder, tiny_experiment())
        assert set_aside(folder) == tmp_path / f"run.old-{number}"
    assert not folder.exists()


@pytest.mark.parametrize("content", ["{}", "[]", "3", '{"claims": ['])
def test_what_is_not_a_results_file_is_refused(tmp_path, content):
    (tmp_path / "results.json").write_text(content)
    with pytest.raises(RunFolderError, match="run `reproduce` first"):
        read_results(tmp_path)


def test_a_broken_experiment_file_is_not_overwritten(tmp_path):
    (tmp_path / "experiment.toml").write_text("name = ")
    with pytest.raises(RunFolderError, match="not valid TOML"):
        open_run(tmp_path, tiny_experiment())
    assert (tmp_path / "experiment.toml").read_text() == "name = "


def test_a_failed_write_keeps_the_old_content_and_leaves_no_litter(tmp_path):
    path = tmp_path / "results.json"
    write_text(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "new \ud800")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["results.json"]


def test_undefined_numbers_become_null():
    text = to_json({"a": float("nan"), "b": [float("inf"), 1.5], "c": (1, "x")})
    assert json.loads(text) == {"a": None, "b": [None, 1.5], "c": [1, "x"]}


def test_metrics_rewind_drops_one_networks_later_rows_only(tmp_path):
    metrics = Metrics(tmp_path / "metrics.jsonl")
    assert metrics.rows() == []
    for design in ("a", "b"):
        for step in (0, 5, 9):
            row = {"family": "f", "seed": 0, "design": design, "step": step, "loss": 1.0, "held_out": {}}
            metrics.append(row | {"seconds": 2.0 * step})
    with metrics.path.open("ab") as file:
        file.write(b'3\n{"a": 1}\n\xff\n{"design": "b", "st')
    metrics.rewind({"design": "b"}, 5)
    assert [(row["design"], row["step"]) for row in metrics.rows()] == [("a", 0), ("a", 5), ("a", 9), ("b", 0)]
    assert metrics.training_seconds() == 18.0
