"""What stands before the first sublayer and behind the last: the map of vectors in, and the output layer."""
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from model.kernels.compilation import kernel
from model.kernels.gemm import gemm
from model.kernels.norm import normalise, normalise_backward
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
def head_forward(x, positions, length, weights, cache, final_norm, y):
    """y = LayerNorm(x) W + b at `positions` of every sequence, without the LayerNorm unless `final_norm`."""
    rows = y.shape[0]
    states, normalised = cache.states[:rows], cache.normalised[:rows]
    if final_norm:
        take(x, positions, length, states)
        normalise(states, weights.no_bias, normalised, cache.scale)
    else:
        take(x, positions, length, normalised)
    gemm(normalised, weights.output, y, 0.0)
    add_bias(y, weights.output_bias)


@kernel
def head_backward(dy, positions, length, weights, cache, scratch, final_norm, gradients, wanted, dx):
    """Write the gradient with respect to x, zero at other positions; if `wanted`, add those of the weights."""
    rows = dy.shape[0]
    normalised, dnormalised = cache.normalised[:rows], scratch.dnormalised[:rows]
    if wanted:
        gemm(normalised.T, dy, gradients.output, 1.0)
        add_rows(dy, gradients.output_bias)
    gemm(dy, weights.output_transposed, dnormalised, 0.0)
    if final_norm:
        dstates = cache.states[:rows]
        clear(dstates)
        normalise_backward(dnormalised, normalised, cache.scale, dstates)
        put(dstates, positions, length, dx)
    else:
        put(dnormalised, positions, length, dx)
