"""P-values over seeds against SciPy's own test, and Holm's adjustment against its defining procedure."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from validate.statistics.multiplicity import holm, p_above

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=8)


def test_p_values_are_those_of_students_t():
    values = np.random.default_rng(0).normal(0.3, 1.0, size=5)
    for bound in (-1.0, 0.0, 2.0):
        expected = stats.ttest_1samp(values, bound, alternative="greater").pvalue
        assert p_above(values, bound) == pytest.approx(expected)


def test_what_does_not_scatter_is_certain_and_one_value_says_nothing():
    assert [p_above([0.75, 0.75], bound) for bound in (0.5, 0.75, 1.0)] == [0.0, 0.5, 1.0]
    assert math.isnan(p_above([0.75], 0.5))
    assert math.isnan(p_above([0.75, math.nan, 0.75], 0.5))


@given(P_VALUES, st.integers(0, 4), st.floats(0.001, 0.999))
def test_rejections_are_those_of_holms_steps(p_values, untested, level):
    """Step down: reject while the i-th smallest p-value is at most level / (claims not yet rejected)."""
    n_claims = len(p_values) + untested
    adjusted, rejected = holm(p_values, n_claims), set()
    for step, index in enumerate(np.argsort(p_values, kind="stable")):
        if (n_claims - step) * p_values[index] > level:
            break
        rejected.add(index)
    assert {index for index, p in enumerate(adjusted) if p <= level} == rejected


def test_an_undefined_p_value_stays_so_and_counts():
    adjusted = holm([0.01, math.nan, 0.02], 3)
    assert adjusted[0] == pytest.approx(0.03)
    assert math.isnan(adjusted[1])
    assert adjusted[2] == pytest.approx(0.04)
    with pytest.raises(ValueError, match="n_claims must be at least 3"):
        holm([0.1, 0.2, 0.3], 2)


def test_false_claims_are_rare_among_eight_that_are_all_false():
    """With five seeds each and true means on the tolerance, one or more of eight holds in at most .05 of the runs."""
    rng = np.random.default_rng(1)
    runs = rng.normal(size=(600, 8, 5))
    found = [min(holm([p_above(claim, 0.0) for claim in run], 8)) <= 0.05 for run in runs]
    assert stats.binomtest(sum(found), len(found), 0.05, alternative="greater").pvalue > 0.01
