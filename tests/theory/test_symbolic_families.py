"""The other families compute the proved expressions: Markov chains, regression, Dyck paths."""

import numpy as np
import pytest
import sympy as sp
from strategies import batch_of

from theory import (
    MarkovChains,
    Mixture,
    NoisyLinearRegression,
    PlantedDyck,
    RegressionBatch,
    extrapolation,
    prior_predictive,
    retrieval,
    stream,
)
from theory.symbolic import dice, dyck, markov, regression

CLOSE = {"rtol": 1e-11, "atol": 1e-13}
MINOR_MASS, CONCENTRATION = 0.2, 0.7
WALK = [0, 1, 1, 0, 0, 1, 0, 1, 1, 1]


@pytest.mark.parametrize("current", [0, 1])
@pytest.mark.parametrize(
    ("formulas", "predictor"), [(markov.retrieval, retrieval), (markov.extrapolation, extrapolation)]
)
def test_markov_chains(formulas, predictor, current):
    walk = [*WALK, current]
    family = MarkovChains(2, len(walk) + 1, CONCENTRATION)
    mixture = Mixture(family, family.sample_pool(stream(0, "symbolic chains"), 2), minor_mass=MINOR_MASS)
    counts = np.zeros((2, 2), dtype=int)
    np.add.at(counts, (walk[:-1], walk[1:]), 1)
    values = {dice.CONCENTRATION: CONCENTRATION, dice.FRESH_MASS: MINOR_MASS}
    values |= dict(zip(markov.COUNTS, counts.ravel().tolist(), strict=True))
    values |= dict(zip(dice.PRIOR[:2], [0.5, 0.5], strict=True))
    for task, leave in enumerate(markov.LEAVE):
        values |= dict(zip(leave, mixture.pool.parameters[task][[0, 1], [1, 0]], strict=True))

    def in_numbers(expression):
        return float(sp.sympify(expression).subs(values).evalf(30))

    predicted, formula = predictor(mixture, batch_of([[*walk, 0]])), formulas(current)
    weights = [in_numbers(formula.posterior(k, markov.COUNTS)) for k in range(len(formula.prior))]
    mean = [in_numbers(formula.prediction(symbol, markov.COUNTS)) for symbol in range(2)]
    np.testing.assert_allclose(predicted.weights[0, -1], weights, **CLOSE)
    np.testing.assert_allclose(predicted.mean[0, -1], mean, **CLOSE)
    log_evidence = family.log_evidence(batch_of([[*walk, 0]]))[0, -1]
    np.testing.assert_allclose(np.exp(log_evidence) * 2, in_numbers(markov.row_evidence(markov.COUNTS)), **CLOSE)


def test_regression():
    family, rng = NoisyLinearRegression(2, 3, 0.6, 1.3), stream(0, "symbolic points")
    pool, x, y = family.sample_pool(rng, 3), rng.normal(size=(3, 2)), rng.normal(size=3)
    batch = RegressionBatch(np.zeros(1, dtype=np.int64), x[None], y[None])
    values = {regression.NOISE: 0.6, regression.TASK_SCALE: 1.3}
    values |= dict(zip(regression.COVARIATES, x.ravel(), strict=True))
    values |= dict(zip(regression.TARGETS, y, strict=True))
    values |= dict(zip(dice.PRIOR, [1 / 3] * 3, strict=True))
    for task, w in zip(regression.TASKS, pool.parameters, strict=True):
        values |= dict(zip(task, w, strict=True))

    def in_numbers(expression):
        return float(sp.sympify(expression).subs(values).evalf(30))

    seen, now, targets = regression.COVARIATES[:2, :], regression.COVARIATES[2, :].T, regression.TARGETS[:2, :]
    ridge, variance = regression.predictive(seen, targets, now)
    np.testing.assert_allclose(prior_predictive(family, batch).mean[0, 2, 0], in_numbers(ridge), **CLOSE)
    assert in_numbers(variance) > 0.36
    log_evidence = (
        -(regression.quadratic(seen, targets) + sp.log((2 * sp.pi) ** 2 * regression.covariance(seen).det())) / 2
    )
    np.testing.assert_allclose(family.log_evidence(batch)[0, 2], in_numbers(log_evidence), **CLOSE)
    mixed = in_numbers(regression.prediction(seen, targets, now))
    np.testing.assert_allclose(retrieval(Mixture(family, pool), batch).mean[0, 2, 0], mixed, **CLOSE)


def test_dyck_paths():
    """Every prefix of every path of three pairs: M1 over all paths, and the fresh path, are the ballot rule."""
    density, background = 0.3, 2
    family = PlantedDyck(3, background, density, 7)
    pool = family.make_pool(np.array(dyck.paths(3)))
    for path in dyck.paths(3):
        symbols = [background + int(step < 0) for step in path] + [0]
        batch = batch_of([symbols])
        fresh, known = prior_predictive(family, batch).mean, retrieval(Mixture(family, pool), batch)
        np.testing.assert_allclose(known.mean, fresh, **CLOSE)
        for shown in range(6):
            height = sp.Integer(sum(path[:shown]))
            rule = density * float(dyck.down(height, sp.Integer(6 - shown)))
            np.testing.assert_allclose(fresh[0, shown, background + 1], rule, **CLOSE)
            prior = [sp.Rational(1, 5)] * 5
            alpha = [float(weight) for weight in dyck.posterior(prior, dyck.paths(3), path[:shown])]
            np.testing.assert_allclose(known.weights[0, shown], alpha, **CLOSE)
