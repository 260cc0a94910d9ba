"""The balanced design is balanced, its contexts come from their tasks, and shuffling moves labels alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import dice_setting

from theory import BiasedDice, stream
from validate.capture.balanced import capture_balanced, draw_natural, shuffle_tasks, with_current_symbol
from validate.capture.sources import FeatureSource, RandomSource
from validate.claims.properties import Captured


class Recorder:
    """A source whose state is the one-hot current symbol followed by counts of the symbols read before it."""

    sites = ("counts",)

    def __init__(self, family):
        self.family = family

    def states(self, batch, last=False):
        one_hot = self.family.targets(batch)[:, :-1]
        states = np.concatenate([one_hot, one_hot.cumsum(axis=1) - one_hot], axis=-1)
        return {"counts": states[:, -1:] if last else states}

    def mean(self, batch):
        raise AssertionError("no prediction is asked for")


@pytest.fixture
def degenerate():
    """Three dice that each show one face only, so that a context names its task."""
    family = BiasedDice(faces=4, length=12)
    return family, family.make_pool(np.eye(4)[:3])


def test_every_cell_has_its_symbol_and_its_task(degenerate):
    family, majors = degenerate
    states = capture_balanced(Recorder(family), family, majors, (1, 5, 10), 4, 6, stream(0, "balanced"))["counts"]
    assert states.shape == (3, 3, 4, 6, 8)
    for index, position in enumerate((1, 5, 10)):
        for task in range(3):
            for symbol in range(4):
                cell = states[index, task, symbol]
                np.testing.assert_array_equal(cell[:, :4], np.broadcast_to(np.eye(4)[symbol], (6, 4)))
                np.testing.assert_array_equal(cell[:, 4:], np.broadcast_to(position * np.eye(4)[task], (6, 4)))


@given(st.integers(0, 10), st.integers(0, 3))
def test_setting_the_current_symbol_keeps_the_context(position, symbol):
    family = BiasedDice(faces=4, length=12)
    batch = draw_natural(family, stream(1, "natural"), family.sample_pool(stream(1, "pool"), 3), 5)
    np.testing.assert_array_equal(np.bincount(batch.tasks), [5, 5, 5])
    changed = with_current_symbol(batch, position, np.full(15, symbol))
    assert family.encode(changed).inputs.shape == (15, position + 1)
    np.testing.assert_array_equal(changed.symbols[:, :position], batch.symbols[:, :position])
    np.testing.assert_array_equal(changed.symbols[:, position], symbol)


@given(st.integers(0, 100))
def test_shuffling_moves_states_between_tasks_of_one_symbol_only(seed):
    states = stream(seed, "states").normal(size=(2, 3, 4, 5, 2))
    shuffled = shuffle_tasks(states, stream(seed, "shuffle"))
    for symbol in range(4):
        for part in range(2):
            before, after = (np.sort(s[part, :, symbol].reshape(-1, 2), axis=0) for s in (states, shuffled))
            np.testing.assert_array_equal(before, after)
    assert np.any(shuffled != states)


def test_all_sources_are_captured_on_the_same_sequences():
    setting = dice_setting(cell_sequences=4)
    one, other = (Captured.of(Recorder(setting.family), setting) for _ in range(2))
    np.testing.assert_array_equal(one.design["counts"].states, other.design["counts"].states)
    np.testing.assert_array_equal(one.fresh["counts"], other.fresh["counts"])
    assert not np.array_equal(one.fit["counts"], one.score["counts"])


def test_the_last_state_is_the_same_alone_or_among_all():
    setting = dice_setting(cell_sequences=4)
    assert RandomSource(setting.family, stream(0, "r")).states(setting.fit, last=True)["features"].shape[1] == 1

    def features(batch):
        average = setting.family.running_average(batch)
        return average, average

    sources = [FeatureSource(setting.family, features, stream(0, "embedding")) for _ in range(2)]
    last = sources[0].states(setting.fit, last=True)["features"][:, 0]
    every = sources[1].states(setting.fit)["features"][:, -1]
    # Both draw the same embeddings; what differs is the small noise added to each.
    assert np.abs(last - every).max() < 0.1 < np.abs(every).max()
