"""LayerNorm.

    xhat = (x - mean(x)) r,   r = 1 / sqrt(var(x) + epsilon),   y = g * xhat + s
    dx = r (u - mean(u) - xhat mean(u xhat)) with u = g dy,   dg = sum_i dy_i xhat_i,   ds = sum_i dy_i

Rows are positions; every pass works on one row at a time, so what it reads twice is still in cache.
"""
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import numpy as np

from model.kernels.compilation import part
from model.ops import NORM_EPSILON


@part
def normalise(x, gain, shift, bias, normalised, scale, y):
    """Write xhat, r and y, and add `bias`, of the map that will add to x, to x."""
    rows, width = x.shape
    inverse = x.dtype.type(1.0 / width)
    epsilon = x.dtype.type(NORM_EPSILON)
    for i in range(rows):
        row, hat, out = x[i], normalised[i], y[i]
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
            hat[c] = (row[c] - mean) * r
            out[c] = gain[c] * hat[c] + shift[c]
        for c in range(width):
            row[c] += bias[c]


@part
def rescale(normalised, gain, shift, y):
    """y = g * xhat + s, once more."""
    for i in range(normalised.shape[0]):
        hat, out = normalised[i], y[i]
        for c in range(hat.size):
            out[c] = gain[c] * hat[c] + shift[c]


@part
def normalise_backward(dy, normalised, scale, gain, dx):
    """dx += r (u - mean(u) - xhat mean(u xhat))."""
    rows, width = dy.shape
    inverse = dy.dtype.type(1.0 / width)
    for i in range(rows):
        row, hat, out, r = dy[i], normalised[i], dx[i], scale[i]
        level = dy.dtype.type(0.0)
        along = dy.dtype.type(0.0)
        for c in range(width):
            u = gain[c] * row[c]
            level += u
            along += u * hat[c]
        level *= inverse
        along *= inverse
        for c in range(width):
            out[c] += r * (gain[c] * row[c] - level - hat[c] * along)


@part
def rescale_backward(dy, normalised, dgain, dshift):
    """dg += sum_i dy_i xhat_i, ds += sum_i dy_i."""
    for i in range(dy.shape[0]):
        row, hat = dy[i], normalised[i]
        for c in range(row.size):
            dgain[c] += row[c] * hat[c]
            dshift[c] += row[c]
