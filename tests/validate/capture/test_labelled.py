"""Task designs: which states they hold, what shuffling and resampling move together, and the vectors they recover."""

import numpy as np
import pytest

from theory import BiasedDice, NoisyLinearRegression, stream
from validate.capture.labelled import CellStates, SlopeStates, capture_labelled

S, K, V, N, W, F = 3, 3, 4, 10, 6, 2


def cells(task=1.0, current=1.0, noise=0.0, n=N):
    """Return additive cells of known effects, shifted by position."""
    rng = stream(0, "cells")
    parts = task * rng.normal(size=(K, 1, 1, W)), current * rng.normal(size=(V, 1, W)), rng.normal(size=(S, 1, 1, 1, W))
    states = sum(parts) + noise * rng.normal(size=(S, K, V, n, W))
    return CellStates(states), parts[0][:, 0, 0], parts[1][:, 0]


def slopes(task=1.0, current=1.0, noise=0.0, n=N):
    """Return additive states of known effects on covariates that are another at each position."""
    rng = stream(1, "slopes")
    parts = task * rng.normal(size=(K, 1, W)), current * rng.normal(size=(F, W)), rng.normal(size=(S, 1, 1, W))
    covariate = rng.normal(size=(S, K, n, F)) + 1
    states = parts[0] + covariate @ parts[1] + parts[2] + noise * rng.normal(size=(S, K, n, W))
    return SlopeStates(states, covariate), parts[0][:, 0], parts[1]


def test_planted_vectors_are_recovered():
    for design, task, current in (cells(), slopes()):
        effects = design.main_effects()
        np.testing.assert_allclose(effects.task, task - task.mean(axis=0), atol=1e-10)
        centred = current - current.mean(axis=0) if isinstance(design, CellStates) else current
        np.testing.assert_allclose(effects.current, centred, atol=1e-10)


def test_vectors_are_averages_over_positions():
    for design, _, _ in (cells(noise=1.0), slopes(noise=1.0)):
        each = [design.at([position]).main_effects() for position in range(S)]
        effects = design.main_effects()
        np.testing.assert_allclose(effects.task, np.mean([one.task for one in each], axis=0), atol=1e-12)
        np.testing.assert_allclose(effects.current, np.mean([one.current for one in each], axis=0), atol=1e-12)


def test_estimates_are_of_the_last_position():
    for design, _, _ in (cells(noise=1.0), slopes(noise=1.0)):
        shares, estimates = design.shares(), design.estimate()
        assert {name: estimate.value for name, estimate in estimates.items()} == {
            name: pytest.approx(values[-1]) for name, values in shares.items()
        }
        assert design.at([2, 0]).shares() == {name: [values[2], values[0]] for name, values in shares.items()}


def test_shuffled_labels_leave_no_task_and_all_that_is_current():
    for design, _, _ in (cells(task=2.0, noise=0.3, n=40), slopes(task=2.0, noise=0.3, n=160)):
        before, after = design.shares(), design.shuffled(stream(0, "shuffle")).shares()
        assert min(before["P0*"]) > 0.9
        assert max(after["P0*"]) < 0.05
    # Without a task effect there is nothing to lose: what is current explains as much as before.
    for design, _, _ in (cells(task=0.0, noise=0.3, n=40), slopes(task=0.0, noise=0.3, n=160)):
        before, after = design.shares(), design.shuffled(stream(0, "shuffle")).shares()
        assert min(before["P0"]) > 0.9
        np.testing.assert_allclose(after["P0"], before["P0"], atol=0.01)


def labelled_cells():
    """Return states that say which (task, symbol, sequence) they belong to, and at which position."""
    task, symbol, sequence = np.indices((K, V, N))
    label = np.stack([task, symbol, sequence], axis=-1).astype(float)
    position = np.broadcast_to(np.arange(S, dtype=float)[:, None, None, None, None], (S, K, V, N, 1))
    return CellStates(np.concatenate([np.broadcast_to(label, (S, K, V, N, 3)), position], axis=-1))


def labelled_slopes():
    """Return states and covariates that say which (task, sequence, position) they belong to."""
    position, task, sequence = np.indices((S, K, N)).astype(float)
    label = np.stack([task, sequence, position], axis=-1)
    return SlopeStates(label, label.copy())


@pytest.mark.parametrize("move", ["resampled", "shuffled"])
def test_a_sequence_moves_with_all_its_positions_and_what_is_current(move):
    moved = getattr(labelled_cells(), move)(stream(0, move)).states
    np.testing.assert_array_equal(moved[..., :3], np.broadcast_to(moved[:1, ..., :3], (S, K, V, N, 3)))
    np.testing.assert_array_equal(moved[..., 3], labelled_cells().states[..., 3])
    np.testing.assert_array_equal(moved[..., 1], labelled_cells().states[..., 1])
    design = getattr(labelled_slopes(), move)(stream(0, move))
    np.testing.assert_array_equal(design.states, design.current)
    np.testing.assert_array_equal(design.states[..., :2], np.broadcast_to(design.states[:1, ..., :2], (S, K, N, 2)))
    np.testing.assert_array_equal(design.states[..., 2], labelled_slopes().states[..., 2])


def test_resampling_stays_within_tasks_and_shuffling_loses_no_sequence():
    resampled, shuffled = (
        getattr(labelled_cells(), move)(stream(0, move)).states for move in ("resampled", "shuffled")
    )
    np.testing.assert_array_equal(resampled[..., 0], labelled_cells().states[..., 0])
    assert len(np.unique(resampled[0, 0, 0, :, 2])) < N
    assert np.any(shuffled[..., 0] != labelled_cells().states[..., 0])
    assert len(np.unique(shuffled[0].reshape(-1, 4), axis=0)) == K * V * N
    resampled, shuffled = (
        getattr(labelled_slopes(), move)(stream(0, move)).states for move in ("resampled", "shuffled")
    )
    np.testing.assert_array_equal(resampled[..., 0], labelled_slopes().states[..., 0])
    assert len(np.unique(resampled[0, 0, :, 1])) < N
    assert np.any(shuffled[..., 0] != labelled_slopes().states[..., 0])
    assert len(np.unique(shuffled[0].reshape(-1, 3), axis=0)) == K * N


class Witness:
    """A source whose state is what it was given: task, position and what is current there."""

    sites = ("witness",)

    def __init__(self, family):
        self.family = family

    def states(self, batch, last=False):
        n_positions = len(self.family.encode(batch).positions)
        current = self.family.current(batch)[:, -n_positions:]
        task = np.broadcast_to(batch.tasks[:, None, None], (*current.shape[:2], 1))
        position = np.broadcast_to(np.arange(n_positions)[None, :, None], task.shape)
        states = np.concatenate([task, position, current], axis=-1)
        return {"witness": states[:, -1:] if last else states}

    def mean(self, batch):
        raise AssertionError("no prediction is asked for")


@pytest.mark.parametrize("chunk", [7, 128])
def test_regression_is_captured_with_its_tasks_positions_and_covariates(chunk, monkeypatch):
    monkeypatch.setattr("validate.capture.labelled.CHUNK", chunk)
    family = NoisyLinearRegression(dimension=2, points=9)
    pool = family.sample_pool(stream(0, "pool"), 3)
    design = capture_labelled(Witness(family), family, pool, (1, 8, 4), 5, stream(0, "design"))["witness"]
    assert isinstance(design, SlopeStates)
    assert design.states.shape == (3, 3, 5 * 3, 4)
    task, position, current = design.states[..., 0], design.states[..., 1], design.states[..., 2:]
    np.testing.assert_array_equal(task, np.broadcast_to(np.arange(3)[None, :, None], task.shape))
    np.testing.assert_array_equal(position, np.broadcast_to(np.array([1, 8, 4])[:, None, None], position.shape))
    np.testing.assert_array_equal(current, design.current)
    assert len(np.unique(current.reshape(-1, 2), axis=0)) == 3 * 3 * 15


def test_symbols_are_captured_in_balanced_cells():
    family = BiasedDice(faces=4, length=12)
    pool = family.sample_pool(stream(0, "pool"), 3)
    design = capture_labelled(Witness(family), family, pool, (1, 5), 6, stream(0, "design"))["witness"]
    assert isinstance(design, CellStates)
    assert design.states.shape == (2, 3, 4, 6, 6)
    task, symbol = design.states[..., 0], design.states[..., 2:].argmax(axis=-1)
    np.testing.assert_array_equal(task, np.broadcast_to(np.arange(3)[None, :, None, None], task.shape))
    np.testing.assert_array_equal(symbol, np.broadcast_to(np.arange(4)[None, None, :, None], symbol.shape))
