"""Passes over flat arrays of gradients."""
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import numpy as np

from model.kernels.compilation import kernel


@kernel
def sum_of_squares(x):
    """Return sum_i x_i^2, summed in float64."""
    total = 0.0
    for i in range(x.size):
        total += np.float64(x[i]) * np.float64(x[i])
    return total
