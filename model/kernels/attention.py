"""The attention sublayer: x += mixed W_o + b_o, mixed = causal attention of (q, k, v) = LayerNorm(x) W_qkv + b_qkv.

One product makes queries, keys and values, rows (q | k | v) of 3 C numbers, head h in columns h D .. h D + D - 1 of
each part. Queries and keys are turned in place. Then for every sequence and head, with f = 1 / sqrt(D) and tiles of
neighbouring queries,

    S' = f k q'     keys up to the tile's last query, by the tile's queries; softmax down the columns makes P'
    o  = (P')' v    one row per query of the tile

so the part of the scores above the diagonal is not computed, up to half a tile. The backward has the same tiles:

    dP' = v do',    dS' = P' (dP' - column sums of P' dP'),    dq = f (dS')' k,    dk = f dS' q,    dv = P' do.
"""
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from model.kernels.compilation import kernel, part
from model.kernels.gemm import copy_transposed, gemm
from model.kernels.norm import normalise, normalise_backward, rescale, rescale_backward
from model.kernels.rows import add_rows, touch
from model.kernels.softmax import TILE, causal_softmax, causal_softmax_backward


@part
def _turn(row, cosine, sine):
    """(a, b) becomes (a cos - b sin, a sin + b cos), a and b the halves of one head's row."""
    half = cosine.size
    a, b = row[:half], row[half:]
    for m in range(half):
        x, y = a[m], b[m]
        a[m] = x * cosine[m] - y * sine[m]
        b[m] = x * sine[m] + y * cosine[m]


@part
def _turn_back(row, cosine, sine):
    """Turn by minus the angle."""
    half = cosine.size
    a, b = row[:half], row[half:]
    for m in range(half):
        x, y = a[m], b[m]
        a[m] = x * cosine[m] + y * sine[m]
        b[m] = y * cosine[m] - x * sine[m]


@part
def turn_queries_and_keys(qkv, bias, cosine, sine):
    """Add the bias to the rows of one sequence and turn the first two thirds of each by its position."""
    size = 2 * cosine.shape[1]
    for i in range(qkv.shape[0]):
        row = qkv[i]
        for c in range(row.size):
            row[c] += bias[c]
        for head in range(2 * row.size // (3 * size)):
            _turn(row[head * size : (head + 1) * size], cosine[i], sine[i])


@part
def turn_queries_and_keys_back(dqkv, cosine, sine):
    """Turn the gradients of one sequence's queries and keys back."""
    size = 2 * cosine.shape[1]
    for i in range(dqkv.shape[0]):
        row = dqkv[i]
        for head in range(2 * row.size // (3 * size)):
            _turn_back(row[head * size : (head + 1) * size], cosine[i], sine[i])


@part
def mix_head(query, key, value, attention, mixed, scratch):
    """Attention of one head of one sequence, (L, D) each; attention (L keys, L queries or more) keeps P'."""
    length, factor = query.shape[0], query.shape[1] ** -0.5
    transposed = scratch.transposed
    copy_transposed(query, transposed)
    for start in range(0, length, TILE):
        stop = min(start + TILE, length)
        tile = attention[:stop, start:stop]
        gemm(key[:stop], transposed[:, start:stop], tile, 0.0, factor)
        causal_softmax(attention, start, stop, scratch.high, scratch.total)
        gemm(tile.T, value[:stop], mixed[start:stop], 0.0)


@part
def mix_head_backward(dmixed, query, key, value, attention, dquery, dkey, dvalue, scratch):
    """Write the gradients of turned queries and keys, and of values."""
    length, factor = query.shape[0], query.shape[1] ** -0.5
    transposed, dscores = scratch.transposed, scratch.dscores
    copy_transposed(dmixed, transposed)
    for start in range(0, length, TILE):
        stop = min(start + TILE, length)
        tile = dscores[:stop, start:stop]
        gemm(value[:stop], transposed[:, start:stop], tile, 0.0)
        causal_softmax_backward(dscores, attention, start, stop, scratch.total)
        gemm(tile.T, key[:stop], dquery[start:stop], 0.0, factor)
    for start in range(0, length, TILE):
        stop = min(start + TILE, length)
        gemm(dscores[start:stop, start:length], query[start:], dkey[start:stop], 0.0, factor)
        gemm(attention[start:stop, start:length], dmixed[start:], dvalue[start:stop], 0.0)


@kernel
def attention_forward(x, weights, cache, scratch, cosine, sine):
    """Add the sublayer's output to x, rows of whole sequences of as many positions as `cosine` has rows."""
    rows, width = x.shape
    length, size = cosine.shape[0], 2 * cosine.shape[1]
    normalised, qkv, mixed = cache.normalised[:rows], cache.qkv[:rows], cache.mixed[:rows]
    inner = scratch.inner[:rows]
    normalise(x, weights.gain, weights.shift, weights.output_bias, normalised, cache.scale, inner)
    gemm(inner, weights.qkv, qkv, 0.0)
    for sequence in range(rows // length):
        here = slice(sequence * length, (sequence + 1) * length)
        turn_queries_and_keys(qkv[here], weights.qkv_bias, cosine, sine)
        for head in range(width // size):
            q, k, v = head * size, width + head * size, 2 * width + head * size
            mix_head(
                qkv[here, q : q + size], qkv[here, k : k + size], qkv[here, v : v + size],
                cache.attention[sequence * (width // size) + head], mixed[here, q : q + size], scratch,
            )  # fmt: skip
    gemm(mixed, weights.output, x, 1.0)


@kernel
def attention_backward(dx, weights, cache, scratch, cosine, sine, gradients, wanted):
    """Add the gradient through the sublayer to dx; if `wanted`, add those of the weights."""
    rows, width = dx.shape
    length, size = cosine.shape[0], 2 * cosine.shape[1]
    normalised, qkv, mixed = cache.normalised[:rows], cache.qkv[:rows], cache.mixed[:rows]
    dqkv, dmixed = scratch.dqkv[:rows], scratch.inner[:rows]
    gemm(dx, weights.output.T, dmixed, 0.0)
    if wanted:
        gemm(mixed.T, dx, gradients.output, 1.0)
        add_rows(dx, gradients.output_bias)
    for sequence in range(rows // length):
        here = slice(sequence * length, (sequence + 1) * length)
        touch(qkv[here], scratch.high)
        for head in range(width // size):
            q, k, v = head * size, width + head * size, 2 * width + head * size
            touch(cache.attention[sequence * (width // size) + head], scratch.high)
            mix_head_backward(
                dmixed[here, q : q + size],
                qkv[here, q : q + size], qkv[here, k : k + size], qkv[here, v : v + size],
                cache.attention[sequence * (width // size) + head],
                dqkv[here, q : q + size], dqkv[here, k : k + size], dqkv[here, v : v + size],
                scratch,
            )  # fmt: skip
        turn_queries_and_keys_back(dqkv[here], cosine, sine)
        if wanted:
            add_rows(dqkv[here], gradients.qkv_bias)
    inner = dmixed  # its room is free by now
    if wanted:
        rescale(normalised, weights.gain, weights.shift, inner)
        gemm(inner.T, dqkv, gradients.qkv, 1.0)
    gemm(dqkv, weights.qkv.T, inner, 0.0)
    if wanted:
        rescale_backward(inner, normalised, gradients.gain, gradients.shift)
    normalise_backward(inner, normalised, cache.scale, weights.gain, dx)
