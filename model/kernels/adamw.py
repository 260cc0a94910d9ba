"""One pass of AdamW over flat buffers; see `model.optimizers.adamw` for the formulas and the arguments."""
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import numpy as np

from model.kernels.compilation import kernel


@kernel
def adamw(parameters, gradients, first, second, keep, rate, beta1, beta2, correction1, correction2, epsilon, factor):
    """One AdamW update in place."""
    one = parameters.dtype.type(1.0)
    for i in range(parameters.size):
        g = factor * gradients[i]
        m = beta1 * first[i] + (one - beta1) * g
        v = beta2 * second[i] + (one - beta2) * g * g
        first[i], second[i] = m, v
        parameters[i] = keep * parameters[i] - rate * (m * correction1) / (np.sqrt(v * correction2) + epsilon)
