"""The MLP sublayer: x += f(LayerNorm(x) W_up + b_up) W_down + b_down.

The forward keeps xhat, r and the hidden values h = LayerNorm(x) W_up + b_up; the backward computes LayerNorm(x) and
f(h) once more, which costs less than fetching them from far memory. With s the logistic function,

    SiLU   f(h) = h s(h),      f' = s + f (1 - s)
    GELU   f(h) = h s(z),      f' = s + f (1 - s) dz/dh,   z = 2 sqrt(2/pi) (h + 0.044715 h^3).
"""
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from model.kernels.compilation import kernel, part
from model.kernels.exponential import exp
from model.kernels.gemm import gemm
from model.kernels.norm import normalise, normalise_backward, rescale, rescale_backward
from model.kernels.rows import add_rows
from model.ops import GELU_CUBIC, GELU_SLOPE


@part
def silu(hidden, bias, active):
    """h += b, f(h) = h s(h)."""
    one = hidden.dtype.type(1.0)
    for i in range(hidden.shape[0]):
        row, out = hidden[i], active[i]
        for c in range(row.size):
            h = row[c] + bias[c]
            row[c] = h
            out[c] = h / (one + exp(-h))


@part
def silu_backward(dactive, hidden, active):
    """df becomes dh = df f'(h); f(h) is written again."""
    one = hidden.dtype.type(1.0)
    for i in range(hidden.shape[0]):
        row, out, again = hidden[i], dactive[i], active[i]
        for c in range(row.size):
            h = row[c]
            s = one / (one + exp(-h))
            f = h * s
            again[c] = f
            out[c] *= s + f * (one - s)


@part
def gelu(hidden, bias, active):
    """h += b, f(h) = h s(z)."""
    one = hidden.dtype.type(1.0)
    slope = hidden.dtype.type(2.0 * GELU_SLOPE)
    cubic = hidden.dtype.type(GELU_CUBIC)
    for i in range(hidden.shape[0]):
        row, out = hidden[i], active[i]
        for c in range(row.size):
            h = row[c] + bias[c]
            row[c] = h
            out[c] = h / (one + exp(-slope * h * (one + cubic * h * h)))


@part
def gelu_backward(dactive, hidden, active):
    """df becomes dh = df f'(h); f(h) is written again."""
    one = hidden.dtype.type(1.0)
    slope = hidden.dtype.type(2.0 * GELU_SLOPE)
    cubic, tripled = hidden.dtype.type(GELU_CUBIC), hidden.dtype.type(3.0 * GELU_CUBIC)
    for i in range(hidden.shape[0]):
        row, out, again = hidden[i], dactive[i], active[i]
        for c in range(row.size):
            h = row[c]
            s = one / (one + exp(-slope * h * (one + cubic * h * h)))
            f = h * s
            again[c] = f
            out[c] *= s + f * (one - s) * slope * (one + tripled * h * h)


@kernel
def mlp_forward(x, weights, cache, scratch, use_silu):
    """Add the sublayer's output to x, rows of positions."""
    rows = x.shape[0]
    normalised, hidden, active = cache.normalised[:rows], cache.hidden[:rows], scratch.active[:rows]
    inner = scratch.inner[:rows]
    normalise(x, weights.gain, weights.shift, weights.down_bias, normalised, cache.scale, inner)
    gemm(inner, weights.up, hidden, 0.0)
    if use_silu:
        silu(hidden, weights.up_bias, active)
    else:
        gelu(hidden, weights.up_bias, active)
    gemm(active, weights.down, x, 1.0)


@kernel
def mlp_backward(dx, weights, cache, scratch, use_silu, gradients, wanted):
    """Add the gradient through the sublayer to dx; if `wanted`, add those of the weights."""
    rows = dx.shape[0]
    normalised, hidden, active = cache.normalised[:rows], cache.hidden[:rows], scratch.active[:rows]
    dhidden, inner = scratch.dhidden[:rows], scratch.inner[:rows]
    gemm(dx, weights.down.T, dhidden, 0.0)
    if use_silu:
        silu_backward(dhidden, hidden, active)
    else:
        gelu_backward(dhidden, hidden, active)
    if wanted:
        gemm(active.T, dx, gradients.down, 1.0)
        add_rows(dx, gradients.down_bias)
        rescale(normalised, weights.gain, weights.shift, inner)
        gemm(inner.T, dhidden, gradients.up, 1.0)
        add_rows(dhidden, gradients.up_bias)
    gemm(dhidden, weights.up.T, inner, 0.0)
    if wanted:
        rescale_backward(inner, normalised, gradients.gain, gradients.shift)
    normalise_backward(inner, normalised, cache.scale, weights.gain, dx)
