"""Parts without bias, shares with honest intervals: populations whose parts are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from theory import stream
from validate.judging.calibration.cells import cells_of, noise_of, slopes_of, true_shares
from validate.statistics.covariance import slope_parts
from validate.statistics.effects import cell_parts
from validate.statistics.intervals import UNDEFINED, Estimate
from validate.statistics.parts import PARTS, SHARES, Parts, Ratio, products_of_covariances

N_DRAWS = 200


def cell_draws(n, sizes, directions=None, n_draws=N_DRAWS, width=6):
    """Return the parts of independent samples of one population of cells."""
    rng = stream(1, f"cells {n} {sizes}")
    *between, within = sizes
    means = cells_of(rng, (3, 4), tuple(between), width)
    noise = (noise_of(rng, (3, 4, n), within, width, directions) for _ in range(n_draws))
    return [cell_parts(means[:, :, None] + one) for one in noise]


def slope_draws(n, sizes, n_draws=N_DRAWS, width=6):
    """Return the parts of independent samples of tasks with slopes on two covariates, standard normal ones."""
    rng = stream(1, f"slopes {n} {sizes}")
    intercepts, slopes = slopes_of(rng, (3, 2), sizes[:3], width)
    found = []
    for _ in range(n_draws):
        x = rng.normal(size=(3, n, 2))
        found.append(slope_parts(intercepts + x @ slopes + noise_of(rng, (3, n), sizes[3], width), x))
    return found


SIZES = (1.0, 2.0, 0.3, 4.0)


@pytest.mark.parametrize(("draws", "n"), [(cell_draws, 2), (cell_draws, 5), (slope_draws, 8), (slope_draws, 40)])
def test_parts_are_unbiased_for_samples_of_any_size(draws, n):
    values = np.array([parts.values for parts in draws(n, SIZES)])
    error = (values.mean(axis=0) - SIZES) / stats.sem(values)
    assert np.abs(error).max() < 4, dict(zip(PARTS, error, strict=True))


@pytest.mark.parametrize(("draws", "n"), [(cell_draws, 24), (slope_draws, 72)])
@pytest.mark.parametrize("interaction", [0.0, 0.02, 0.5])
def test_intervals_of_shares_cover_the_truth(draws, n, interaction):
    sizes = (1.0, 2.0, interaction, 1.0)
    truth, found = true_shares(sizes), [parts.shares() for parts in draws(n, sizes)]
    for name, true in truth.items():
        covered = sum(one[name].low <= true <= one[name].high for one in found)
        assert stats.binom.ppf(1e-3, N_DRAWS, 0.93) <= covered <= stats.binom.ppf(0.999, N_DRAWS, 0.97), name
        values = np.array([one[name].value for one in found])
        assert abs(values.mean() - true) < 4 * stats.sem(values) + 0.003, name


def test_intervals_cover_where_noise_has_few_directions():
    sizes = (1.0, 2.0, 0.0, 1.0)
    found = [parts.shares()["P1*"] for parts in cell_draws(24, sizes, directions=2)]
    covered = sum(one.low <= 0 <= one.high for one in found)
    assert stats.binom.ppf(1e-3, N_DRAWS, 0.93) <= covered <= stats.binom.ppf(0.999, N_DRAWS, 0.97)


def test_shares_of_measured_means_would_be_biased():
    """The fault that is guarded against: noise of cell means taken for an effect."""
    rng, n = stream(2, "plain"), 5
    means = cells_of(rng, (3, 4), (1.0, 2.0, 0.0), 6)
    naive = []
    for _ in range(100):
        cells = (means[:, :, None] + noise_of(rng, (3, 4, n), 4.0, 6)).mean(axis=2)
        # Without noise left in each cell there is nothing to subtract.
        naive.append(cell_parts(np.stack([cells, cells], axis=2)).shares()["P1"].value)
    assert np.mean(naive) > 0.05


@pytest.mark.parametrize("name", ["P1", "P1*"])
def test_a_share_of_nothing_counts_against_the_claim(name):
    noise = noise_of(stream(3, "noise"), (3, 4, 24), 1.0)
    assert cell_parts(noise).shares()[name] == Estimate.of_value(1.0)
    assert abs(cell_parts(noise).shares()["P0*"].value) < 0.05
    assert cell_parts(np.zeros((3, 4, 8, 2))).shares()[name] == UNDEFINED


@given(st.floats(0.1, 10), st.floats(-1, 20), st.floats(0.01, 0.5), st.floats(-0.9, 0.9))
def test_ends_are_where_the_difference_is_as_large_as_its_error_allows(denominator, numerator, spread, correlation):
    covariance = spread**2 * np.array([[1, correlation], [correlation, 1]])
    ratio = Ratio(numerator, denominator, covariance)
    ends = ratio.ends()
    if ends is None:
        assert denominator <= stats.norm.ppf(0.975) * spread * (1 + 1e-9)
        return
    assert ends[0] <= ratio.value <= ends[1]
    assert [ratio.excess(end) for end in ends] == pytest.approx([0, 0], abs=1e-6 * (1 + numerator**2))


def test_a_ratio_with_a_certain_denominator_has_the_interval_of_its_numerator():
    low, high = Ratio(3.0, 2.0, np.diag([0.01, 0.0])).ends()
    assert (low, high) == pytest.approx((1.5 - 1.96 * 0.05, 1.5 + 1.96 * 0.05), abs=1e-4)


def test_products_of_covariances_are_unbiased():
    rng, width, n = stream(4, "covariances"), 10, 8
    scales = np.stack([np.ones(width), np.where(np.arange(width) < 2, 1.0, 0.1)])
    drawn = rng.normal(size=(400, 2, n, width)) * scales[:, None]
    residuals = drawn - drawn.mean(axis=2, keepdims=True)
    found = np.array([products_of_covariances(one) for one in residuals])
    variances = np.square(scales)
    error = (found.mean(axis=0) - variances @ variances.T) / stats.sem(found)
    assert np.abs(error).max() < 4


def test_without_intervals_the_values_are_the_same():
    means = cells_of(stream(5, "m"), (3, 4), (1.0, 1.0, 1.0))
    states = means[:, :, None] + noise_of(stream(5, "n"), (3, 4, 6), 1.0)
    full, bare = cell_parts(states), cell_parts(states, intervals=False)
    assert isinstance(bare, Parts)
    assert bare.linear is None
    for name in SHARES:
        assert bare.shares()[name].value == full.shares()[name].value
        assert np.isnan(bare.shares()[name].low)
