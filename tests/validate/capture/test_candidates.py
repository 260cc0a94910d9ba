"""Distances to candidates are finite and signed."""

import math

import numpy as np
import pytest

from theory import Mixture, PlantedDyck, SymbolBatch, divergence
from validate.capture.candidates import phase_ratio, reference_mean
from validate.capture.finite import FLOOR, floored


def test_a_path_outside_the_pool_has_finite_distances():
    family = PlantedDyck(pairs=3, background=2, density=0.5, length=24)
    pool = family.make_pool([[1, -1, 1, -1, 1, -1], [1, -1, 1, 1, -1, -1]])
    mixture = Mixture(family, pool)
    batch = SymbolBatch(np.zeros(2, np.int64), np.array([[2, 2, 0, 1, 3, 3], [2, 3, 0, 1, 2, 3]]))
    mean = reference_mean("M1", mixture, batch)
    laws = [family.task_mean(pool, batch)[0, 5, k] for k in range(2)]
    np.testing.assert_allclose(mean[0, 5], (laws[0] + laws[1]) / 2)
    assert mean[1, 1, 2] == 0
    uniform = np.full_like(mean, 0.25)
    from_retrieval = divergence("symbol", mean, uniform)
    assert np.isfinite(from_retrieval).all()
    seen = mean[1, 1][mean[1, 1] > 0]
    assert from_retrieval[1, 1] == pytest.approx((seen * np.log(4 * seen)).sum())
    law = floored("symbol", mean)[1, 1]
    np.testing.assert_allclose(law, (1 - FLOOR) * mean[1, 1] + FLOOR / 4)
    np.testing.assert_array_equal(floored("symbol", uniform), uniform)


def test_phases_are_signed():
    assert phase_ratio(0.001, 0.1) == pytest.approx(-2)
    assert phase_ratio(0.1, 0.001) == pytest.approx(2)
    assert math.isfinite(phase_ratio(0.0, 0.1))
