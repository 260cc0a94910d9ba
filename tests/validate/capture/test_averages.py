"""Averages against counts made by hand, one sequence and one target at a time."""

from itertools import pairwise

import numpy as np
import pytest

from theory import MarkovChains, NoisyLinearRegression, stream
from validate.capture.averages import averaged_prediction, averaged_statistics


def drawn(family, n=5):
    rng = stream(0, "batch")
    return family.sample(rng, family.sample_pool(rng, 3), n)


def test_chains_average_the_transitions_and_the_current_row():
    family = MarkovChains(states=3, length=12, concentration=0.5)
    batch = drawn(family)
    averages = averaged_statistics(family, batch)
    for sequence, symbols in enumerate(batch.symbols):
        for target in range(1, 12):
            counts = np.zeros((3, 3))
            for before, after in pairwise(symbols[:target]):
                counts[before, after] += 1
            row = counts[symbols[target - 1]]
            frequencies = row / row.sum() if row.sum() else np.full(3, 1 / 3)
            np.testing.assert_allclose(averages[sequence, target, 9:], frequencies, atol=1e-12)


def test_regression_averages_the_product():
    family = NoisyLinearRegression(dimension=3, points=8, noise=0.3)
    batch = drawn(family)
    average = averaged_prediction(family, batch)
    for target in range(1, 8):
        x, y, query = batch.x[0, :target], batch.y[0, :target], batch.x[0, target]
        assert average[0, target, 0] == pytest.approx(query @ x.T @ y / target)
