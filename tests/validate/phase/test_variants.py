"""Variants beside the base: differences are taken within a seed, over the diversities that all have."""

import numpy as np
import pytest
from made_map import DIVERSITIES, STEPS, made
from scipy import stats

from validate.phase.variants import MEASURES, variants

POLE = "second pole, fresh tasks"


def grid(level, seed, variant="base"):
    return made(np.full((len(STEPS), len(DIVERSITIES)), level), seed, variant=variant)


def test_differences_are_within_a_seed_where_levels_scatter():
    levels, change = [0.1, 0.5, 0.7], [0.05, 0.06, 0.04]
    columns = [c for seed, level in enumerate(levels) for c in grid(level, seed)]
    columns += [c for seed, level in enumerate(levels) for c in grid(level + change[seed], seed, "muon")]
    [rows] = variants(columns).values()
    assert [row.name for row in rows] == ["base", "muon"]
    base, muon = rows
    assert (base.differences, set(muon.differences)) == ({}, set(MEASURES))
    assert base.values[POLE].value == pytest.approx(np.mean(levels))
    found = muon.differences[POLE]
    low, high = stats.t.interval(0.95, 2, np.mean(change), stats.sem(change))
    assert (found.value, found.low, found.high) == pytest.approx((0.05, low, high))
    assert found.low > 0 > muon.values[POLE].low
    assert np.isnan(muon.values["R²_OOD*"].value)


def test_only_shared_diversities_are_compared():
    weight = np.tile(np.linspace(0, 1, len(DIVERSITIES)), (len(STEPS), 1))
    few = [column for column in made(weight, 0, variant="muon") if column.diversity <= 4]
    [[base, muon]] = variants([*made(weight, 0), *few]).values()
    assert base.values[POLE].value == pytest.approx(weight[0, :3].mean())
    assert muon.differences[POLE].value == pytest.approx(0)


def test_a_base_alone_has_no_variants():
    assert variants(grid(0.5, 0)) == {}
