"""What stands before the first sublayer and behind the last: the map of vectors in, and the output layer."""
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from model.kernels.compilation import kernel
from model.kernels.gemm import gemm
from model.kernels.norm import normalise, normalise_backward, rescale, rescale_backward
from model.kernels.rows import add_bias, add_rows, clear, put, take


@kernel
def linear(x, weight, bias, y):
    """y = x W + b."""
    gemm(x, weight, y, 0.0)
    add_bias(y, bias)


@kernel
def linear_backward(dy, x, dweight, dbias):
    """dW += x' dy, db += sum_i dy_i."""
    gemm(x.T, dy, dweight, 1.0)
    add_rows(dy, dbias)


@kernel
def head_forward(x, positions, length, weights, cache, scratch, final_norm, y):
    """y = LayerNorm(x) W + b at `positions` of every sequence, without the LayerNorm unless `final_norm`."""
    rows = y.shape[0]
    states, normalised, inner = cache.states[:rows], cache.normalised[:rows], scratch.inner[:rows]
    take(x, positions, length, states)
    if final_norm:
        normalise(states, weights.gain, weights.shift, weights.no_bias, normalised, cache.scale, inner)
        gemm(inner, weights.output, y, 0.0)
    else:
        gemm(states, weights.output, y, 0.0)
    add_bias(y, weights.output_bias)


@kernel
def head_backward(dy, positions, length, weights, cache, scratch, final_norm, gradients, wanted, dx):
    """Write the gradient with respect to x, zero at other positions; if `wanted`, add those of the weights."""
    rows = dy.shape[0]
    states, normalised, inner = cache.states[:rows], cache.normalised[:rows], scratch.inner[:rows]
    if wanted:
        if final_norm:
            rescale(normalised, weights.gain, weights.shift, inner)
            gemm(inner.T, dy, gradients.output, 1.0)
        else:
            gemm(states.T, dy, gradients.output, 1.0)
        add_rows(dy, gradients.output_bias)
    gemm(dy, weights.output.T, inner, 0.0)
    if final_norm:
        if wanted:
            rescale_backward(inner, normalised, gradients.gain, gradients.shift)
        dstates = states  # their room is free by now
        clear(dstates)
        normalise_backward(inner, normalised, cache.scale, weights.gain, dstates)
        put(dstates, positions, length, dx)
    else:
        put(inner, positions, length, dx)
