"""The estimate before a run and the time left during it."""

import pytest
from tiny import TOML, tiny_experiment
from validate.training.estimate import checkpoint_path, jobs, seconds_per_step
from validate.training.outlook import Outlook, duration

from model import load_checkpoint
from validate.experiment.schema import parse_experiment
from validate.experiment.seed_plan import seed_plans
from validate.training.networks import train_network

LARGER = (
    TOML.replace("width = 4, heads = 1, hidden = 4", "width = 32, heads = 2, hidden = 64")
    .replace("length = 10", "length = 64")
    .replace("batch = 4", "batch = 64")
    .replace("steps = 5", "steps = 40")
)


def train_first(experiment, folder):
    (folder / "checkpoints").mkdir(parents=True)
    part = seed_plans(experiment)[0]
    design = part.plan.designs[0]
    train_network(part.kind, part.plan, design, part.mixtures[design.name], part.seed, folder, False)
    return part, design


def test_steps_already_trained_are_not_counted(tmp_path):
    experiment = tiny_experiment()
    assert [job.left for job in jobs(experiment, tmp_path)] == [5, 4]
    part, design = train_first(experiment, tmp_path)
    assert load_checkpoint(checkpoint_path(part, design, tmp_path)).step == 5
    assert [job.left for job in jobs(experiment, tmp_path)] == [0, 4]
    checkpoint_path(part, design, tmp_path).write_bytes(b"damaged")
    assert [job.left for job in jobs(experiment, tmp_path)] == [5, 4]


def test_a_step_is_taken_as_proportional_to_the_batch(tmp_path, monkeypatch):
    """A stand-in for training whose step takes a millisecond a sequence, and whose first step takes a second."""
    asked = []

    class Record:
        def __init__(self, seconds):
            self.seconds = seconds

    def fake(network, draw, settings):
        size = len(draw(0).inputs)
        asked.append((size, settings.steps))
        return type("Run", (), {"records": [Record(1 + 1e-3 * size * n) for n in range(settings.steps)]})

    monkeypatch.setattr("validate.training.estimate.train", fake)
    job = jobs(parse_experiment(LARGER, "larger"), tmp_path)[0]
    for budget, size in ((1.0, 64), (0.1, 24), (1e-3, 4)):
        asked.clear()
        assert seconds_per_step(job, budget) == pytest.approx(0.064)
        assert asked[-1][0] == size
        spent = sum(1e-3 * size * steps for size, steps in asked[1:])
        assert spent <= budget * (1 + 1e-9)


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def outlook(tmp_path):
    """Two networks of 5 and 4 steps that are expected to take 50 and 40 seconds, and 30 to measure."""
    said = []
    outlook = Outlook(jobs(tiny_experiment(), tmp_path), [50.0, 40.0], 30.0, said.append, 20.0, Clock())
    return outlook, said


def test_time_left_follows_the_pace(outlook):
    outlook, said = outlook
    assert outlook.sentence() == (
        "This will take about 2.0 minutes on this machine: 1.5 minutes to train 2 networks"
        " and an allowance of 30 seconds to measure."
    )
    outlook.begin("dice", "minors=0", 0)
    assert said == ["Network 1 of 2: dice minors=0 seed 0, 5 steps; about 2.0 minutes left in all."]
    outlook.clock.now += 15
    outlook.reached(1)
    assert len(said) == 1
    assert outlook.left(1) == pytest.approx(1.5 * 80 + 30)
    outlook.clock.now += 15
    outlook.reached(2)
    assert said[1:] == ["dice minors=0 seed 0: 40 % trained; about 2.2 minutes left in all."]
    assert outlook.left(2) == pytest.approx(1.5 * 70 + 30)
    outlook.clock.now = 100 + 25
    outlook.begin("dice", "minors=2", 0)
    assert outlook.left(0) == pytest.approx(0.5 * 40 + 30)
    assert said[2].startswith("Network 2 of 2: dice minors=2 seed 0, 4 steps; about 50 seconds left")
    outlook.clock.now += 20
    assert outlook.left(4) == pytest.approx(30)


def test_a_run_folder_shortens_the_estimate(tmp_path):
    experiment, silent = tiny_experiment(), lambda sentence: None
    whole = Outlook.of(experiment, tmp_path, silent, budget=0.01)
    assert "2 networks" in whole.sentence()
    assert "measure" not in Outlook.of(experiment, tmp_path, silent, measure=False, budget=0.01).sentence()
    train_first(experiment, tmp_path)
    rest = Outlook.of(experiment, tmp_path, silent, budget=0.01)
    assert rest.expected[0] == 0
    assert rest.measuring == whole.measuring > 0
    assert "1 network " in rest.sentence()


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
