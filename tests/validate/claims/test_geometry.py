"""States with known directions: angles, shares and distances come out as built, and the packing bound holds."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from validate.claims.packing import (
    N_TASKS,
    TaskAnswers,
    all_bounds,
    distance_over_bound,
    lipschitz,
    read_out,
    same_current,
    task_answers,
)

from model import Transformer
from theory import BiasedDice, MarkovChains, Mixture, NoisyLinearRegression, PlantedDyck, RegressionBatch, stream
from validate.capture.sources import NetworkSource
from validate.claims.geometry import N_LEADING, TaskStates, directions, near_orthogonality, task_states
from validate.claims.properties import Captured, Setting
from validate.experiment.schema import Network, load_preset, network_config
from validate.statistics.subspace import random_basis

WIDTH, N_NEW, N_EACH = 24, 60, 4

FAMILIES = {
    "dice": BiasedDice(faces=4, length=12),
    "markov": MarkovChains(states=3, length=12),
    "regression": NoisyLinearRegression(dimension=2, points=6),
    "dyck": PlantedDyck(pairs=2, background=2, density=0.5, length=12),
}


def setting_of(kind):
    family = FAMILIES[kind]
    sizes = load_preset("quick").families["dice"].measurement
    sizes = sizes.model_copy(update={"cell_sequences": 8, "fresh_tasks": 12, "fresh_sequences": 4})
    return Setting(kind, family, family.sample_pool(stream(0, "majors"), 3), 0, sizes)


def source_of(kind, seed=0):
    config = network_config(FAMILIES[kind], Network(layers=2, width=16, heads=2, hidden=16))
    return NetworkSource(Transformer(config, seed=seed, backend="numpy"), FAMILIES[kind])


def built(degrees, minors_share=1.0, seed=0):
    """States of fresh tasks in a plane at an angle to the task span, and of minors partly in the same plane."""
    rng = stream(seed, "built")
    axes = random_basis(WIDTH, 8, stream(7, "axes"))
    task_vectors = rng.normal(size=(3, 2)) @ axes[:, :2].T
    task_vectors -= task_vectors.mean(axis=0)
    turned = np.cos(np.radians(degrees)) * axes[:, :2] + np.sin(np.radians(degrees)) * axes[:, 2:4]
    centre = rng.normal(size=WIDTH)

    def states(n_tasks, basis):
        within = 1e-3 * rng.normal(size=(n_tasks, N_EACH, WIDTH))
        return centre + (rng.normal(size=(n_tasks, basis.shape[1])) @ basis.T)[:, None] + within

    other = np.sqrt(minors_share) * turned + np.sqrt(1 - minors_share) * axes[:, 4:6]
    populations = {"majors": states(3, axes[:, :2]), "fresh": states(N_NEW, turned), "minors": states(N_NEW, other)}
    return TaskStates.of(task_vectors, centre, populations)


@pytest.fixture(scope="module")
def setting():
    return setting_of("dice")


def test_angles_and_shares_are_those_built(setting):
    plain, diverse = built(20), built(75)
    statistics, nulls, _ = near_orthogonality(plain, diverse, [plain, plain], setting)
    rise = statistics["smallest angle"]
    assert rise.value == pytest.approx(55, abs=0.1)
    assert rise.low > 54
    assert statistics["OOD in minors' span"].value == pytest.approx(1, abs=1e-4)
    assert nulls["untrained network 1"]["smallest angle"].value == 0
    level = nulls["random subspace"]
    assert level["OOD in minors' span"].value == pytest.approx(N_LEADING / WIDTH, abs=0.05)
    assert level["smallest angle"].low < 0 < level["smallest angle"].high
    shown = directions({"site": diverse}, setting)["site"]
    assert shown["angles"]["fresh"]["largest"]["value"] == pytest.approx(75, abs=0.1)
    assert shown["shares"]["fresh"]["task span"] == pytest.approx(np.cos(np.radians(75)) ** 2, abs=1e-3)
    assert shown["dimension"]["fresh"]["averaged"] == pytest.approx(2, abs=0.2)
    assert shown["distance"]["largest"] > shown["distance"]["rms"] > shown["distance"]["radius"] / 4
    json.dumps(shown)


def test_fresh_tasks_elsewhere_than_the_minors_are_seen():
    states = built(90, minors_share=0.1)
    found, _, _ = near_orthogonality(None, states, [], setting_of("dice"))
    assert set(found) == {"OOD in minors' span"}
    assert found["OOD in minors' span"].high < 0.5


@pytest.mark.parametrize("kind", list(FAMILIES))
def test_every_family_goes_through(kind):
    setting, source = setting_of(kind), source_of(kind)
    captured = Captured.of(source, setting)
    minors = setting.family.sample_pool(stream(0, "minors"), 20)
    sites = task_states(source, captured, Mixture(setting.family, setting.majors, minors), setting)
    assert set(sites) == set(source.sites)
    states = sites[source.sites[-1]]
    assert {name: len(mean) for name, mean in states.averaged.items()} == {"majors": 3, "fresh": 12, "minors": 12}
    np.testing.assert_allclose(states.averaged["majors"].mean(axis=0), 0, atol=1e-6)
    assert set(
        task_states(source, captured, Mixture(setting.family, setting.majors), setting)[source.sites[0]].single
    ) == {
        "majors",
        "fresh",
    }
    json.dumps(directions(sites, setting))


@settings(max_examples=15)
@given(st.integers(0, 100), st.integers(0, 3))
def test_the_bound_holds_for_states_that_keep_every_task_apart(seed, rank):
    """Answers are the states' own first coordinates, up to an error, so distances and slope are known."""
    rng = stream(seed, "packed")
    truth = rng.dirichlet(np.ones(5), size=40)
    axes = random_basis(9, 9, rng)
    states = truth @ axes[:, :5].T
    answers = truth + 1e-3 * rng.normal(size=truth.shape)
    tasks = TaskAnswers(states, axes[:, :rank], answers, truth)
    bounds = all_bounds(tasks)
    best = bounds[-1]
    assert all(one.bound <= one.distance <= tasks.largest_distance for one in bounds)
    assert best.bound == max(one.bound for one in bounds)
    assert best.slope == pytest.approx(1, abs=0.2)
    if rank <= 1:
        assert best.bound > 0.05


def test_the_bound_is_attained_off_the_span_and_silent_inside_it():
    line = np.linspace(-1, 1, 65)[:, None]
    along, across = np.concatenate([line, 0 * line], axis=1), np.concatenate([0 * line, line], axis=1)
    first = np.eye(2)[:, :1]
    away = all_bounds(TaskAnswers(across, first, line, line))[-1]
    assert away.bound == pytest.approx(1, abs=1e-6)
    assert away.bits == 1
    assert all_bounds(TaskAnswers(along, first, line, line))[-1].bound < 1e-6
    steep = all_bounds(TaskAnswers(across, first, 4 * line, 4 * line))[-1]
    assert (steep.slope, steep.bound) == pytest.approx((4, 1), abs=1e-6)
    wrong = all_bounds(TaskAnswers(across, first, line, line + 0.25))[-1]
    assert (wrong.error, wrong.bound) == pytest.approx((0.25, 0.75), abs=1e-6)
    assert all_bounds(TaskAnswers(along, first, line, 0 * line)) == []
    repeated = TaskAnswers(np.repeat(across, 2, axis=0), first, np.repeat(line, 2, axis=0), np.repeat(line, 2, axis=0))
    assert all_bounds(repeated)[-1].bound == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("kind", list(FAMILIES))
def test_the_read_out_answers_from_the_states_it_is_given(kind):
    source, family = source_of(kind), FAMILIES[kind]
    batch = family.sample(stream(1, "sequences"), family.sample_pool(stream(1, "pool"), 5), 6)
    n_positions = len(family.encode(batch).positions)
    batch = same_current(batch, n_positions - 1)
    assert len(family.encode(batch).positions) == n_positions
    last = source.states(batch, last=True)[source.sites[-1]][:, 0]
    np.testing.assert_allclose(read_out(source, batch, last), source.mean(batch)[:, -1], atol=1e-6)
    other = np.roll(last, 1, axis=0)
    np.testing.assert_allclose(read_out(source, batch, other), np.roll(source.mean(batch)[:, -1], 1, axis=0), atol=1e-5)
    current = family.current(batch)[:, -1]
    np.testing.assert_array_equal(current, np.broadcast_to(current[0], current.shape))
    if isinstance(batch, RegressionBatch):
        np.testing.assert_array_equal(current, 1)


@pytest.mark.parametrize("kind", list(FAMILIES))
def test_the_bound_is_computed_for_every_family(kind, monkeypatch):
    monkeypatch.setattr("validate.claims.packing.N_TASKS", 24)
    setting, source = setting_of(kind), source_of(kind)
    states = task_states(source, Captured.of(source, setting), Mixture(setting.family, setting.majors), setting)
    last = states[source.sites[-1]]
    statistics, nulls, portrait = distance_over_bound(source, last, setting)
    json.dumps(portrait)
    assert nulls == {}
    estimate = statistics["distance over bound"]
    assert np.isnan(estimate.value) or estimate.low >= 0
    tasks = task_answers(source, last, setting)
    assert tasks.slope <= (lipschitz(source) or np.inf)
    assert N_TASKS > len(tasks.truth) == 24
    if kind != "dyck":
        assert portrait["best"]["error"] > 0


def test_truth_is_the_tasks_own_prediction(monkeypatch):
    monkeypatch.setattr("validate.claims.packing.N_TASKS", 10)
    for kind, expected in (("markov", lambda p: p[:, 0]), ("regression", lambda w: w.sum(axis=1, keepdims=True))):
        setting, source = setting_of(kind), source_of(kind)
        captured = Captured.of(source, setting)
        states = task_states(source, captured, Mixture(setting.family, setting.majors), setting)[source.sites[-1]]
        pool = setting.family.sample_pool(setting.stream("packing"), 10)
        np.testing.assert_allclose(task_answers(source, states, setting).truth, expected(pool.parameters))
