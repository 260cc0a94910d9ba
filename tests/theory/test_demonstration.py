"""The command line: what it prints is recomputed from what it says of the tasks."""

import json
import subprocess
import sys
from itertools import pairwise
from math import prod

import numpy as np
import pytest
from scipy.stats import norm
from typer.testing import CliRunner

from theory.command_line import app

COMMANDS = {
    "dice": ["dice", "--faces", "3"],
    "markov": ["markov", "--states", "3"],
    "regression": ["regression", "--dimension", "2"],
    "dyck": ["dyck", "--pairs", "2", "--background", "2"],
}
SIZES = ["--length", "7", "--majors", "2", "--minors", "3", "--minor-mass", "0.2"]
every_command = pytest.mark.parametrize("kind", list(COMMANDS))


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


def record(kind, *more):
    result = run(*COMMANDS[kind], *SIZES, "--json", *more)
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def probability(kind, task, seen, family):
    """p(seen | task), from the meaning of the parameters and nothing else."""
    if kind == "dice":
        return prod(task[roll] for roll in seen)
    if kind == "markov":
        return prod(task[a][b] for a, b in pairwise(seen))
    if kind == "regression":
        return prod(norm.pdf(point["y"], np.dot(task, point["x"]), family["noise"]) for point in seen)
    steps = [1 if s == family["background"] else -1 for s in seen if s >= family["background"]]
    return float(steps == task[: len(steps)])


@every_command
def test_the_printed_posterior_follows_from_the_printed_tasks_and_sequence(kind):
    printed = record(kind, "--seed", 3)
    tasks, prior = printed["tasks"]["parameters"], np.array(printed["tasks"]["weights"])
    np.testing.assert_allclose(prior, [0.4, 0.4, *[0.2 / 3] * 3], rtol=1e-12)
    assert printed["task"]["parameters"] == tasks[printed["task"]["index"]]
    observed = [step["observed"] for step in printed["steps"]]
    assert len(observed) == 7
    for target, step in enumerate(printed["steps"]):
        assert step["target"] == target
        joint = prior * [probability(kind, task, observed[:target], printed["family"]) for task in tasks]
        np.testing.assert_allclose(step["retrieval"]["weights"], joint / joint.sum(), rtol=1e-9)
        majors = np.array(step["extrapolation"]["weights"][:2])
        np.testing.assert_allclose(majors / majors.sum(), joint[:2] / joint[:2].sum(), rtol=1e-9)
        assert len(step["extrapolation"]["weights"]) == 3
        assert step["prior_predictive"]["weights"] == [1.0]


@every_command
def test_tables_show_every_target_and_the_posterior(kind):
    printed, result = record(kind, "--seed", 3), run(*COMMANDS[kind], *SIZES, "--seed", 3)
    assert result.exit_code == 0
    rows = [line for line in result.output.splitlines() if line.startswith("│")]
    posterior = rows[5 : 5 + 7]
    for step, line in zip(printed["steps"], posterior, strict=True):
        cells = [cell.strip() for cell in line.strip("│").split("│")]
        weights = step["retrieval"]["weights"]
        shown = [f"{100 * w:.1f}" for w in (weights[0], weights[1], sum(weights[2:]))]
        assert cells[0] == str(step["target"])
        assert cells[2:5] == shown
        assert cells[5:8] == [f"{100 * w:.1f}" for w in step["extrapolation"]["weights"]]


@every_command
def test_same_seed_same_demonstration_and_another_seed_another(kind):
    assert record(kind) == record(kind, "--seed", 0) != record(kind, "--seed", 1)


@every_command
def test_rates_come_with_the_demonstration(kind):
    rates = record(kind)["rates"]
    assert rates["log_odds_growth"][0][0] == 0
    assert "Growth of the log-odds" in run(*COMMANDS[kind], *SIZES).output


@every_command
def test_a_fresh_task_is_none_of_the_pool(kind):
    printed = record(kind, "--fresh", "--seed", 1)
    assert printed["task"]["index"] is None
    assert kind == "dyck" or printed["task"]["parameters"] not in printed["tasks"]["parameters"]


def test_overlap_draws_the_majors_together_and_leaves_the_minors():
    apart, together = (record("dice", "--overlap", o)["tasks"]["parameters"] for o in (0, 0.5))
    assert together[2:] == apart[2:]
    np.testing.assert_allclose(np.subtract(*together[:2]), 0.5 * np.subtract(*apart[:2]), rtol=1e-12)


def test_where_a_fresh_path_leaves_the_pool_only_m2_goes_on():
    printed = record("dyck", "--fresh", "--pairs", 6, "--length", 40, "--density", 0.5)
    known = [step["retrieval"] is not None for step in printed["steps"]]
    end = known.index(False)
    assert 0 < end < 40
    assert all(known[:end])
    assert not any(known[end:])
    assert printed["steps"][-1]["extrapolation"]["weights"][-1] == 1
    assert "impossible" in run("dyck", *SIZES, "--fresh", "--pairs", 6, "--length", 40, "--density", 0.5).output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["dice", "--faces", "1"], "error: faces must be at least 2; got 1"),
        (["dice", "--minor-mass", "1.2"], "error: minor_mass must be in [0, 1); got 1.2"),
        (["markov", "--majors", "0"], "error: majors must be at least 1; got 0"),
        (["markov", "--overlap", "2"], "error: overlap must be in [0, 1]; got 2.0"),
        (["regression", "--noise", "0"], "error: noise must be positive and finite; got 0.0"),
        (["regression", "--minors", "-1"], "error: minors must be at least 0; got -1"),
        (["dyck", "--density", "0"], "error: density must be in (0, 1]; got 0.0"),
        (["dyck", "--seed", "-1"], "error: seed must be at least 0; got -1"),
    ],
)
def test_bad_input_gets_one_sentence_and_status_two(arguments, sentence):
    result = run(*arguments)
    assert (result.exit_code, result.stderr, result.stdout) == (2, f"{sentence}\n", "")


def test_runs_as_a_module_and_importing_theory_loads_no_command_line():
    command = [sys.executable, "-m", "theory", "dice", "--length", "2", "--json"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    stated = {"name": "BiasedDice", "faces": 6, "length": 2, "concentration": 1.0, "layout": "plain"}
    assert json.loads(printed)["family"] == stated
    code = "import sys, theory; sys.exit(not {'typer', 'rich'}.isdisjoint(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
