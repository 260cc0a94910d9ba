"""The next response of a regression against exact fractions, down to a noise that no float64 sum would notice."""

from fractions import Fraction
from math import log, pi

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import points_of

from theory import NoisyLinearRegression, stream
from theory.conjugate import next_response


def solve(matrix, right):
    """Gauss-Jordan elimination in exact fractions; the matrix is positive definite, so no pivot is 0."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for pivot, row in enumerate(rows):
        row[:] = [entry / row[pivot] for entry in row]
        for other in rows:
            if other is not row:
                other[:] = [a - other[pivot] * b for a, b in zip(other, row, strict=True)]
    return [row[-1] for row in rows]


def exact_next_response(x, y, noise, task_scale):
    """Mean and variance of each response as fractions, by the normal equations; a float is a fraction."""
    x, y = [[*map(Fraction, row)] for row in x.tolist()], [*map(Fraction, y.tolist())]
    noise, penalty, d = Fraction(noise), (Fraction(noise) / Fraction(task_scale)) ** 2, len(x[0])
    means, variances = [], []
    for t, row in enumerate(x):
        gram = [[sum(r[i] * r[j] for r in x[:t]) + penalty * (i == j) for j in range(d)] for i in range(d)]
        ridge = solve(gram, [sum(r[i] * v for r, v in zip(x[:t], y, strict=False)) for i in range(d)])
        spread = solve(gram, row)
        means.append(sum(a * b for a, b in zip(ridge, row, strict=True)))
        variances.append(noise**2 * (1 + sum(a * b for a, b in zip(spread, row, strict=True))))
    return means, variances


def largest_errors(x, y, noise, task_scale=1.0):
    """Error of the means beside the largest, and largest relative error of a variance."""
    means, variances = exact_next_response(x, y, noise, task_scale)
    mean, deviation = next_response(x[None], y[None], noise, task_scale)
    size = max(map(abs, means)) or 1
    of_means = max(abs(Fraction(m) - exact) / size for m, exact in zip(mean[0].tolist(), means, strict=True))
    of_variances = max(
        abs(Fraction(s) ** 2 / exact - 1) for s, exact in zip(deviation[0].tolist(), variances, strict=True)
    )
    return float(of_means), float(of_variances)


RATIOS = [1e6, 1e3, 1.0, 1e-3, 1e-6, 1e-8, 1e-12, 1e-16, 1e-20, 1e-30]


@pytest.mark.parametrize("noise", RATIOS)
@given(seed=st.integers(0, 2**32 - 1), dimension=st.integers(1, 4), task_scale=st.sampled_from([1.0, 1e-9, 1e9]))
def test_mean_and_deviation_keep_their_digits_whatever_the_noise(noise, seed, dimension, task_scale):
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((8, dimension)), task_scale * rng.standard_normal(8)
    of_means, of_variances = largest_errors(x, y, noise * task_scale, task_scale)
    # Typically 1e-15; covariates of a random draw are now and then nearly dependent.
    assert of_means < 1e-9
    assert of_variances < 1e-10


@pytest.mark.parametrize("noise", [1.0, 1e-4, 1e-8])
@given(data=st.data(), dimension=st.integers(1, 3))
def test_dependent_covariates_leave_the_digits_of_the_noise(noise, data, dimension):
    """Repeated and parallel x, with responses that the task could have given: errors below 1e-16 / ratio."""
    entries = st.lists(st.sampled_from([-2.0, -1.0, 0.0, 1.0, 3.0, 0.1]), min_size=dimension, max_size=dimension)
    x = np.array(data.draw(st.lists(entries, min_size=2, max_size=7)))
    rng = stream(data.draw(st.integers(0, 999)), "responses")
    y = x @ rng.standard_normal(dimension) + noise * rng.standard_normal(len(x))
    of_means, of_variances = largest_errors(x, y, noise)
    assert of_means < 1e-14 / noise
    assert of_variances < 1e-12


@pytest.mark.parametrize("noise", [1e-4, 1e-10, 1e-14, 1e-17, 1e-30])
def test_a_line_through_two_points_that_disagree(noise):
    """y = .3 at x = 1 and y = -1 at x = 2: w is -.34 without noise, so the prediction at x = -1 is .34."""
    x, y = np.array([[1.0], [2.0], [-1.0]]), np.array([0.3, -1.0, 0.0])
    mean, deviation = next_response(x[None], y[None], noise, 1.0)
    assert mean[0, 2] == pytest.approx(0.34, abs=max(1e-15, noise**2))
    assert deviation[0, 2] == pytest.approx(noise * np.sqrt(6 / 5), rel=1e-9)


@pytest.mark.parametrize("noise", [1.0, 1e-4, 1e-8])
def test_evidence_keeps_its_digits(noise):
    rng = stream(0, "evidence")
    x = rng.standard_normal((9, 3))
    y = x @ rng.standard_normal(3) + noise * rng.standard_normal(9)
    means, variances = exact_next_response(x, y, noise, 1.0)
    terms = [
        -log(2 * pi * float(v)) / 2 - float((Fraction(s) - m) ** 2 / v) / 2
        for s, m, v in zip(y.tolist(), means, variances, strict=True)
    ]
    family = NoisyLinearRegression(3, 9, noise)
    np.testing.assert_allclose(family.log_evidence(points_of(x[None], y[None]))[0, -1], sum(terms[:-1]), atol=1e-6)
