"""The training log keeps what was trained and forgets what is trained again."""

import json

import pytest
from tiny import tiny_experiment

from validate.experiment.network_plan import network_plans
from validate.training.metrics import Metrics, gaps, last_row, training_seconds, write_metrics


def row(step, **changed):
    own = {"family": "dice", "seed": 0, "design": "minors=0", "step": step, "loss": 1.0, "held_out": {}}
    return own | {"seconds": 2.0 * step} | changed


@pytest.fixture
def metrics(tmp_path):
    return Metrics(tmp_path / "metrics" / "dice.jsonl")


def test_rewinding_drops_later_rows_and_what_is_no_row(metrics):
    assert metrics.rows() == []
    assert last_row(metrics.path) is None
    for step in (0, 5, 9):
        metrics.append(row(step))
    with metrics.path.open("ab") as file:
        file.write(b'3\n{"a": 1}\n\xff\n{"design": "b", "st')
    assert [found.step for found in metrics.rows()] == [0, 5, 9]
    metrics.rewind(5)
    assert [found.step for found in metrics.rows()] == [0]
    assert len(metrics.path.read_text().splitlines()) == 1
    metrics.append(row(5))
    assert last_row(metrics.path).step == 5


def test_a_row_after_a_line_that_was_cut_off_stands_by_itself(metrics):
    metrics.append(row(0))
    with metrics.path.open("ab") as file:
        file.write(b'{"family": "dice", "st')
    metrics.append(row(5))
    assert [found.step for found in metrics.rows()] == [0, 5]


def test_a_rewind_keeps_what_rows_say_beside_their_columns(metrics):
    metrics.append(row(0, bayes_loss=0.5))
    metrics.append(row(5))
    metrics.rewind(5)
    assert json.loads(metrics.path.read_text())["bayes_loss"] == 0.5


def test_the_log_of_a_run_is_that_of_its_networks(tmp_path):
    networks = network_plans(tiny_experiment())
    for plan, seconds in zip(networks, (3.0, 4.0), strict=True):
        for step in (0, 2):
            Metrics(plan.metrics(tmp_path)).append(row(step, **plan.identity, seconds=seconds + step))
    found = write_metrics(networks, tmp_path)
    assert [(one.design, one.step) for one in found] == [(p.design, step) for p in networks for step in (0, 2)]
    assert training_seconds(found) == 5.0 + 6.0
    assert write_metrics(networks[:1], tmp_path) == found[:2]


def test_a_row_that_was_changed_is_none_and_one_that_stands_twice_is_one(metrics):
    for step in (0, 5, 9):
        metrics.append(row(step))
    whole = metrics.path.read_text()
    metrics.path.write_text(whole + whole)
    assert [found.step for found in metrics.rows()] == [0, 5, 9]
    metrics.path.write_text(whole.replace('"loss": 1.0', '"loss": 2.0', 1))
    assert [found.step for found in metrics.rows()] == [5, 9]
    assert metrics.damaged == 1


def test_a_log_that_lacks_rows_says_so(tmp_path):
    [plan, _] = network_plans(tiny_experiment())
    for step in (0, 2, 4):
        assert gaps([plan], tmp_path)
        Metrics(plan.metrics(tmp_path)).append(row(step, **plan.identity))
    assert gaps([plan], tmp_path) == []
    path = plan.metrics(tmp_path)
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:2]))
    assert gaps([plan], tmp_path) == [f"{path} lacks 1 of 3 rows, which were lost or damaged since"]
