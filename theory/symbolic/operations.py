"""The backward formulas of a transformer's operations, against SymPy's derivatives of their forwards.

With g the gradient of the loss with respect to the output, the gradient with respect to an input is the derivative
of sum_i g_i y_i. On the left that derivative is taken by SymPy; on the right stands the closed form:

    softmax cross-entropy  l = log sum_j e^z_j - z_y               dz_i = softmax(z)_i - [i = y]
    LayerNorm              y = gain xhat + bias, r = (var + e)^-1/2 dx = r (u - mean u - xhat mean(u xhat)), u = gain g
    SiLU                   y = x s(x), s = 1 / (1 + e^-x)          dx = g s (1 + x (1 - s))
    rotary                 y = R(angle) x, a plane rotation        dx = R(-angle) g;   R(a)' R(b) = R(b - a)
    causal attention       o_i = sum_j P_ij v_j, P = softmax(S),   dP = g v', dS_ij = P_ij (dP_ij - sum_m P_im dP_im),
                           S = q k' / sqrt(D) for j <= i           dq = dS k / sqrt(D), dk = dS' q / sqrt(D), dv = P' g

Sizes: 3 classes, width 3, one plane, 3 positions of head size 2.
"""

from collections.abc import Iterator
from functools import cache

import sympy as sp

from theory.symbolic.identity import Expression, Identity

SOURCE = "derivative of the forward by SymPy"
WIDTH = N_CLASSES = LENGTH = 3
HEAD = 2
TARGET = 1

INPUT = sp.symbols(f"x:{WIDTH}", real=True)
GRADIENT = sp.symbols(f"g:{WIDTH}", real=True)
GAIN = sp.symbols(f"gain:{WIDTH}", real=True)
BIAS = sp.symbols(f"bias:{WIDTH}", real=True)
EPSILON = sp.Symbol("e", positive=True)
ANGLE, OTHER_ANGLE = sp.symbols("angle other_angle", real=True)
QUERY, KEY, VALUE, UPSTREAM = (
    sp.Matrix(LENGTH, HEAD, sp.symbols(f"{name}:{LENGTH}:{HEAD}", real=True)) for name in ("q", "k", "v", "g")
)


def cross_entropy() -> Expression:
    """Return the loss of the logits INPUT at class TARGET."""
    return sp.log(sum(sp.exp(z) for z in INPUT)) - INPUT[TARGET]


def cross_entropy_backward() -> list[Expression]:
    """Return the closed form of dz."""
    total = sum(sp.exp(z) for z in INPUT)
    return [sp.exp(z) / total - int(i == TARGET) for i, z in enumerate(INPUT)]


def _normalised() -> tuple[list[Expression], Expression]:
    """Return xhat and r."""
    mean = sum(INPUT) / WIDTH
    scale = 1 / sp.sqrt(sum((x - mean) ** 2 for x in INPUT) / WIDTH + EPSILON)
    return [(x - mean) * scale for x in INPUT], scale


def layer_norm() -> list[Expression]:
    """Return gain xhat + bias."""
    return [gain * x + bias for gain, x, bias in zip(GAIN, _normalised()[0], BIAS, strict=True)]


def layer_norm_backward() -> list[Expression]:
    """Return the closed form of dx."""
    normalised, scale = _normalised()
    u = [gain * g for gain, g in zip(GAIN, GRADIENT, strict=True)]
    mean = sum(u) / WIDTH
    along = sum(a * b for a, b in zip(u, normalised, strict=True)) / WIDTH
    return [scale * (a - mean - x * along) for a, x in zip(u, normalised, strict=True)]


def silu() -> Expression:
    """Return x s(x)."""
    return INPUT[0] / (1 + sp.exp(-INPUT[0]))


def silu_backward() -> Expression:
    """Return the closed form of dx."""
    s = 1 / (1 + sp.exp(-INPUT[0]))
    return GRADIENT[0] * s * (1 + INPUT[0] * (1 - s))


def turn(angle: Expression) -> Expression:
    """Return the rotation of a plane by an angle."""
    return sp.Matrix([[sp.cos(angle), -sp.sin(angle)], [sp.sin(angle), sp.cos(angle)]])


@cache
def attention() -> Expression:
    """Return P, row i a softmax over j <= i."""
    scores = QUERY * KEY.T / sp.sqrt(HEAD)
    rows = [[sp.exp(scores[i, j]) if j <= i else sp.Integer(0) for j in range(LENGTH)] for i in range(LENGTH)]
    return sp.Matrix([[entry / sum(row) for entry in row] for row in rows])


def causal_attention() -> Expression:
    """Return the outputs o."""
    return attention() * VALUE


def causal_attention_backward() -> tuple[Expression, Expression, Expression]:
    """Return the closed forms of dq, dk and dv."""
    p, dp = attention(), UPSTREAM * VALUE.T
    mean = [sum(p[i, j] * dp[i, j] for j in range(LENGTH)) for i in range(LENGTH)]
    ds = sp.Matrix(LENGTH, LENGTH, lambda i, j: p[i, j] * (dp[i, j] - mean[i])) / sp.sqrt(HEAD)
    return ds * KEY, ds.T * QUERY, p.T * UPSTREAM


def _pointwise_identities() -> Iterator[Identity]:
    for i, closed in enumerate(cross_entropy_backward()):
        yield Identity(f"backward: cross-entropy, logit {i}", SOURCE, sp.diff(cross_entropy(), INPUT[i]), closed)
    loss = sum(g * y for g, y in zip(GRADIENT, layer_norm(), strict=True))
    for i, closed in enumerate(layer_norm_backward()):
        yield Identity(f"backward: LayerNorm, input {i}", SOURCE, sp.diff(loss, INPUT[i]), closed)
    yield Identity("backward: SiLU", SOURCE, sp.diff(GRADIENT[0] * silu(), INPUT[0]), silu_backward())


def _rotary_identities() -> Iterator[Identity]:
    x, g = sp.Matrix(INPUT[:2]), sp.Matrix(GRADIENT[:2])
    for i, closed in enumerate(turn(-ANGLE) * g):
        yield Identity(f"backward: rotary, input {i}", SOURCE, sp.diff(g.dot(turn(ANGLE) * x), x[i]), closed)
    left, right = turn(ANGLE).T * turn(OTHER_ANGLE), turn(OTHER_ANGLE - ANGLE)
    for i, j in ((0, 0), (0, 1)):
        yield Identity(
            f"rotary: a score depends on the difference of positions, entry {i} {j}",
            "Su et al., arXiv:2104.09864",
            left[i, j],
            right[i, j],
        )


def _attention_identities() -> Iterator[Identity]:
    loss = sum(g * o for g, o in zip(UPSTREAM, causal_attention(), strict=True))
    names = ("query", "key", "value")
    for name, inputs, closed in zip(names, (QUERY, KEY, VALUE), causal_attention_backward(), strict=True):
        for i in range(LENGTH):
            yield Identity(f"backward: attention, {name} {i}", SOURCE, sp.diff(loss, inputs[i, 0]), closed[i, 0])


IDENTITIES: tuple[Identity, ...] = (*_pointwise_identities(), *_rotary_identities(), *_attention_identities())
