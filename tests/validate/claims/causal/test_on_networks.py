"""Edits, removals, the gradient of the search, and the tests on a small transformer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from worlds import Answers, answers, side_of, world_subject

from model import Transformer
from theory import BiasedDice, Mixture, NoisyLinearRegression, stream
from validate.capture.rungs import RandomSource
from validate.claims.base import UNTRAINED, Observed, Side, ranging
from validate.claims.causal import tested
from validate.claims.causal.ascent import ascend, loss_and_slope
from validate.claims.causal.filtered import split_changes
from validate.claims.causal.history import history_rises, swap_history
from validate.claims.causal.reading import Context, Reading
from validate.claims.causal.removal import Removal, along_covariance, of_equal_norm
from validate.claims.causal.rises import Losses
from validate.claims.causal.samples import FRESH, MAJORS, MINORS, Samples
from validate.claims.causal.steered import Steering, permuted, rotated, simplex_grid, window
from validate.claims.causal.subject import Subject, edit_at, subject_of
from validate.experiment.schema import Causal, Network, network_config
from validate.statistics.intervals import Estimate
from validate.statistics.subspace import random_basis

SETTINGS = Causal(sequences=16, rank=1, steps=3, restarts=1, directions=5, grid=2, replicates=100)
FAMILIES = {"dice": BiasedDice(faces=3, length=9), "regression": NoisyLinearRegression(dimension=2, points=5)}


def transformer_subject(kind, layers=3, width=10, minors=4, site="post_mlp.1", seed=0):
    """Return an untrained transformer in float64 with random vectors."""
    family, rng = FAMILIES[kind], stream(seed, "vectors")
    network = Transformer(
        network_config(family, Network(layers=layers, width=width, heads=1, hidden=8)), seed, "numpy", np.float64
    )
    pool = family.sample_pool(stream(0, "minors"), minors) if minors else None
    mixture = Mixture(family, family.sample_pool(stream(0, "majors"), 3), pool)
    one = family.sample(rng, mixture.majors, 1)
    n_positions, n_current = len(family.encode(one).positions), family.current(one).shape[-1]
    task = rng.normal(size=(3, width))
    current, intercepts = rng.normal(size=(n_current, width)), rng.normal(size=(n_positions, width))
    return Subject(network, mixture, site, task - task.mean(axis=0), current, intercepts, kind, 0)


SUBJECTS = {
    "dice transformer": lambda: transformer_subject("dice"),
    "regression transformer": lambda: transformer_subject("regression"),
    "dice world": lambda: world_subject(transformer_subject("dice").mixture, "exact Bayes", "dice", 0),
    "regression world": lambda: world_subject(transformer_subject("regression").mixture, "exact Bayes", "dice", 0),
}


@pytest.mark.parametrize("make", SUBJECTS.values(), ids=SUBJECTS)
def test_gradient_of_the_removal_is_that_of_finite_differences(make):
    subject = make()
    samples, rng = Samples.of(subject, 16), stream(1, "directions")
    batch, mean = samples.fit[FRESH], samples.mean
    basis = random_basis(subject.task.shape[1], 2, rng)
    loss, slope = loss_and_slope(subject, batch, subject.states(batch) - mean, Removal(basis, mean))
    assert loss == pytest.approx(subject.loss(batch, Removal(basis, mean)).mean())
    step = 1e-5
    for _ in range(3):
        turn = rng.normal(size=basis.shape)
        ends = [subject.loss(batch, Removal(basis + side * step * turn, mean)).mean() for side in (1, -1)]
        assert (slope * turn).sum() == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-5, abs=1e-9)


@given(st.integers(0, 100), st.integers(1, 2))
def test_ascent_step_keeps_the_frame_and_turns_it_uphill(seed, rank):
    rng = stream(seed, "frame")
    frame, gradient = random_basis(7, rank, rng), rng.normal(size=(7, rank))
    turned = ascend(frame, gradient, 1e-4)
    np.testing.assert_allclose(turned.T @ turned, np.eye(rank), atol=1e-12)
    # QR may flip columns; the projection they span is what moved.
    moved = turned @ turned.T - frame @ frame.T
    symmetric = gradient @ frame.T + frame @ gradient.T
    assert (moved * symmetric).sum() > 0
    np.testing.assert_array_equal(ascend(frame, frame, 0.3), frame)


@given(st.integers(0, 100), st.integers(1, 3))
def test_removals_leave_nothing_of_the_coordinates(seed, rank):
    rng = stream(seed, "removal")
    states = rng.normal(size=(6, 4, 8)) @ rng.normal(size=(8, 8))
    mean, basis = rng.normal(size=(4, 8)), random_basis(8, rank, rng)
    plain = Removal(basis, mean)
    natural = along_covariance(plain, states, np.eye(8))
    for removal in (plain, natural):
        np.testing.assert_allclose((removal(states) - mean) @ basis, 0, atol=1e-9)
    # Along the covariance nothing that remains can be guessed from what was removed; a projection leaves such traces.
    coordinates = ((states - mean) @ basis).reshape(-1, rank)
    np.testing.assert_allclose(coordinates.T @ (natural(states) - mean).reshape(-1, 8), 0, atol=1e-7)
    assert np.abs(coordinates.T @ (plain(states) - mean).reshape(-1, 8)).max() > 1e-3
    other = of_equal_norm(random_basis(8, rank, rng), plain, states)
    assert other.norm(states) == pytest.approx(plain.norm(states))
    assert np.sqrt(np.square(states - other(states)).sum(axis=-1).mean()) == pytest.approx(plain.norm(states))


def test_edits_touch_only_the_positions_that_predict():
    subject = transformer_subject("regression")
    batch = Samples.of(subject, 16).fit[MAJORS]
    arrays = subject.family.encode(batch)
    edit = {"post_mlp.1": edit_at(arrays.positions, lambda states: states + 1)}
    before = subject.network.forward(arrays.inputs, capture=("post_mlp.1",))[1]["post_mlp.1"]
    after = subject.network.forward(arrays.inputs, capture=("post_mlp.1",), edit=edit)[1]["post_mlp.1"]
    np.testing.assert_array_equal(after[:, 1::2], before[:, 1::2])
    np.testing.assert_allclose(after[:, ::2], before[:, ::2] + 1)


@pytest.mark.parametrize("kind", FAMILIES)
def test_steering_writes_the_point_and_leaves_the_rest(kind, monkeypatch):
    subject = transformer_subject(kind)
    batch, forward, seen = Samples.of(subject, 16).evaluation[MAJORS], subject.network.forward, []

    def recording(inputs, capture=(), edit=None):
        outputs, captured = forward(inputs, (*capture, subject.site), edit)
        seen.append(captured[subject.site])
        return outputs, captured

    steering, arrays = Steering.of(subject, batch, 2), subject.family.encode(batch)
    monkeypatch.setattr(subject.network, "forward", recording)
    steering.steered(subject.task)
    columns, positions = steering.columns, arrays.positions[steering.columns]
    before = subject.states(batch)[:, columns]
    context = subject.intercepts[columns] + subject.beside(subject.family.current(batch))[:, columns] @ subject.current
    basis = subject.task_basis
    for point, states in zip(steering.grid, seen, strict=False):
        task = (states[:, positions] - context) @ basis
        np.testing.assert_allclose(task, np.broadcast_to(point @ subject.task @ basis, task.shape), atol=1e-9)
        moved = states[:, positions] - before
        np.testing.assert_allclose(moved, moved @ basis @ basis.T, atol=1e-9)


def test_samples_are_held_out_and_neighbours_differ():
    subject = transformer_subject("dice")
    samples = Samples.of(subject, 17)
    assert {name: len(batch) for name, batch in samples.evaluation.items()} == {MAJORS: 15, MINORS: 15, FRESH: 15}
    tasks = samples.evaluation[MAJORS].tasks
    assert np.all(tasks != np.roll(tasks, -1))
    for name in (MAJORS, FRESH):
        assert not np.array_equal(samples.fit[name].symbols, samples.evaluation[name].symbols)
    assert MINORS not in Samples.of(transformer_subject("dice", minors=0), 17).evaluation


def test_rises_are_zero_without_a_change_and_of_the_sign_of_harm():
    subject = transformer_subject("dice")
    samples = Samples.of(subject, 16)
    losses = Losses.of(subject, samples)
    nothing = losses.rises(Removal(subject.task_basis, samples.mean, scale=0.0))
    assert all(np.all(rise == 0) for rise in nothing.values())
    everything = losses.rises(Removal(np.eye(10), samples.mean))
    for name, batch in samples.evaluation.items():
        np.testing.assert_allclose(
            losses.before[name] + everything[name], subject.loss(batch, lambda h: h * 0 + samples.mean)
        )


def test_history_does_nothing_where_no_later_layer_reads_it():
    subject = transformer_subject("dice", layers=4)
    for layer in (2, 3):
        subject.network.parameters[f"layers.{layer}.attention.output.weight"][:] = 0
    rises = history_rises(subject, Samples.of(subject, 16).evaluation[MAJORS])
    assert list(rises) == [f"post_mlp.{layer}" for layer in range(4)]
    assert np.any(rises["post_mlp.0"] != 0)
    for layer in (1, 2, 3):
        np.testing.assert_array_equal(rises[f"post_mlp.{layer}"], 0)


def test_swapped_history_is_the_neighbours_and_the_last_position_stays():
    states = stream(0, "states").normal(size=(4, 5, 3))
    swapped = swap_history(states)
    np.testing.assert_array_equal(swapped[:, -1], states[:, -1])
    np.testing.assert_array_equal(swapped[:-1, :-1], states[1:, :-1])
    np.testing.assert_array_equal(swapped[-1, :-1], states[0, :-1])


def test_grid_and_window_and_the_nulls_of_the_simplex():
    grid = simplex_grid(3, 5)
    assert len(grid) == len(np.unique(grid, axis=0)) == 15
    np.testing.assert_allclose(grid.sum(axis=1), 1)
    assert grid.min() == 0
    assert window(127).tolist() == list(range(25, 40))
    simplex = stream(0, "simplex").normal(size=(3, 6))
    turned = rotated(simplex, stream(0, "rotation"))
    np.testing.assert_allclose(turned @ turned.T, simplex @ simplex.T)
    assert not np.any(np.isclose(turned, simplex))
    for wrong in permuted(simplex):
        assert not np.any(np.all(np.isclose(wrong, simplex), axis=1))


def linear_context(seed, noise):
    rng = stream(seed, "context")
    slopes = rng.normal(size=(4, 6))
    statistics = rng.normal(size=(50, 7, 4))
    states = statistics @ slopes + rng.normal(size=(7, 6)) + noise * rng.normal(size=(50, 7, 6))
    return Context(states, statistics), slopes


def test_reading_recovers_a_linear_map_and_is_scored_on_other_sequences():
    fit, slopes = linear_context(0, 0.0)
    reading = Reading.fit(fit, np.eye(6)[:, :2])
    np.testing.assert_allclose(reading.slopes, slopes[:, :2], atol=1e-9)
    noisy, _ = linear_context(0, 2.0)
    few = Context(noisy.states[:3], noisy.statistics[:3])
    error, total = Reading.fit(few, np.eye(6)).moments(few).mean(axis=0)
    held_error, held_total = Reading.fit(few, np.eye(6)).moments(noisy).mean(axis=0)
    assert 1 - held_error / held_total < 1 - error / total
    other = fit.of_other_sequences(stream(1, "others"))
    error, total = Reading.fit(other, np.eye(6)).moments(other).mean(axis=0)
    assert 1 - error / total < 0.2


def test_parts_of_the_filtered_removal_add_up_to_the_whole():
    context, _ = linear_context(2, 0.5)
    basis, mean = random_basis(6, 2, stream(2, "basis")), stream(2, "mean").normal(size=(7, 6))
    changes = split_changes(Reading.fit(linear_context(3, 0.5)[0], basis), context, mean)
    taken = {name: context.states - change(context.states) for name, change in changes.items()}
    both = taken["explained and unexplained"]
    np.testing.assert_allclose(taken["explained"] + taken["unexplained"], both, atol=1e-12)
    np.testing.assert_allclose(both + taken["shift"], Removal(basis, mean).taken(context.states), atol=1e-12)
    assert np.ptp(taken["shift"], axis=0).max() < 1e-12


def test_everything_is_a_function_of_the_arguments_and_has_its_nulls():
    subject, untrained = transformer_subject("dice"), [transformer_subject("dice", seed=seed) for seed in (1, 2)]
    found, again = answers(subject, SETTINGS, untrained), answers(subject, SETTINGS)
    assert repr(found.statistics) == repr(again.statistics)
    assert repr(found.shown) == repr(again.shown)
    history = [rise.value for rise in found.shown["history"].history.values()]
    assert found.statistics["history"].value == pytest.approx(history[0] - history[-2])
    names = {"steering", "history", "V carries", "V contest", "filtered removal", "theta specificity", "V control"}
    names |= {"theta dissociation", "V specificity", "V dissociation", "V minors"}
    assert found.statistics.keys() == names
    nulled = {name for table in found.nulls.values() for name in table}
    assert nulled == names
    own = [answers(other, SETTINGS).statistics for other in untrained]
    for table in own:
        del table["filtered removal"]  # where removing V does nothing, the share of its effect is no number
    expected = ranging({UNTRAINED: own})[UNTRAINED]
    assert {name: found.nulls[UNTRAINED][name] for name in expected} == expected
    few = answers(subject, SETTINGS.model_copy(update={"controls": 1}), untrained).nulls[UNTRAINED]
    assert few["steering"] == expected["steering"]
    assert few["V specificity"] == Estimate.of_value(own[0]["V specificity"].value)


def test_what_is_shown_reads_back_equal():
    shown = answers(transformer_subject("dice"), SETTINGS).shown
    assert shown.keys() == {"steering", "dissociation", "what V carries", "history"}
    for table in shown.values():
        assert repr(type(table).model_validate_json(table.model_dump_json())) == repr(table)


def test_what_cannot_be_had_is_left_out():
    plain = answers(transformer_subject("dice", minors=0), SETTINGS)
    assert plain.statistics.keys() == {"steering", "history"}
    assert plain.shown.keys() == {"steering", "history"}
    shallow = answers(transformer_subject("dice", layers=2), SETTINGS)
    assert "history" not in shallow.statistics
    narrow = answers(transformer_subject("dice", width=4), SETTINGS)
    assert narrow.statistics.keys() == {"steering", "history"}
    assert answers(transformer_subject("dice"), None) == Answers()


def test_only_networks_can_be_steered():
    side = side_of(transformer_subject("dice"), SETTINGS)
    states = RandomSource(side.setting.family, side.setting.stream)
    with pytest.raises(TypeError, match="causal tests need a network; got RandomSource"):
        subject_of(Side(Observed(states, side.setting, "features"), side.arenas))
    with pytest.raises(ValueError, match="causal tests need their sizes"):
        tested.tested(side_of(transformer_subject("dice"), None))


def test_settings_refuse_what_they_do_not_know():
    with pytest.raises(ValidationError, match="rank"):
        Causal(sequences=32, rank=3)
    with pytest.raises(ValidationError, match="speed"):
        Causal.model_validate({"sequences": 32, "speed": 1})
