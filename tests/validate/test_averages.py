"""Running statistics against counts made by hand, one sequence and one target at a time."""

from itertools import pairwise

import numpy as np
import pytest

from theory import BiasedDice, MarkovChains, NoisyLinearRegression, PlantedDyck, stream
from validate.capture.running_statistics import (
    averaged_prediction,
    averaged_statistics,
    centred_log_ratio,
    running_statistics,
)


def drawn(family, n=5):
    rng = stream(0, "batch")
    return family.sample(rng, family.sample_pool(rng, 3), n)


def clr(weights):
    logs = np.log(np.asarray(weights, dtype=float))
    return logs - logs.mean()


def test_dice_hold_the_log_ratio_of_counts():
    family = BiasedDice(faces=4, length=12, concentration=0.7)
    batch = drawn(family)
    found = running_statistics(family, batch)
    for sequence, symbols in enumerate(batch.symbols):
        for target in range(12):
            counts = np.bincount(symbols[:target], minlength=4)
            np.testing.assert_allclose(found[sequence, target], clr(counts + 0.7), atol=1e-12)


def test_chains_hold_the_log_ratios_of_transitions_and_the_current_row():
    family = MarkovChains(states=3, length=12, concentration=0.5)
    batch = drawn(family)
    found, averages = running_statistics(family, batch), averaged_statistics(family, batch)
    for sequence, symbols in enumerate(batch.symbols):
        for target in range(1, 12):
            counts = np.zeros((3, 3))
            for before, after in pairwise(symbols[:target]):
                counts[before, after] += 1
            table = np.stack([clr(row + 0.5) for row in counts])
            np.testing.assert_allclose(found[sequence, target, :9], table.ravel(), atol=1e-12)
            np.testing.assert_allclose(found[sequence, target, 9:], table[symbols[target - 1]], atol=1e-12)
            row = counts[symbols[target - 1]]
            frequencies = row / row.sum() if row.sum() else np.full(3, 1 / 3)
            np.testing.assert_allclose(averages[sequence, target, 9:], frequencies, atol=1e-12)


def test_regression_holds_the_ridge_prediction_and_averages_the_product():
    family = NoisyLinearRegression(dimension=3, points=8, noise=0.3)
    batch = drawn(family)
    found, average = running_statistics(family, batch), averaged_prediction(family, batch)
    for target in range(1, 8):
        x, y, query = batch.x[0, :target], batch.y[0, :target], batch.x[0, target]
        ridge = np.linalg.solve(x.T @ x + 0.09 * np.eye(3), x.T @ y)
        assert found[0, target, 0] == pytest.approx(ridge @ query)
        assert average[0, target, 0] == pytest.approx(query @ x.T @ y / target)


def test_paths_hold_height_and_steps_left_which_fix_the_fresh_prediction():
    family = PlantedDyck(pairs=3, background=2, density=0.6, length=20)
    batch = drawn(family, 40)
    found, fresh = running_statistics(family, batch), family.fresh_mean(batch)
    steps = np.where(batch.symbols == 2, 1, np.where(batch.symbols == 3, -1, 0))
    for target in range(20):
        seen = steps[:, :target]
        np.testing.assert_array_equal(found[:, target, 0], seen.sum(axis=1))
        np.testing.assert_array_equal(found[:, target, 1], 6 - np.abs(seen).sum(axis=1))
    known = {}
    for key, law in zip(found.reshape(-1, 2), fresh.reshape(-1, 4), strict=True):
        np.testing.assert_allclose(known.setdefault(tuple(key), law), law, atol=1e-12)


def test_a_common_factor_plays_no_part():
    weights = stream(0, "weights").random((3, 5))
    np.testing.assert_allclose(centred_log_ratio(weights), centred_log_ratio(7 * weights), atol=1e-12)
