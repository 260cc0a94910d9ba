"""An experiment that cannot be carried out is refused before its first step, by the number that is at fault."""

import tracemalloc

import pytest
from tiny import TASKS, TOML, tiny_toml

from theory import memory
from validate.experiment.feasible import memory_needs, require_feasible
from validate.experiment.schema import PRESETS, ExperimentError, load_preset, parse_experiment
from validate.runs.beforehand import require_experiment


def refused(text):
    """Return the sentence by which an experiment that parses is refused, and the bytes it took to find out."""
    experiment = parse_experiment(text, "x")
    tracemalloc.start()
    try:
        with pytest.raises(ExperimentError) as caught:
            require_experiment(experiment)
        return str(caught.value), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


HUGE = {
    "cell_sequences": (TOML.replace("cell_sequences = 6", "cell_sequences = 1000000"), "100000"),
    "fresh_tasks": (
        TOML.replace("fresh_tasks = 3\nfresh_sequences = 2", "fresh_tasks = 1000000\nfresh_sequences = 9"),
        "1000000",
    ),
    "mode_sequences": (TOML.replace("mode_sequences = 4", "mode_sequences = 1000000"), "1000000"),
    "width": (TOML.replace("layers = 1, width = 4", "layers = 64, width = 16384"), "16384"),
    "layers": (TOML.replace("length = 10", "length = 10000000"), "1 "),
    "tasks": (TOML.replace("faces = 3", "faces = 1000000"), "1000000"),
    "designs.minors": (
        tiny_toml("dyck").replace("pairs = 2", "pairs = 1000000").replace("minors = 2", "minors = 1000"),
        "1000 ",
    ),
}


@pytest.mark.parametrize("name", HUGE)
def test_what_cannot_fit_is_refused_before_it_is_allocated(name, monkeypatch):
    monkeypatch.setattr("theory.memory.memory_bytes", lambda: 10**9)
    text, value = HUGE[name]
    sentence, used = refused(text)
    assert f"{name} = {value}" in sentence.replace(",", "")
    assert "GiB of memory, and there are 0.9" in sentence
    assert used < 1e6


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_are_feasible_on_a_small_machine(preset, monkeypatch):
    monkeypatch.setattr("theory.memory.memory_bytes", lambda: 4 * 2**30)
    require_feasible(load_preset(preset))


def test_an_estimate_is_no_more_than_what_is_used():
    """From below: what is really held while the fit and score states of a small network are captured."""
    from tiny import tiny_networks

    from validate.capture.captured import Captured
    from validate.capture.sources import NetworkSource
    from validate.experiment.seed_plan import seed_plans

    text = TOML.replace("cell_sequences = 6", "cell_sequences = 60").replace("width = 4", "width = 32")
    experiment = parse_experiment(text, "x")
    [plan] = seed_plans(experiment)
    _, needed = memory_needs(experiment, "dice", plan.plan)["measurement.cell_sequences"]
    network = next(iter(tiny_networks(plan).values()))
    tracemalloc.start()
    captured = Captured.of(NetworkSource(network, plan.family), plan.setting)
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert captured.fit
    assert 0.5 * needed < used < 20 * needed


@pytest.mark.parametrize(
    ("kind", "tasks", "words"),
    [
        ("dice", "faces = 3, length = 2", "families.dice.tasks: sequences must be long enough for 2 states; got 1"),
        ("markov", "states = 2, length = 2", "long enough for 2 states; got 1"),
        ("regression", "dimension = 2, points = 1", "long enough for 2 states; got 1"),
        ("dyck", "pairs = 2, background = 2, density = 0.5, length = 3", "seed 0: at no position"),
        ("dyck", "pairs = 2, background = 2, density = 1e-9, length = 12", "seed 0: at no position"),
        ("dyck", "pairs = 2, background = 2, density = 1.0, length = 12", "seed 0: at no position"),
        ("regression", "dimension = 2, points = 8, noise = 1e-20, task_scale = 1e-20", "between 1e-12 and 1e\\+12"),
    ],
)
def test_sequences_on_which_nothing_can_be_measured_are_refused(kind, tasks, words):
    experiment = parse_experiment(tiny_toml(kind).replace(TASKS[kind], tasks), "x")
    with pytest.raises(ExperimentError, match=words):
        require_experiment(experiment)


def test_more_records_than_a_checkpoint_holds_are_refused():
    experiment = parse_experiment(TOML.replace("steps = 5", "steps = 700000"), "x")
    with pytest.raises(ExperimentError, match="record_every must make at most 100000 records; got 2 for 700000 steps"):
        require_experiment(experiment)


def test_memory_is_that_of_the_container(tmp_path, monkeypatch):
    limit = tmp_path / "memory.max"
    monkeypatch.setattr("theory.memory.CGROUP", limit)
    memory.memory_bytes.cache_clear()
    whole = memory.memory_bytes()
    for text, expected in (("max\n", whole), ("1048576\n", 2**20)):
        limit.write_text(text)
        memory.memory_bytes.cache_clear()
        assert memory.memory_bytes() == expected
    memory.memory_bytes.cache_clear()
