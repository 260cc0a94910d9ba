"""The whole line on the smallest experiment: results, figures, report, reuse, and going on after a kill."""

import json
import shutil
import xml.etree.ElementTree as ET
from html import unescape
from io import StringIO

import numpy as np
import pytest
from rich.console import Console
from tiny import TOML, tiny_experiment, tiny_toml

from model import CheckpointError, load_checkpoint
from validate.claims.catalogue import CLAIMS
from validate.claims.rule import WORST_FIRST
from validate.experiment.folder import RunFolderError, open_run
from validate.experiment.schema import parse_experiment
from validate.figures.gallery import GALLERY
from validate.judging.results import ClaimRow, as_json, read_results
from validate.report.page import write_report
from validate.runs import reproduce as line
from validate.runs.scheduler import workers
from validate.training.metrics import Metrics

CONSOLE = Console(file=StringIO())


def reproduce(experiment, folder, client=None):
    return line.reproduce(experiment, folder, client, CONSOLE, quiet=True)


def train_all(experiment, folder):
    line.train_all(experiment, folder, None, CONSOLE, quiet=True)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    results = reproduce(tiny_experiment(), folder)
    write_report(folder)
    return folder, results


CAUSAL = """
[families.regression.causal]
sequences = 16
steps = 1
restarts = 1
directions = 5
grid = 2
replicates = 100
"""


@pytest.fixture(scope="module")
def families(tmp_path_factory):
    """Run the other three families, one of them with causal tests, in the processes that measure."""
    folder = tmp_path_factory.mktemp("runs") / "families"
    text = tiny_toml("regression", "markov", "dyck") + CAUSAL
    # Causal tests need a layer between the first and the last, and room for V beside what is kept.
    small, roomy = (f"layers = {n}, width = {width}, heads = 1, hidden = {width}" for n, width in ((2, 4), (3, 8)))
    assert small in text
    experiment = parse_experiment(text.replace(small, roomy, 1), "families")
    with workers(count=2) as client:
        return folder, experiment, reproduce(experiment, folder, client)


def expected_rows(kind, designs=None):
    """Return claim and design of every row a family must have, in order."""
    designs = designs or {"majors only": "minors=0", "diverse": "minors=2", "both": "minors=0 to minors=2"}
    return [
        (name, designs[scope])
        for name, (_, question) in CLAIMS.items()
        for scope in question.scopes
        if kind in question.families and scope in designs
    ]


def checkpoints(folder):
    return sorted((folder / "checkpoints").glob("*.safetensors"))


def test_results_hold_a_row_for_every_claim(run):
    folder, results = run
    stored = read_results(folder)
    assert as_json(stored) == as_json(results)
    assert [(row.claim, row.design) for row in stored.claims] == expected_rows("dice")
    for row in stored.claims:
        assert row.family == "dice"
        assert row.verdict == min((part.verdict for part in row.parts), key=WORST_FIRST.index)
    assert stored.experiment == tiny_experiment()
    assert stored.environment["blas"]
    assert [(row.design, row.steps) for row in stored.skills] == [("minors=0", 5), ("minors=2", 4)]
    assert stored.training_seconds > 0
    assert len(checkpoints(folder)) == 2


def test_rows_have_the_keys_that_are_promised(run):
    folder, _ = run
    for row in json.loads((folder / "results.json").read_text())["claims"]:
        promised = {
            "claim", "family", "design", "layer", "statement", "predicted", "measured", "interval", "null", "tolerance",
            "paper", "verdict",
        }  # fmt: skip
        assert promised <= set(row) == set(ClaimRow.model_fields)


def test_metrics_have_a_row_for_every_record(run):
    folder, _ = run
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    steps = [(row["design"], row["step"]) for row in rows]
    assert steps == [("minors=0", s) for s in (0, 2, 4)] + [("minors=2", s) for s in (0, 2, 3)]
    assert all(np.isfinite([row["loss"], row["bayes_loss"], row["held_out"]["fresh"]]).all() for row in rows)


def test_report_is_self_contained_and_figures_are_drawings(run):
    folder, _ = run
    html = unescape((folder / "report.html").read_text())
    for claim, _ in expected_rows("dice"):
        assert f"<strong>{claim}</strong>" in html
    assert "http" not in html.replace("http://www.w3.org", "")
    figures = list((folder / "figures").glob("*.svg"))
    assert html.count('data-packed="') == len(figures) > 5
    for figure in figures:
        assert ET.parse(figure).getroot().tag.endswith("svg")


def test_equal_results_draw_equal_files(run, tmp_path, monkeypatch):
    folder, _ = run
    monkeypatch.setattr("validate.figures.GALLERY", [e for e in GALLERY if e.name in ("training", "modes", "ladder")])
    first, second = (shutil.copytree(folder, tmp_path / name) for name in ("first", "second"))
    assert write_report(first).read_bytes() == write_report(second).read_bytes()
    for figure in (folder / "figures").iterdir():
        assert (second / "figures" / figure.name).read_bytes() == figure.read_bytes(), figure.name


def test_every_family_goes_through_the_whole_line(families):
    folder, experiment, results = families
    for kind in experiment.families:
        rows = results.of_family(kind)
        assert [(row.claim, row.design) for row in rows] == expected_rows(kind), kind
        for entries in (results.ladder, results.untrained, results.networks, results.skills):
            assert {entry.family for entry in entries} == set(experiment.families)
        for row in rows:
            assert (row.layers is None) == (row.position is None)
            assert set(row.layers or [0]) <= {0, 1, 2}
            question = CLAIMS[row.claim][1]
            for part in row.parts:
                # Causal tests are asked for in one family alone.
                measured = ".causal." not in question.analyse.__module__ or kind == "regression"
                # Signs that only compare: M1 with M2, and losses of one seed, whose null would be other seeds.
                compared = part.statistic in ("KL contest", "OOD loss falls")
                assert bool(part.nulls) == (measured and not compared), (kind, part.statistic)
    assert write_report(folder).stat().st_size > 100_000
    assert {figure.name.split(".")[0] for figure in (folder / "figures").iterdir()} == set(experiment.families)


def test_one_process_measures_what_several_do(families, tmp_path):
    folder, experiment, results = families
    alone = experiment.model_copy(update={"families": {"markov": experiment.families["markov"]}})
    one = reproduce(alone, tmp_path / "alone")
    assert repr(one.claims) == repr(results.of_family("markov"))
    name = "measured/markov.seed-0.json"
    assert (tmp_path / "alone" / name).read_bytes() == (folder / name).read_bytes()
    for path in checkpoints(tmp_path / "alone"):  # their records differ in seconds
        np.testing.assert_array_equal(
            load_checkpoint(path).buffer, load_checkpoint(folder / "checkpoints" / path.name).buffer
        )


def test_a_second_run_trains_nothing_and_measures_nothing(run, tmp_path, monkeypatch):
    folder, results = run
    monkeypatch.setattr("validate.runs.tasks.examine", lambda *parts, **rest: pytest.fail("it was measured before"))
    again = tmp_path / "again"
    shutil.copytree(folder, again)
    before = [path.read_bytes() for path in checkpoints(again)]
    second = reproduce(tiny_experiment(), again)
    assert [path.read_bytes() for path in checkpoints(again)] == before
    assert (again / "metrics.jsonl").read_bytes() == (folder / "metrics.jsonl").read_bytes()
    for part in ("claims", "ladder", "networks", "untrained", "skills"):
        assert repr(getattr(second, part)) == repr(getattr(results, part)), part


def test_training_that_was_interrupted_goes_on_to_the_same_bits(run, tmp_path, monkeypatch):
    folder, _ = run
    stopped = tmp_path / "stopped"
    open_run(stopped, tiny_experiment())
    append = Metrics.append

    def interrupt(self, row):
        if row["step"] == 4:
            raise KeyboardInterrupt
        append(self, row)

    with monkeypatch.context() as patch:
        patch.setattr(Metrics, "append", interrupt)
        with pytest.raises(KeyboardInterrupt):
            train_all(tiny_experiment(), stopped)
    assert load_checkpoint(checkpoints(stopped)[0]).step == 3
    train_all(tiny_experiment(), stopped)
    for path, whole in zip(checkpoints(stopped), checkpoints(folder), strict=True):
        np.testing.assert_array_equal(load_checkpoint(path).buffer, load_checkpoint(whole).buffer)
    resumed, uninterrupted = (
        [row.model_dump(exclude={"seconds"}) for row in Metrics(f / "metrics.jsonl").rows()] for f in (stopped, folder)
    )
    assert resumed == uninterrupted


def test_networks_trained_by_other_code_are_refused(run, tmp_path, monkeypatch):
    folder, _ = run
    again = tmp_path / "again"
    shutil.copytree(folder, again)
    monkeypatch.setattr("validate.training.networks.training_code", lambda: "another version")
    with pytest.raises(CheckpointError, match="code"):
        train_all(tiny_experiment(), again)


def test_other_numbers_of_majors_go_through_the_whole_line(tmp_path, monkeypatch):
    monkeypatch.setattr("validate.report.page.draw_all", lambda *parts: [])
    text = TOML.replace("majors = 3", "majors = 4")
    results = reproduce(parse_experiment(text, "majors"), tmp_path / "run")
    assert [(row.claim, row.design) for row in results.claims] == expected_rows("dice")
    orthogonality = next(row for row in results.claims if row.claim == "near-orthogonality")
    assert orthogonality.design == "minors=0 to minors=2"
    assert all(np.isfinite(part.measured) for part in orthogonality.parts)
    write_report(tmp_path / "run")


def test_a_refused_checkpoint_costs_no_metrics(run, tmp_path, monkeypatch):
    folder, _ = run
    again = tmp_path / "again"
    shutil.copytree(folder, again)
    monkeypatch.setattr("validate.training.networks.training_code", lambda: "another version")
    with pytest.raises(CheckpointError):
        train_all(tiny_experiment(), again)
    assert (again / "metrics.jsonl").read_bytes() == (folder / "metrics.jsonl").read_bytes()


def test_a_report_needs_results(tmp_path):
    with pytest.raises(RunFolderError, match="run `reproduce` first"):
        write_report(tmp_path)
