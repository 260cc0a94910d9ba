"""E2, noisy linear regression: the Gaussian evidence, ridge regression and the convex combination.

    targets     y_i = w . x_i + sigma eps_i,   w ~ N(0, tau^2 I_d)
    evidence    N(y; 0, C),   C = sigma^2 I + tau^2 X X'
    ridge       A = X'X + (sigma / tau)^2 I,   w_hat = A^-1 X'y
    predictive  y | x, seen ~ N(x . w_hat, sigma^2 (1 + x' A^-1 x))

The determinant and the quadratic form of a Gaussian are compared one by one, so that all is rational. Sizes: d = 2
with two or three points, K = 3 tasks. That the evidence is the average over weights follows from the exponents, since a
Gaussian density integrates to 1.
Symbols: sigma, tau, X = (x_ij), y_i, weights w_k, prior pi_k.
"""

from collections.abc import Iterator

import sympy as sp

from theory.symbolic.dice import PRIOR
from theory.symbolic.identity import Expression, Identity

SOURCE = "Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), chapter 2"
NOISE, TASK_SCALE = sp.symbols("sigma tau", positive=True)
DIMENSION, N_POINTS, N_TASKS = 2, 3, 3
COVARIATES = sp.Matrix(N_POINTS, DIMENSION, sp.symbols(f"x:{N_POINTS}:{DIMENSION}", real=True))
TARGETS = sp.Matrix(sp.symbols(f"y:{N_POINTS}", real=True))
TASKS = [sp.Matrix(sp.symbols([f"w{task}{j}" for j in range(DIMENSION)], real=True)) for task in range(N_TASKS)]
NEXT = sp.Symbol("y", real=True)


def covariance(covariates: Expression) -> Expression:
    """Return C = sigma^2 I + tau^2 X X'."""
    return NOISE**2 * sp.eye(covariates.rows) + TASK_SCALE**2 * covariates * covariates.T


def precision(covariates: Expression) -> Expression:
    """Return A = X'X + (sigma / tau)^2 I."""
    return covariates.T * covariates + (NOISE / TASK_SCALE) ** 2 * sp.eye(covariates.cols)


def inverse(matrix: Expression) -> Expression:
    """Return the inverse by cofactors, without a search for zero pivots."""
    return matrix.adjugate() / matrix.det()


def quadratic(covariates: Expression, targets: Expression) -> Expression:
    """Return y' C^-1 y."""
    return (targets.T * inverse(covariance(covariates)) * targets)[0]


def ridge(covariates: Expression, targets: Expression) -> Expression:
    """Return w_hat, the posterior mean of the weights."""
    return inverse(precision(covariates)) * covariates.T * targets


def predictive(covariates: Expression, targets: Expression, x: Expression) -> tuple[Expression, Expression]:
    """Return mean and variance of the target at x after some points; none may have been seen."""
    if not covariates.rows:
        return sp.Integer(0), NOISE**2 + TASK_SCALE**2 * x.dot(x)
    spread = (x.T * inverse(precision(covariates)) * x)[0]
    return x.dot(ridge(covariates, targets)), NOISE**2 * (1 + spread)


def likelihood(task: int, covariates: Expression, targets: Expression) -> Expression:
    """Return p(y | X, w_k)."""
    residuals = targets - covariates * TASKS[task]
    return sp.prod(_normal(residual, NOISE**2) for residual in residuals)


def _normal(x: Expression, variance: Expression) -> Expression:
    return sp.exp(-(x**2) / (2 * variance)) / sp.sqrt(2 * sp.pi * variance)


def _evidence_identities() -> Iterator[Identity]:
    x, y, scale = COVARIATES, TARGETS, NOISE**2
    yield Identity(
        "Gaussian evidence: its determinant in d dimensions",
        "Sylvester's determinant theorem",
        covariance(x).det(),
        scale ** (N_POINTS - DIMENSION) * TASK_SCALE ** (2 * DIMENSION) * precision(x).det(),
    )
    yield Identity(
        "Gaussian evidence: its quadratic form in d dimensions",
        "Woodbury's identity",
        quadratic(x, y),
        (y.dot(y) - (y.T * x * ridge(x, y))[0]) / scale,
    )
    seen, now = x[:2, :], x[2, :].T
    yield Identity(
        "ridge: conditioning the evidence gives the ridge prediction",
        SOURCE,
        (TASK_SCALE**2 * now.T * seen.T * inverse(covariance(seen)) * y[:2, :])[0],
        predictive(seen, y[:2, :], now)[0],
    )
    steps = [predictive(x[:i, :], y[:i, :], x[i, :].T) for i in range(2)]
    yield Identity(
        "Gaussian evidence: sequential is batch, determinant",
        SOURCE,
        sp.prod(variance for _, variance in steps),
        covariance(seen).det(),
    )
    yield Identity(
        "Gaussian evidence: sequential is batch, quadratic form",
        SOURCE,
        sum((y[i] - mean) ** 2 / variance for i, (mean, variance) in enumerate(steps)),
        quadratic(seen, y[:2, :]),
    )


def _average_identities() -> Iterator[Identity]:
    """What is averaged over: the weights in the evidence, the next target in the prediction, noise in the growth."""
    x, y = COVARIATES[:2, :], TARGETS[:2, :]
    w = sp.Matrix(sp.symbols(f"w:{DIMENSION}", real=True))
    residual, away = y - x * w, w - ridge(x, y)
    yield Identity(
        "Gaussian evidence: prior times likelihood is evidence times a density of the weights, exponents",
        SOURCE,
        w.dot(w) / TASK_SCALE**2 + residual.dot(residual) / NOISE**2,
        quadratic(x, y) + (away.T * precision(x) * away)[0] / NOISE**2,
    )
    seen, now = x[:1, :], x[1, :].T
    evidences = [PRIOR[task] * likelihood(task, seen, y[:1, :]) for task in range(N_TASKS)]
    centre = sp.Symbol("centre", real=True)
    average = sp.integrate(NEXT * _normal(NEXT - centre, NOISE**2), (NEXT, -sp.oo, sp.oo))
    yield Identity(
        "regression: the convex combination is the mean of the next target under the pool",
        "arXiv:2605.03780, exact predictors; chain rule of probability",
        prediction(seen, y[:1, :], now),
        sum(evidence * average.subs(centre, now.dot(task)) for evidence, task in zip(evidences, TASKS, strict=True))
        / sum(evidences),
    )
    yield Identity(
        "regression: expected growth of the log-odds at a point",
        "arXiv:2605.03780; Wald, Sequential Analysis (1947)",
        _mean_over_noise(now.dot(TASKS[0] - TASKS[1])),
        now.dot(TASKS[0] - TASKS[1]) ** 2 / (2 * NOISE**2),
    )


def prediction(covariates: Expression, targets: Expression, x: Expression) -> Expression:
    """Return sum_k alpha_k w_k . x."""
    joint = [PRIOR[task] * likelihood(task, covariates, targets) for task in range(N_TASKS)]
    return sum(weight * x.dot(task) for weight, task in zip(joint, TASKS, strict=True)) / sum(joint)


def _mean_over_noise(gap: Expression) -> Expression:
    """Return E[log N(y; z, sigma^2) - log N(y; z - gap, sigma^2)] for y = z + sigma eps."""
    noise = sp.Symbol("epsilon", real=True)
    growth = sp.Poly(((NOISE * noise + gap) ** 2 - (NOISE * noise) ** 2) / (2 * NOISE**2), noise)
    moment = {power: sp.integrate(noise**power * _normal(noise, 1), (noise, -sp.oo, sp.oo)) for power in range(3)}
    return sum(coefficient * moment[power] for (power,), coefficient in growth.terms())


def _exponent_identities() -> Iterator[Identity]:
    """Chernoff's bound: the error of the posterior, averaged over a Gaussian covariate."""
    u, gap = sp.Symbol("u", real=True), sp.Symbol("gap", positive=True)
    yield Identity(
        "regression: affinity of two tasks per point",
        "Chernoff, Annals of Mathematical Statistics 23 (1952)",
        sp.integrate(sp.exp(-((gap * u) ** 2) / (8 * NOISE**2)) * _normal(u, 1), (u, -sp.oo, sp.oo)),
        1 / sp.sqrt(1 + gap**2 / (4 * NOISE**2)),
    )


IDENTITIES: tuple[Identity, ...] = (*_evidence_identities(), *_average_identities(), *_exponent_identities())
