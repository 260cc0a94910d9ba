"""Running statistics against counts made by hand, one sequence and one target at a time."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from strategies import dice_cases, dyck_cases, markov_cases, regression_cases

from theory import PlantedDyck, stream
from theory.categorical import centred_log_ratio


def clr(weights):
    logs = np.log(np.asarray(weights, dtype=float))
    return logs - logs.mean()


@given(dice_cases())
def test_dice_hold_the_log_ratio_of_counts(case):
    family, found = case.family, case.family.running_statistics(case.batch)
    for sequence, symbols in enumerate(case.batch.symbols):
        for target in range(family.length):
            counts = np.bincount(symbols[:target], minlength=family.faces)
            np.testing.assert_allclose(found[sequence, target], clr(counts + family.concentration), atol=1e-12)


@given(markov_cases())
def test_chains_hold_the_log_ratios_of_transitions_and_the_current_row(case):
    family, found = case.family, case.family.running_statistics(case.batch)
    states = family.states
    for sequence, symbols in enumerate(case.batch.symbols):
        assert not found[sequence, 0].any()
        for target in range(1, family.length):
            counts = np.zeros((states, states))
            for before, after in pairwise(symbols[:target]):
                counts[before, after] += 1
            table = np.stack([clr(row + family.concentration) for row in counts])
            np.testing.assert_allclose(found[sequence, target, : states**2], table.ravel(), atol=1e-12)
            np.testing.assert_allclose(found[sequence, target, states**2 :], table[symbols[target - 1]], atol=1e-12)


@given(regression_cases())
def test_regression_holds_the_ridge_prediction(case):
    family, found = case.family, case.family.running_statistics(case.batch)
    penalty = (family.noise / family.task_scale) ** 2
    for target in range(1, family.points):
        x, y, query = case.batch.x[0, :target], case.batch.y[0, :target], case.batch.x[0, target]
        ridge = np.linalg.solve(x.T @ x + penalty * np.eye(family.dimension), x.T @ y)
        assert found[0, target, 0] == pytest.approx(ridge @ query, rel=1e-6, abs=1e-6)


@given(dyck_cases())
def test_paths_hold_height_and_steps_left(case):
    family, found = case.family, case.family.running_statistics(case.batch)
    up = family.background
    for sequence, symbols in enumerate(case.batch.symbols):
        for target in range(family.length):
            steps = [1 if symbol == up else -1 for symbol in symbols[:target] if symbol >= up]
            assert found[sequence, target].tolist() == [sum(steps), 2 * family.pairs - len(steps)]


def test_height_and_steps_left_fix_the_fresh_prediction():
    family, rng = PlantedDyck(pairs=3, background=2, density=0.6, length=20), stream(0, "batch")
    batch = family.sample(rng, family.sample_pool(rng, 3), 40)
    known = {}
    for key, law in zip(
        family.running_statistics(batch).reshape(-1, 2), family.fresh_mean(batch).reshape(-1, 4), strict=True
    ):
        np.testing.assert_allclose(known.setdefault(tuple(key), law), law, atol=1e-12)


def test_a_common_factor_plays_no_part():
    weights = stream(0, "weights").random((3, 5))
    np.testing.assert_allclose(centred_log_ratio(weights), centred_log_ratio(7 * weights), atol=1e-12)
