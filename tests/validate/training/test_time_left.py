"""How long a run will take: steps that are left, the time of one, and the words for it."""

from dataclasses import replace

import pytest
from tiny import TOML, tiny_experiment

from model import load_checkpoint
from validate.experiment.network_plan import network_plans
from validate.experiment.schema import Causal, parse_experiment
from validate.experiment.seed_plan import seed_plans
from validate.training.networks import train_network
from validate.training.step_time import seconds_per_step
from validate.training.time_left import duration, measuring_seconds, steps_left, time_left, training_seconds

LARGER = (
    TOML.replace("width = 4, heads = 1, hidden = 4", "width = 32, heads = 2, hidden = 64")
    .replace("length = 10", "length = 64")
    .replace("batch = 4", "batch = 64")
    .replace("steps = 5", "steps = 40")
)


def train_first(experiment, folder):
    (folder / "checkpoints").mkdir(parents=True)
    plan = network_plans(experiment)[0]
    train_network(plan, folder)
    return plan


def left(experiment, folder):
    return [steps_left(plan, folder) for plan in network_plans(experiment)]


def test_steps_already_trained_are_not_counted(tmp_path):
    experiment = tiny_experiment()
    assert left(experiment, tmp_path) == [5, 4]
    plan = train_first(experiment, tmp_path)
    assert load_checkpoint(plan.checkpoint(tmp_path)).step == 5
    assert left(experiment, tmp_path) == [0, 4]
    plan.checkpoint(tmp_path).write_bytes(b"damaged")
    assert left(experiment, tmp_path) == [5, 4]


def test_a_step_is_taken_as_proportional_to_the_batch(monkeypatch):
    """A stand-in for training whose step takes a millisecond a sequence, and whose first step takes a second."""
    asked = []

    class Record:
        def __init__(self, seconds):
            self.seconds = seconds

    def fake(network, draw, settings):
        size = len(draw(0).inputs)
        asked.append((size, settings.steps))
        return type("Run", (), {"records": [Record(1 + 1e-3 * size * n) for n in range(settings.steps)]})

    monkeypatch.setattr("validate.training.step_time.train", fake)
    plan = network_plans(parse_experiment(LARGER, "larger"))[0]
    for budget, size in ((1.0, 64), (0.1, 24), (1e-3, 4)):
        asked.clear()
        assert seconds_per_step(plan, budget) == pytest.approx(0.064)
        assert asked[-1][0] == size
        spent = sum(1e-3 * size * steps for size, steps in asked[1:])
        assert spent <= budget * (1 + 1e-9)


def test_records_and_sequences_and_networks_are_counted():
    plan = network_plans(tiny_experiment())[0]
    # Every second step a forward pass, a third of a step, of 2 x 4 sequences where a batch has 4.
    assert training_seconds(plan, 30, 0.5) == pytest.approx(30 * 0.5 * (1 + 2 * 4 / (3 * 4 * 2)))
    [seed_plan] = seed_plans(tiny_experiment())
    assert measuring_seconds(seed_plan) == pytest.approx(10 + 1.6e-7 * 1 * 4 * 4 * 9 * 6 * (2 + 2))
    causal = replace(seed_plan, plan=seed_plan.plan.model_copy(update={"causal": Causal(sequences=20)}))
    more = measuring_seconds(causal) - measuring_seconds(seed_plan)
    assert more == pytest.approx(1.6e-7 * 1 * 4 * 4 * 9 * 2 * 20 * 2)


def test_a_run_folder_shortens_the_estimate(tmp_path):
    experiment = tiny_experiment()
    networks, seeds = network_plans(experiment), seed_plans(experiment)

    def said(unmeasured):
        return time_left(networks, tmp_path, unmeasured, 1, budget=0.01)

    whole = said(seeds)
    assert whole.startswith("This will take about ")
    assert "to train 2 networks and an allowance of " in whole
    assert "measure" not in said([])
    train_first(experiment, tmp_path)
    assert "to train 1 network and an allowance of " in said(seeds)
    for plan in networks:
        train_network(plan, tmp_path)
    assert said(seeds).endswith(" on this machine: an allowance of 10 seconds to measure.")
    assert said([]) == "Everything asked for is done already."


def test_workers_share_the_work(tmp_path):
    seeds = seed_plans(tiny_experiment()) * 1000
    alone, shared = (time_left([], tmp_path, seeds, workers) for workers in (1, 4))
    assert "an allowance of 2.8 hours to measure" in alone
    assert "an allowance of 42 minutes to measure" in shared


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 second"),
        (89.0, "89 seconds"),
        (91.0, "1.5 minutes"),
        (5e3, "83 minutes"),
        (1.15e4, "3.2 hours"),
        (2e5, "2.3 days"),
        (1e6, "12 days"),
    ],
)
def test_durations(seconds, words):
    assert duration(seconds) == words
