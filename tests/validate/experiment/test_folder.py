"""A run folder belongs to one experiment, files are replaced whole, and JSON is strict."""

import json

import pytest
from tiny import TOML, tiny_experiment

from validate.experiment.folder import RunFolderError, open_run, set_aside, to_json, write_text
from validate.experiment.schema import parse_experiment


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
