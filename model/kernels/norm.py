"""LayerNorm without gain and bias, which the weights behind it carry (`model.folding`).

    xhat = (x - mean(x)) r,   r = 1 / sqrt(var(x) + epsilon);     dx = r (u - mean(u) - xhat mean(u xhat)) for u = dxhat

Rows are positions; every pass works on one row at a time, so what it reads twice is still in cache.
"""
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import numpy as np

from model.kernels.compilation import part
from model.ops import NORM_EPSILON


@part
def normalise(x, bias, normalised, scale):
    """Write xhat and r, and add `bias`, of the map that will add to x, to x."""
    rows, width = x.shape
    inverse = x.dtype.type(1.0 / width)
    epsilon = x.dtype.type(NORM_EPSILON)
    for i in range(rows):
        row, out = x[i], normalised[i]
        total = x.dtype.type(0.0)
        for c in range(width):
            total += row[c]
        mean = total * inverse
        square = x.dtype.type(0.0)
        for c in range(width):
            centred = row[c] - mean
            square += centred * centred
        r = x.dtype.type(1.0) / np.sqrt(square * inverse + epsilon)
        scale[i] = r
        for c in range(width):
            out[c] = (row[c] - mean) * r
        for c in range(width):
            row[c] += bias[c]


@part
def normalise_backward(u, normalised, scale, dx):
    """dx += r (u - mean(u) - xhat mean(u xhat))."""
    rows, width = u.shape
    inverse = u.dtype.type(1.0 / width)
    for i in range(rows):
        row, hat, out, r = u[i], normalised[i], dx[i], scale[i]
        level = u.dtype.type(0.0)
        along = u.dtype.type(0.0)
        for c in range(width):
            level += row[c]
            along += row[c] * hat[c]
        level *= inverse
        along *= inverse
        for c in range(width):
            out[c] += r * (row[c] - level - hat[c] * along)
