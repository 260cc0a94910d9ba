"""Muon on matrices in flat buffers, one after the other; see `model.optimizers.muon` for the formulas.

Each matrix is worked on in room of its own that stays near. The polynomial's three terms are one matrix
P = a + b A + c A^2 of the smaller Gram matrix A, so a repetition is three products.
"""
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import math

import numpy as np

from model.kernels.compilation import kernel, part
from model.kernels.gemm import gemm


@part
def _look_ahead(gradient, momentum, place, mu, factor, x):
    """Update M; x becomes N / |N|, summed in float64 because squares of small numbers vanish in float32."""
    offset, stride = place[0], place[3]
    square = 0.0
    for i in range(x.shape[0]):
        low = offset + i * stride
        g, m, row = gradient[low : low + x.shape[1]], momentum[low : low + x.shape[1]], x[i]
        for c in range(row.size):
            m[c] = mu * m[c] + factor * g[c]
            row[c] = factor * g[c] + mu * m[c]
            square += np.float64(row[c]) * np.float64(row[c])
    inverse = 1.0 / math.sqrt(square) if square > 0.0 else 0.0
    for i in range(x.shape[0]):
        row = x[i]
        for c in range(row.size):
            row[c] = np.float64(row[c]) * inverse


@part
def _polynomial(gram, power, a, b, c):
    """Power becomes a + b A + c A^2."""
    gemm(gram, gram, power, 0.0, c)
    for i in range(gram.shape[0]):
        row, out = gram[i], power[i]
        for j in range(row.size):
            out[j] += b * row[j]
        out[i] += a


@kernel
def muon(theta, gradient, momentum, places, repetitions, keep, rate, mu, factor, a, b, c):
    """Update the matrices at `places` (offset, rows, columns, stride) and their momentum in place."""
    for place in places:
        rows, columns = place[1], place[2]
        small = min(rows, columns)
        x, y = np.empty((rows, columns), theta.dtype), np.empty((rows, columns), theta.dtype)
        gram, power = np.empty((small, small), theta.dtype), np.empty((small, small), theta.dtype)
        _look_ahead(gradient, momentum, place, mu, factor, x)
        for _ in range(repetitions):
            if rows <= columns:
                gemm(x, x.T, gram, 0.0)
                _polynomial(gram, power, a, b, c)
                gemm(power, x, y, 0.0)
            else:
                gemm(x.T, x, gram, 0.0)
                _polynomial(gram, power, a, b, c)
                gemm(x, power, y, 0.0)
            x, y = y, x
        step = rate * theta.dtype.type(math.sqrt(max(1.0, columns / rows)))
        for i in range(rows):
            low = place[0] + i * place[3]
            weight, row = theta[low : low + columns], x[i]
            for j in range(columns):
                weight[j] = keep * weight[j] - step * row[j]
