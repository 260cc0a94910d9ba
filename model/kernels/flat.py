"""Passes over flat arrays of gradients."""
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import numpy as np

from model.kernels.compilation import kernel

BLOCK = 2048  # numbers: small enough to stay near while the rows are added


@kernel
def add_rows_up(x, start, stop):
    """Add all rows to the first, in order, in columns start .. stop - 1."""
    for low in range(start, stop, BLOCK):
        high = min(low + BLOCK, stop)
        total = x[0, low:high]
        for i in range(1, x.shape[0]):
            row = x[i, low:high]
            for c in range(row.size):
                total[c] += row[c]


@kernel
def sum_of_squares(x):
    """Return sum_i x_i^2, summed in float64."""
    total = 0.0
    for i in range(x.size):
        total += np.float64(x[i]) * np.float64(x[i])
    return total
