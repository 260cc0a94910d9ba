"""The best mixture of candidates is the minimum, and one step refits it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from theory import divergence, hull_coordinates, stream
from validate.capture.finite import floored
from validate.statistics.best_mixture import Quadratic, fit_mixture, simplex_minimum


@given(st.integers(0, 10_000), st.integers(1, 5))
def test_simplex_minimum_is_the_nearest_point_of_the_hull(seed, n_vertices):
    rng = stream(seed, "hull")
    vertices, points = rng.normal(size=(n_vertices, 6)), rng.normal(size=(7, 6))
    gram = np.broadcast_to(vertices @ vertices.T, (7, n_vertices, n_vertices))
    found = simplex_minimum(gram, points @ vertices.T)
    np.testing.assert_allclose(found, hull_coordinates(points, vertices), atol=1e-7)


@pytest.mark.parametrize("kind", ["symbol", "real"])
def test_the_fit_is_the_minimum_and_one_step_refits_it(kind):
    rng = stream(3, "fit")
    candidates = rng.dirichlet(np.ones(5), size=(80, 9, 4)).swapaxes(2, 3)
    true = np.array([0.6, 0.4, 0.0, 0.0])
    mean = 0.9 * candidates @ true + 0.1 * rng.dirichlet(np.ones(5), size=(80, 9))
    price = np.array([0.01, 0, 0, 0])
    weights, model = fit_mixture(kind, mean, candidates, price)

    def objective(w, rows=slice(None)):
        return divergence(kind, candidates[rows] @ w, mean[rows]).mean() + price @ w

    constraint = {"type": "eq", "fun": lambda w: w.sum() - 1}
    options = {"method": "SLSQP", "bounds": [(0, 1)] * 4, "constraints": constraint, "options": {"ftol": 1e-14}}
    best = minimize(objective, np.full(4, 0.25), **options)
    np.testing.assert_allclose(weights, best.x, atol=2e-4)
    assert objective(weights) <= best.fun + 1e-10
    rows = rng.integers(80, size=80)
    refit = model.minimum(np.bincount(rows, minlength=80)[None] / 80, price)[0]
    again = minimize(lambda w: objective(w, rows), np.full(4, 0.25), **options).x
    np.testing.assert_allclose(refit, again, atol=5e-3)
    exact, _ = fit_mixture(kind, candidates @ true, candidates, np.zeros(4))
    np.testing.assert_allclose(exact, true, atol=1e-5)


@given(st.integers(0, 10_000), st.floats(-2, 0))
def test_no_direction_improves_the_fit_even_where_candidates_exclude_symbols(seed, log_concentration):
    rng = stream(seed, "sparse")
    candidates = rng.dirichlet(np.full(4, 10**log_concentration), size=(20, 6, 4)).swapaxes(2, 3)
    candidates[rng.random(candidates.shape) < 0.3] = 0
    candidates = (candidates + 1e-9) / (candidates + 1e-9).sum(axis=2, keepdims=True)
    candidates[..., 1] = 0.9 * candidates[..., 0] + 0.1 * candidates[..., 1]
    candidates = np.stack([floored("symbol", candidates[..., one]) for one in range(4)], axis=-1)
    # Nearly a candidate, but not quite excluding what it excludes: the fit starts at a corner of great curvature.
    mean = 0.999 * candidates[..., 0] + 0.001 * rng.dirichlet(np.full(4, 0.5), size=(20, 6))
    price = 1e-3 * rng.random(4)
    weights, _ = fit_mixture("symbol", mean, candidates, price)
    surprise = np.log(candidates @ weights / mean)[..., None]
    slopes = price + (candidates * surprise).sum(axis=2).mean(axis=(0, 1))
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1)
    assert slopes @ weights - slopes.min() < 2e-4  # bounds how much nearer any mixture could be


def test_every_newton_step_comes_nearer(monkeypatch):
    rng, price = stream(6, "steps"), np.zeros(4)
    for _ in range(60):
        candidates = rng.dirichlet(np.full(3, 0.05), size=(3, 2, 4)).swapaxes(2, 3) * 0.9999 + 0.0001 / 3
        mean, reached = rng.dirichlet(np.full(3, 0.05), size=(3, 2)) * 0.9999 + 0.0001 / 3, []
        for n_steps in range(6):
            monkeypatch.setattr("validate.statistics.best_mixture.N_NEWTON", n_steps)
            weights, _ = fit_mixture("symbol", mean, candidates, price)
            reached.append(divergence("symbol", candidates @ weights, mean).mean())
        assert np.all(np.diff(reached) <= 1e-12)


def test_the_quadratic_model_has_the_distance_s_slope():
    rng = stream(4, "slope")
    candidates = rng.dirichlet(np.ones(3), size=(6, 5, 4)).swapaxes(2, 3)
    mean, weights = rng.dirichlet(np.ones(3), size=(6, 5)), rng.dirichlet(np.ones(4))
    step = rng.normal(size=4) * 1e-6
    for kind in ("symbol", "real"):
        model = Quadratic.at(kind, mean, candidates, weights)
        slope = 2 * ((model.gram @ weights - model.linear) @ step)
        either = [divergence(kind, candidates @ (weights + sign * step), mean).mean(axis=1) for sign in (1, -1)]
        np.testing.assert_allclose((either[0] - either[1]) / 2, slope, rtol=1e-4, atol=1e-13)
