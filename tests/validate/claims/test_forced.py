"""The interaction a read-out forces, against least squares on the laws it must produce."""

import numpy as np
import pytest

from theory import BiasedDice, MarkovChains, NoisyLinearRegression, PlantedDyck, stream
from validate.claims.forced import Forced, forced_interaction


def unexplained(cells, *effects):
    """Return the squares of cells (K, A, D) that effects of the task or the symbol, and a constant, do not explain."""
    n_tasks, n_symbols, _ = cells.shape
    index = dict(zip(("task", "symbol"), np.indices((n_tasks, n_symbols)).reshape(2, -1), strict=True))
    sizes = {"task": n_tasks, "symbol": n_symbols}
    columns = [np.ones((n_tasks * n_symbols, 1)), *(np.eye(sizes[name])[index[name]] for name in effects)]
    regressors, flat = np.concatenate(columns, axis=1), cells.reshape(n_tasks * n_symbols, -1)
    return np.square(flat - regressors @ np.linalg.lstsq(regressors, flat, rcond=None)[0]).sum()


def test_markov_chains_force_what_no_additive_table_explains():
    family = MarkovChains(states=4, length=8)
    pool = family.sample_pool(stream(0, "forced"), 3)
    logits = np.log(pool.parameters)
    logits = logits - logits.mean(axis=-1, keepdims=True)
    interaction = unexplained(logits, "task", "symbol")
    of_cells, of_task = interaction / unexplained(logits), interaction / unexplained(logits, "symbol")
    forced = forced_interaction(family, pool)
    assert forced == pytest.approx(Forced(of_cells, of_task))
    assert forced.of_cells > 0.1


def test_dice_force_nothing_and_regression_has_no_task_effect():
    dice, regression = BiasedDice(faces=4, length=8), NoisyLinearRegression(dimension=3, points=8)
    assert forced_interaction(dice, dice.sample_pool(stream(0, "forced"), 3)) == Forced(0, 0)
    forced = forced_interaction(regression, regression.sample_pool(stream(0, "forced"), 3))
    assert forced.of_task == pytest.approx(1)
    assert 0 < forced.of_cells < 1


def test_dyck_paths_have_no_such_table():
    family = PlantedDyck(pairs=2, background=2, length=12)
    assert forced_interaction(family, family.sample_pool(stream(0, "forced"), 2)) is None
