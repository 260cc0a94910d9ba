"""The balanced design is balanced, its contexts come from their tasks, and shuffling moves labels alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from theory import BiasedDice, stream
from validate.capture.balanced import capture_balanced, shuffle_tasks, with_current_symbol
from validate.experiment.sampling import draw_natural


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
