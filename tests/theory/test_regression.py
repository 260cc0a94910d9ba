import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest, multivariate_normal, norm
from strategies import numbers, points_of, regression_cases

from theory import Mixture, NoisyLinearRegression, extrapolation, retrieval, stream
from theory.conjugate import next_response

UNCHECKED = pytest.mark.skipif(
    numba.config.DISABLE_JIT, reason="where annotations are checked they refuse another type first"
)


def test_one_coefficient_by_hand():
    """sigma = tau = 1 and the point (1, 1): w | point ~ N(1/2, 1/2), so y at x = 2 has mean 1 and variance 3."""
    family, batch = NoisyLinearRegression(1, 3, 1.0, 1.0), points_of([[[1.0], [2.0], [0.0]]], [[1.0, 4.0, 0.0]])
    mean, deviation = next_response(batch.x, batch.y, 1.0, 1.0)
    np.testing.assert_allclose(mean[0, :2], [0, 1], rtol=1e-15)
    np.testing.assert_allclose(deviation[0, :2] ** 2, [2, 3], rtol=1e-15)
    np.testing.assert_allclose(
        family.log_evidence(batch)[0],
        [0, norm.logpdf(1, 0, 2**0.5), multivariate_normal.logpdf([1, 4], [0, 0], [[2, 2], [2, 5]])],
    )


def test_bishops_line():
    """y = -0.3 + 0.5 x, sigma = 0.2, prior precision 2 (Bishop 2006, figure 3.7), read off at x = 0 after 20 points."""
    rng = stream(0, "line")
    x = np.stack([np.ones(21), np.append(rng.uniform(-1, 1, 20), 0)], axis=1)
    y = x @ [-0.3, 0.5] + 0.2 * rng.standard_normal(21)
    mean, deviation = next_response(x[None], y[None], 0.2, 0.5**0.5)
    design, response = x[:20], y[:20]
    covariance = np.linalg.inv(2 * np.eye(2) + 25 * design.T @ design)  # Bishop (3.53), (3.54)
    estimate = 25 * covariance @ design.T @ response
    np.testing.assert_allclose(mean[0, 20], estimate @ [1, 0], rtol=1e-12)
    np.testing.assert_allclose(deviation[0, 20] ** 2, 0.04 + covariance[0, 0], rtol=1e-12)
    assert np.all(np.abs(estimate - [-0.3, 0.5]) < 5 * np.sqrt(np.diag(covariance)))


@given(regression_cases())
def test_likelihood_is_the_product_of_normal_densities(case):
    log_likelihood = case.family.log_likelihood(case.pool, case.batch)
    lines = np.einsum("btd,kd->btk", case.batch.x, case.pool.parameters)
    densities = norm.logpdf(case.batch.y[..., None], lines, case.family.noise)
    np.testing.assert_allclose(log_likelihood[:, 1:], np.cumsum(densities, axis=1)[:, :-1], rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(case.family.task_mean(case.pool, case.batch)[..., 0], lines, rtol=1e-13, atol=1e-13)


@given(regression_cases())
def test_evidence_equals_scipys_multivariate_normal(case):
    """Batch against sequential: N(y; 0, sigma^2 I + tau^2 X X')."""
    family, log_evidence = case.family, case.family.log_evidence(case.batch)
    for row, (x, y) in enumerate(zip(case.batch.x, case.batch.y, strict=True)):
        for t in range(1, len(y)):
            covariance = family.noise**2 * np.eye(t) + family.task_scale**2 * x[:t] @ x[:t].T
            expected = multivariate_normal.logpdf(y[:t], np.zeros(t), covariance)
            np.testing.assert_allclose(log_evidence[row, t], expected, rtol=1e-9, atol=1e-9)


@given(regression_cases())
def test_fresh_mean_is_ridge_regression_and_its_variance_is_known(case):
    """Rotations against normal equations: the same Gaussian posterior, by a factor or by its precision inverted."""
    family = case.family
    fresh = family.fresh_mean(case.batch)[..., 0]
    _, deviation = next_response(case.batch.x, case.batch.y, family.noise, family.task_scale)
    for row, (x, y) in enumerate(zip(case.batch.x, case.batch.y, strict=True)):
        for t in range(len(y)):
            gram = x[:t].T @ x[:t] + (family.noise / family.task_scale) ** 2 * np.eye(family.dimension)
            ridge = np.linalg.solve(gram, x[:t].T @ y[:t])
            np.testing.assert_allclose(fresh[row, t], x[t] @ ridge, rtol=1e-9, atol=1e-9)
            expected = family.noise**2 * (1 + x[t] @ np.linalg.solve(gram, x[t]))
            np.testing.assert_allclose(deviation[row, t] ** 2, expected, rtol=1e-9)


@given(regression_cases())
def test_evidence_is_the_product_of_predictive_densities(case):
    family, batch = case.family, case.batch
    _, deviation = next_response(batch.x, batch.y, family.noise, family.task_scale)
    densities = norm.logpdf(batch.y, family.fresh_mean(batch)[..., 0], deviation)
    np.testing.assert_allclose(np.diff(family.log_evidence(batch), axis=1), densities[:, :-1], rtol=1e-9, atol=1e-9)


@given(regression_cases(), st.integers(0, 99))
def test_turning_the_covariates_and_the_tasks_together_changes_nothing(case, seed):
    d = case.family.dimension
    turn, _ = np.linalg.qr(stream(seed, "rotation").standard_normal((d, d)))
    turned = points_of(case.batch.x @ turn, case.batch.y)
    pool = case.family.make_pool(case.pool.parameters @ turn)
    for predictor in (retrieval, extrapolation):
        before = predictor(Mixture(case.family, case.pool), case.batch)
        after = predictor(Mixture(case.family, pool), turned)
        np.testing.assert_allclose(after.mean, before.mean, rtol=1e-6, atol=1e-9)


@given(regression_cases(), st.sampled_from([1e-3, 7.0, 1e3]))
def test_units_of_the_response_scale_every_prediction(case, unit):
    family, batch = case.family, case.batch
    scaled = NoisyLinearRegression(family.dimension, family.points, unit * family.noise, unit * family.task_scale)
    rescaled = points_of(batch.x, unit * batch.y)
    np.testing.assert_allclose(
        scaled.fresh_mean(rescaled), unit * family.fresh_mean(batch), rtol=1e-9, atol=1e-9 * unit
    )
    shift = np.arange(batch.y.shape[1]) * np.log(unit)
    np.testing.assert_allclose(scaled.log_evidence(rescaled), family.log_evidence(batch) - shift, rtol=1e-9, atol=1e-9)


@given(st.permutations(range(5)), numbers((1, 6, 2)), numbers((1, 6)))
def test_order_of_the_points_does_not_matter(order, x, y):
    family, order = NoisyLinearRegression(2, 6), [*order, 5]
    one, other = points_of(x, y), points_of(x[:, order], y[:, order])
    np.testing.assert_allclose(
        family.log_evidence(other)[:, -1], family.log_evidence(one)[:, -1], rtol=1e-10, atol=1e-10
    )
    np.testing.assert_allclose(family.fresh_mean(other)[:, -1], family.fresh_mean(one)[:, -1], rtol=1e-10, atol=1e-10)


@given(regression_cases())
def test_running_average_is_the_mean_of_x_times_y(case):
    average = case.family.running_average(case.batch)
    assert not average[:, 0].any()
    for t in range(1, case.batch.y.shape[1]):
        expected = (case.batch.x[:, :t] * case.batch.y[:, :t, None]).mean(axis=1)
        np.testing.assert_allclose(average[:, t], expected, rtol=1e-12, atol=1e-14)
    assert np.array_equal(case.family.average_vertices(case.pool), case.pool.parameters)


@given(regression_cases())
def test_encoding_alternates_covariates_and_responses(case):
    inputs, targets, positions = case.family.encode(case.batch)
    assert inputs.dtype == targets.dtype == np.float32
    for row, (x, y) in enumerate(zip(case.batch.x, case.batch.y, strict=True)):
        expected = [vector for t in range(len(y)) for vector in ([0, *x[t]], [y[t], *np.zeros_like(x[t])])]
        assert np.array_equal(inputs[row], np.array(expected, dtype=np.float32))
    assert np.array_equal(positions, 2 * np.arange(case.batch.y.shape[1]))


def test_samples_have_normal_covariates_noise_and_tasks():
    family = NoisyLinearRegression(dimension=3, points=50, noise=0.2, task_scale=2.0)
    pool = family.sample_pool(stream(0, "tasks"), 20_000)
    assert kstest(pool.parameters.ravel() / 2, "norm").pvalue > 1e-4
    batch = family.sample(stream(0, "points"), pool, 500)
    assert kstest(batch.x.ravel(), "norm").pvalue > 1e-4
    noise = batch.y - np.einsum("btd,bd->bt", batch.x, pool.parameters[batch.tasks])
    assert kstest(noise.ravel() / 0.2, "norm").pvalue > 1e-4
    assert abs(np.corrcoef(noise.ravel(), batch.x[..., 0].ravel())[0, 1]) < 5 / np.sqrt(noise.size)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dimension": 0}, "dimension must be at least 1; got 0"),
        ({"points": 0}, "points must be at least 1; got 0"),
        ({"noise": 0.0}, "noise must be positive and finite; got 0.0"),
        ({"task_scale": float("inf")}, "task_scale must be positive and finite; got inf"),
        pytest.param({"dimension": 2.5}, "dimension must be a whole number; got 2.5", marks=UNCHECKED),
        pytest.param({"points": np.nan}, "points must be a whole number; got nan", marks=UNCHECKED),
        ({"points": True}, "points must be a whole number; got True"),
        ({"noise": np.nan}, "noise must be positive and finite; got nan"),
        ({"noise": 1e200}, r"noise must be between 1e-30 and 1e\+30; got 1e\+200"),
        ({"task_scale": 1e-200}, r"task_scale must be between 1e-30 and 1e\+30; got 1e-200"),
        (
            {"noise": 1e-9},
            "noise must be at least 1e-08 of task_scale, or the rounding of y hides it; got 1e-09 beside 1",
        ),
    ],
)
def test_families_that_do_not_exist_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        NoisyLinearRegression(**arguments)


def test_coefficients_and_points_that_are_none_are_refused():
    family = NoisyLinearRegression(dimension=2, points=3)
    with pytest.raises(ValueError, match="parameters must be finite"):
        family.make_pool([[np.nan, 1.0]])
    pool = family.make_pool([[1.0, 2.0]])
    with pytest.raises(ValueError, match=r"x must have shape \(1, 1, 2\); got \(1, 1, 3\)"):
        family.log_likelihood(pool, points_of([[[0.0, 0.0, 0.0]]], [[0.0]]))
    with pytest.raises(ValueError, match="x and y must be finite"):
        family.fresh_mean(points_of([[[0.0, np.inf]]], [[0.0]]))
