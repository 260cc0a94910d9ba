"""The whole line of a map: resumes, grows, survives a killed worker, and looks without training again."""

import os
import signal

import numpy as np
import pytest
from rich.console import Console
from tiny import TASKS
from tiny_map import TINY

from model import load_checkpoint
from validate.experiment.folder import RunFolderError
from validate.phase import parse_map, run_map
from validate.phase.kept import looked_path
from validate.phase.looks import look_at
from validate.phase.results import read_map
from validate.phase.run import open_map, tasks_of_map
from validate.runs.scheduler import carry_out, workers
from validate.training.metrics import Metrics
from validate.training.snapshots import load_snapshot, snapshot_path


def quiet():
    return Console(quiet=True)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("maps") / "tiny"
    experiment = parse_map(TINY, "tiny")
    return folder, experiment, run_map(experiment, folder, None, quiet())


def test_a_map_leaves_numbers_figures_and_a_self_contained_page(finished):
    folder, experiment, page = finished
    results = read_map(folder)
    assert len(results.columns) == len(experiment.columns()) == 8
    for column, planned in zip(results.columns, experiment.columns(), strict=True):
        assert (column.mixture, column.diversity, column.seed) == (planned.mixture, planned.diversity, planned.seed)
        assert [look.step for look in column.looks] == list(planned.looked_at) == [8, 13, 20]
        populations = ["training", "majors", "minors", "fresh"] if column.mixture == "minors" else ["training", "fresh"]
        assert list(column.looks[-1].loss) == populations
        assert bool(column.looks[-1].inside) == (column.mixture == "minors")
    assert {(row.mixture, row.population) for row in results.thresholds} == {
        *(("minors", name) for name in ("training", "majors", "minors", "fresh")),
        *(("pool", name) for name in ("training", "fresh")),
    }
    html = page.read_text()
    assert "http" not in html.replace("http://www.w3.org", "")
    assert html.count("data:image/svg+xml;base64,") == 2 * 3


def test_the_last_snapshot_is_the_trained_network(finished):
    folder, experiment, _ = finished
    for column in experiment.columns():
        trained = load_checkpoint(column.plan.checkpoint(folder))
        np.testing.assert_array_equal(load_snapshot(column.plan, folder, 20).buffer, trained.buffer)
        assert not np.array_equal(load_snapshot(column.plan, folder, 13).buffer, trained.buffer)


def test_seeds_and_columns_are_added_without_training_again(finished, monkeypatch):
    folder, experiment, _ = finished
    before = read_map(folder)
    stamps = {c.plan.file_name: Metrics(c.plan.metrics(folder)).path.stat().st_mtime_ns for c in experiment.columns()}
    asked = []
    monkeypatch.setattr(
        "validate.phase.kept.look_at", lambda column, folder: asked.append(column) or look_at(column, folder)
    )
    text = TINY.replace("[0, 1]", "[0, 2]").replace("[1, 4]", "[1, 2]").replace("minors = 4", "minors = 2")
    larger = open_map(folder, parse_map(text, "more"))
    assert (larger.diversities, larger.families["dice"].seeds) == ([1, 2, 4], [0, 1, 2])
    tasks, names = tasks_of_map(larger.columns(), folder)
    done = carry_out(tasks, None)
    assert (len(names), len(asked)) == (18, 10)
    old = {c.model_dump_json() for c in before.columns}
    assert old <= {done[name].model_dump_json() for name in names}
    for name, stamp in stamps.items():
        assert Metrics(folder / "metrics" / f"{name}.jsonl").path.stat().st_mtime_ns == stamp


def test_what_is_stale_is_looked_at_again_and_only_that(finished, monkeypatch):
    folder, experiment, _ = finished
    column = experiment.columns()[0]
    path = looked_path(column, folder)
    text = path.read_text()
    path.write_text("another key\n" + text.partition("\n")[2].replace('"skill":', '"skill":7'))
    tasks, names = tasks_of_map([column], folder)
    [found] = [carry_out(tasks, None)[name] for name in names]
    assert found.looks[0].skill < 2
    assert path.read_text().partition(" ")[0] == text.partition(" ")[0]
    monkeypatch.setattr("validate.phase.kept.looking_code", lambda: "other code")
    calls = []
    monkeypatch.setattr("validate.phase.kept.look_at", lambda c, f: calls.append(c) or found)
    carry_out(tasks, None)
    assert calls == [column]


def test_a_folder_belongs_to_one_map(finished):
    folder, _, _ = finished
    with pytest.raises(RunFolderError, match=r"network is .* choose another folder"):
        run_map(parse_map(TINY.replace("width = 8", "width = 4"), "other"), folder, None, quiet())


class Killer:
    """Kills one worker as soon as a snapshot is there."""

    def __init__(self, client, columns, folder):
        self.paths = [snapshot_path(c.plan, folder, c.looked_at[1]) for c in columns]
        self.pids, self.client, self.killed = dict(client.run(os.getpid)), client, None

    def __call__(self, done, total):
        if self.killed is None and any(path.exists() for path in self.paths):
            at_work = [address for address, keys in self.client.processing().items() if keys]
            if at_work:
                self.killed = self.pids[at_work[0]]
                os.kill(self.killed, signal.SIGKILL)


def test_the_same_map_with_two_workers_one_of_which_is_killed(tmp_path):
    text = (
        TINY.replace('["minors", "pool"]', '["minors"]').replace("steps = 20", "steps = 200").replace("[0, 1]", "[0]")
    )
    experiment = parse_map(text.replace("checkpoint_every = 5", "checkpoint_every = 20"), "longer")
    here, there = tmp_path / "here", tmp_path / "there"
    found = {}
    for folder, count in ((here, 0), (there, 2)):
        open_map(folder, experiment)
        tasks, names = tasks_of_map(experiment.columns(), folder)
        with workers(count=count) as client:
            killer = Killer(client, experiment.columns(), folder) if client else None
            done = carry_out(tasks, client, killer) if killer else carry_out(tasks, None)
        found[folder] = [done[name].model_dump(exclude={"training_seconds", "looking_seconds"}) for name in names]
        if killer:
            assert killer.killed is not None
    assert found[here] == found[there]


def test_pools_of_chains_are_held_against_the_phases_of_a_neighbour(tmp_path):
    text = TINY.replace('["minors", "pool"]', '["minors"]\nmixtures_of = { markov = ["pool", "unequal"] }')
    chains = text.replace("families.dice", "families.markov").replace(TASKS["dice"], TASKS["markov"])
    run_map(parse_map(chains, "chains"), tmp_path / "chains", None, quiet())
    rows = read_map(tmp_path / "chains").neighbours
    assert [row.number.partition(" (")[2] for row in rows] == ["equal weights, theirs are not)", "unequal weights)"]
    assert all(1 <= row.ours.value <= 4 and row.source.startswith("Park") for row in rows)
