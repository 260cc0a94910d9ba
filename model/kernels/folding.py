"""One linear map behind a LayerNorm, with the LayerNorm's gain g and bias s and a factor f folded in, and back.

    f ((g * xhat + s) W + b) = xhat W' + b',      W' = f diag(g) W,      b' = f (s W + b)

From dW' and db' follow, for the arguments,

    dW = f (diag(g) dW' + s (x) db'),   db = f db',   dg_i = f sum_c W_ic dW'_ic,   ds = f W db'.
"""
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from model.kernels.compilation import kernel


@kernel
def fold(weight, bias, gain, shift, factor, start, folded, folded_bias):
    """Write W' and b' into columns from `start` on."""
    stop = start + bias.size
    out_bias = folded_bias[start:stop]
    for c in range(bias.size):
        out_bias[c] = factor * bias[c]
    for i in range(weight.shape[0]):
        row, out = weight[i], folded[i, start:stop]
        g, s = factor * gain[i], factor * shift[i]
        for c in range(row.size):
            out[c] = g * row[c]
        for c in range(row.size):
            out_bias[c] += s * row[c]


@kernel
def unfold(weight, gain, shift, factor, start, dfolded, dfolded_bias, dweight, dbias, dgain, dshift):
    """Write dW and db, add to dg and ds; dW' and db' are in columns from `start` on."""
    stop = start + weight.shape[1]
    source_bias = dfolded_bias[start:stop]
    for c in range(dbias.size):
        dbias[c] = factor * source_bias[c]
    for i in range(weight.shape[0]):
        row, source, out = weight[i], dfolded[i, start:stop], dweight[i]
        g, s = factor * gain[i], factor * shift[i]
        for c in range(row.size):
            out[c] = g * source[c] + s * source_bias[c]
        along = weight.dtype.type(0.0)
        level = weight.dtype.type(0.0)
        for c in range(row.size):
            along += row[c] * source[c]
            level += row[c] * source_bias[c]
        dgain[i] += factor * along
        dshift[i] += factor * level
