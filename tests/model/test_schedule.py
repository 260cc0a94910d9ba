"""The learning rate: the paper's triangle, and a level between rise and fall."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import TrainingConfig, learning_rate


@given(st.integers(1, 10_000), st.floats(1e-6, 1.0), st.integers(0, 64).map(lambda i: i / 64))
def test_the_schedule_is_a_triangle(steps, peak, warmup):
    config = TrainingConfig(steps, peak, warmup=warmup)
    at_peak = warmup * steps
    assert learning_rate(config, at_peak) == pytest.approx(peak)
    if warmup > 0:
        assert learning_rate(config, 0.0) == 0.0
        assert learning_rate(config, at_peak / 3) == pytest.approx(peak / 3)
    if warmup < 1:
        assert learning_rate(config, float(steps)) == 0.0
        third = steps - (steps - at_peak) / 3
        assert learning_rate(config, third) == pytest.approx(peak / 3, rel=1e-6)


def test_the_papers_schedule_peaks_half_way():
    config = TrainingConfig(30_000, 4e-4)
    rates = [learning_rate(config, s) for s in (0.0, 7_500.0, 15_000.0, 22_500.0, 30_000.0)]
    assert rates == pytest.approx([0, 2e-4, 4e-4, 2e-4, 0])


def test_a_cooldown_that_takes_what_the_warmup_leaves_is_the_triangle():
    for s in np.linspace(0, 100, 31):
        wanted = learning_rate(TrainingConfig(100, 0.1, warmup=0.3), s)
        assert learning_rate(TrainingConfig(100, 0.1, warmup=0.3, cooldown=0.7), s) == pytest.approx(wanted)


def test_a_short_cooldown_leaves_a_level():
    config = TrainingConfig(200, 0.1, warmup=0.05, cooldown=0.7)
    rates = [learning_rate(config, s) for s in (0.0, 5.0, 10.0, 35.0, 60.0, 130.0, 200.0)]
    assert rates == pytest.approx([0, 0.05, 0.1, 0.1, 0.1, 0.05, 0])
    level = TrainingConfig(200, 0.1, warmup=0.0, cooldown=0.0)
    assert {learning_rate(level, s) for s in (0.0, 77.7, 200.0)} == {0.1}
