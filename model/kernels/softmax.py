"""The causal softmax and its backward, on tiles of scores whose columns are queries and whose rows are keys.

Column i of a tile holds the scores S_ij of query i with keys j <= i, in rows j. A step of a loop then treats a row of
neighbouring queries at once: no sum or maximum runs along the direction of the vector registers. A tile has always TILE
columns, so that such a loop is a fixed run of registers; those beyond the last query start as zeros, stay finite, and
nobody reads them.
"""
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import numpy as np

from model.kernels.compilation import part
from model.kernels.exponential import exp

TILE = 32  # queries in a tile


@part
def _highest(scores, start, stop, high):
    """Write the largest score of each query of the tile."""
    lowest = scores.dtype.type(-np.inf)
    for i in range(TILE):
        high[i] = lowest
    for j in range(0, start, 4):  # start is a multiple of TILE
        a, b = scores[j, start : start + TILE], scores[j + 1, start : start + TILE]
        c, d = scores[j + 2, start : start + TILE], scores[j + 3, start : start + TILE]
        for i in range(TILE):
            high[i] = max(high[i], max(max(a[i], b[i]), max(c[i], d[i])))
    for j in range(start, stop):
        row, first = scores[j, start : start + TILE], j - start  # the first query that sees this key
        for i in range(TILE):
            high[i] = max(high[i], row[i] if i >= first else lowest)


@part
def causal_softmax(scores, start, stop, high, total):
    """Columns start .. start + TILE - 1 of scores (keys, queries) become P_ij, 0 for keys j > i up to row stop - 1.

    `high` and `total` have room for TILE numbers.
    """
    zero, one = scores.dtype.type(0.0), scores.dtype.type(1.0)
    _highest(scores, start, stop, high)
    for i in range(TILE):
        total[i] = zero
    for j in range(start):  # every query of the tile sees these keys; a loop without a choice is twice as fast
        row = scores[j, start : start + TILE]
        for i in range(TILE):
            e = exp(row[i] - high[i])
            row[i] = e
            total[i] += e
    for j in range(start, stop):
        row, first = scores[j, start : start + TILE], j - start
        for i in range(TILE):
            e = exp(row[i] - high[i]) if i >= first else zero
            row[i] = e
            total[i] += e
    for i in range(TILE):
        total[i] = one / total[i]
    for j in range(stop):
        row = scores[j, start : start + TILE]
        for i in range(TILE):
            row[i] *= total[i]


@part
def causal_softmax_backward(dscores, attention, start, stop, mean):
    """Columns start .. start + TILE - 1 of dscores turn from dP into dS_ij = P_ij (dP_ij - sum_m P_im dP_im)."""
    for i in range(TILE):
        mean[i] = dscores.dtype.type(0.0)
    for j in range(stop):
        row, weight = dscores[j, start : start + TILE], attention[j, start : start + TILE]
        for i in range(TILE):
            mean[i] += weight[i] * row[i]
    for j in range(stop):
        row, weight = dscores[j, start : start + TILE], attention[j, start : start + TILE]
        for i in range(TILE):
            row[i] = weight[i] * (row[i] - mean[i])
