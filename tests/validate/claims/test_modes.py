"""The contest recognises each candidate, refuses weight where candidates coincide, and its fit is the minimum."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from theory import (
    BiasedDice,
    MarkovChains,
    Mixture,
    NoisyLinearRegression,
    PlantedDyck,
    SymbolBatch,
    divergence,
    hull_coordinates,
    stream,
)
from validate.capture.candidates import Arena, Arenas, distance, phase_ratio, reference_mean
from validate.capture.finite import FLOOR, floored
from validate.capture.sources import predicted
from validate.claims.modes import Standing, margin, second_mode, two_modes
from validate.claims.properties import Setting
from validate.experiment.schema import load_preset
from validate.statistics.best_mixture import Quadratic, fit_mixture, simplex_minimum

FAMILIES = {
    "dice": BiasedDice(faces=4, length=24),
    "markov": MarkovChains(states=3, length=32),
    "regression": NoisyLinearRegression(dimension=3, points=16),
    "dyck": PlantedDyck(pairs=3, background=2, density=0.5, length=24),
}


def arenas_of(kind, n_minors=12, n_sequences=96):
    family = FAMILIES[kind]
    sizes = load_preset("quick").families["dice"].measurement
    sizes = sizes.model_copy(update={"mode_sequences": n_sequences, "replicates": 100})
    majors = family.sample_pool(stream(1, f"{kind}/majors"), 3)
    minors = family.sample_pool(stream(1, f"{kind}/minors"), n_minors) if n_minors else None
    return Arenas(Mixture(family, majors, minors), Setting(kind, family, majors, 0, sizes))


@pytest.fixture(scope="module", params=list(FAMILIES))
def arenas(request):
    return arenas_of(request.param)


@dataclass(frozen=True)
class Candidate:
    """A network that predicts as a mixture of references and rivals does."""

    mixture: Mixture
    weights: dict[str, float]
    sites = ("features",)

    def states(self, batch, last=False):
        raise AssertionError("no states are asked for")

    def mean(self, batch):
        family = self.mixture.family
        own = family.rivals(batch)
        parts = [
            weight * (own[name] if name in own else reference_mean(name, self.mixture, batch))
            for name, weight in self.weights.items()
        ]
        return predicted(sum(parts), len(family.encode(batch[:1]).positions))


@pytest.mark.parametrize("weights", [{"M1": 1.0}, {"M2": 1.0}, {"M1": 0.5, "M2": 0.5}], ids=["M1", "M2", "both"])
def test_the_modes_are_recognised(arenas, weights):
    statistics, nulls, portrait = two_modes(Candidate(arenas.mixture, weights), arenas)
    assert statistics["mode weight"].low > 0.95
    assert statistics["mode weight OOD"].value > 0.95
    if len(weights) == 1:
        assert statistics["two modes"].low > 1 - 1e-4
        (name,) = weights
        assert portrait["training"]["weights"][name] > 0.95
        assert portrait["training"]["distance"][name]["mean"]["value"] == pytest.approx(0, abs=1e-5)
    assert portrait["training"]["mixture"]["value"] < 1e-4
    assert nulls["M1 and M2 of other tasks"]["two modes"].high < 0.5
    assert set(portrait) == {"training", "majors", "minors", "fresh"}


def test_rivals_lose(arenas):
    for name in (*arenas.mixture.family.rivals(arenas.populations["training"].batch), "prior predictive"):
        statistics, _, _ = two_modes(Candidate(arenas.mixture, {name: 1.0}), arenas)
        assert statistics["two modes"].value == pytest.approx(-1, abs=1e-4), name
        assert statistics["mode weight"].high < 0.05, name


def test_a_candidate_that_coincides_with_a_mode_takes_its_weight():
    arenas = arenas_of("dice")
    arena = arenas.populations["fresh"]
    doubled = Arena(arena.batch, arena.targets, arena.candidates | {"prior predictive": arena.candidates["M2"]})
    noise = stream(0, "noise").dirichlet(np.ones(4), size=arena.targets.shape[:2])
    for mean in (arena.candidates["M2"], 0.9 * arena.candidates["M2"] + 0.1 * noise):
        standing = Standing.of("symbol", mean, doubled, stream(0, "refits"))
        assert standing.weights[standing.names.index("M2")] < 0.01
        distinct = Standing.of("symbol", mean, arena, stream(0, "refits"))
        assert distinct.mode_weight.value > standing.mode_weight.value + 0.5


def test_the_mixture_is_fitted_on_one_half_and_scored_on_the_other():
    arena = arenas_of("dice").populations["fresh"]
    half = len(arena.targets) // 2
    mean = arena.candidates["M2"].copy()
    before = Standing.of("symbol", mean, arena, stream(0, "refits"))
    mean[half:] = arena.candidates["bigram"][half:]
    after = Standing.of("symbol", mean, arena, stream(0, "refits"))
    np.testing.assert_array_equal(after.weights, before.weights)
    assert len(after.beyond) == len(mean) - half
    assert after.beyond.mean() > 100 * before.beyond.mean()


def test_second_mode_of_exact_networks():
    arenas = arenas_of("dice", n_minors=64)
    plain = Candidate(Mixture(arenas.mixture.family, arenas.mixture.majors), {"M1": 1.0})
    diverse = Candidate(arenas.mixture, {"M2": 1.0})
    found, nulls, _ = second_mode(plain, diverse, arenas, [plain, diverse])
    assert found["M2 mode"].low > 0.999
    assert found["M2 mode OOD"].low > 0.999
    assert found["OOD loss falls"].low > 0.05
    assert found["majors do not suffer"].value == pytest.approx(0, abs=1e-12)
    retrieving, _, _ = second_mode(diverse, Candidate(arenas.mixture, {"M1": 1.0}), arenas)
    assert retrieving["M2 mode"].high < -0.999
    assert nulls["untrained network 1"]["OOD loss falls"].value == -found["OOD loss falls"].value
    assert second_mode(diverse, diverse, arenas)[0]["OOD loss falls"].value == 0
    assert "OOD loss falls" not in second_mode(None, diverse, arenas)[0]


def test_losses_of_numbers_are_told_in_nats():
    arenas = arenas_of("regression")
    family = arenas.mixture.family
    wrong = {"M2": 0.5}
    found, _, _ = second_mode(None, Candidate(arenas.mixture, wrong), arenas)
    arena = arenas.populations["majors"]
    y, m = arena.targets, arena.candidates["M2"]
    log_density = [-np.square(y - mean) / (2 * family.noise**2) for mean in (m, m / 2)]
    assert found["majors do not suffer"].value == pytest.approx((log_density[0] - log_density[1]).mean())


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
        return divergence(kind, mean[rows], candidates[rows] @ w).mean() + price @ w

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
    slopes = price - (mean[..., None] * candidates / (candidates @ weights)[..., None]).sum(axis=2).mean(axis=(0, 1))
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1)
    assert slopes @ weights - slopes.min() < 2e-4  # bounds how much nearer any mixture could be


def test_every_newton_step_comes_nearer(monkeypatch):
    rng, price = stream(6, "steps"), np.zeros(4)
    for _ in range(60):
        candidates = rng.dirichlet(np.full(3, 0.05), size=(3, 2, 4)).swapaxes(2, 3) * 0.9999 + 0.0001 / 3
        mean, reached = rng.dirichlet(np.full(3, 0.05), size=(3, 2)), []
        for n_steps in range(6):
            monkeypatch.setattr("validate.statistics.best_mixture.N_NEWTON", n_steps)
            weights, _ = fit_mixture("symbol", mean, candidates, price)
            reached.append(divergence("symbol", mean, candidates @ weights).mean())
        assert np.all(np.diff(reached) <= 1e-12)


def test_the_quadratic_model_has_the_distance_s_slope():
    rng = stream(4, "slope")
    candidates = rng.dirichlet(np.ones(3), size=(6, 5, 4)).swapaxes(2, 3)
    mean, weights = rng.dirichlet(np.ones(3), size=(6, 5)), rng.dirichlet(np.ones(4))
    step = rng.normal(size=4) * 1e-6
    for kind in ("symbol", "real"):
        model = Quadratic.at(kind, mean, candidates, weights)
        slope = 2 * ((model.gram @ weights - model.linear) @ step)
        either = [divergence(kind, mean, candidates @ (weights + sign * step)).mean(axis=1) for sign in (1, -1)]
        np.testing.assert_allclose((either[0] - either[1]) / 2, slope, rtol=1e-4, atol=1e-13)


def test_a_path_outside_the_pool_has_finite_distances():
    family = FAMILIES["dyck"]
    pool = family.make_pool([[1, -1, 1, -1, 1, -1], [1, -1, 1, 1, -1, -1]])
    mixture = Mixture(family, pool)
    batch = SymbolBatch(np.zeros(2, np.int64), np.array([[2, 2, 0, 1, 3, 3], [2, 3, 0, 1, 2, 3]]))
    mean = reference_mean("M1", mixture, batch)
    laws = [family.task_mean(pool, batch)[0, 5, k] for k in range(2)]
    np.testing.assert_allclose(mean[0, 5], (laws[0] + laws[1]) / 2)
    assert mean[1, 1, 2] == 0
    uniform = np.full_like(mean, 0.25)
    to_retrieval = distance("symbol", uniform, mean)
    assert np.isfinite(to_retrieval).all()
    law = (1 - FLOOR) * mean[1, 1] + FLOOR / 4
    assert to_retrieval[1, 1] == pytest.approx(-np.log(4 * law).mean())


def test_margins_and_phases_are_signed():
    worse, better = np.array([0.4, 0.1, 0.0]), np.array([0.1, 0.4, 0.0])
    np.testing.assert_allclose(margin(worse, better), [0.75, -0.75, np.nan])
    assert phase_ratio(0.001, 0.1) == pytest.approx(-2)
    assert phase_ratio(0.1, 0.001) == pytest.approx(2)
    assert math.isfinite(phase_ratio(0.0, 0.1))
