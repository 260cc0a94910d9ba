"""Losses, summed in float64, each with its gradient in the same pass."""
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import math

from model.kernels.compilation import kernel
from model.kernels.exponential import exp


@kernel
def cross_entropy(logits, targets, scale, dlogits):
    """Return scale * sum of -log softmax(logits)[target]; dlogits = scale (softmax - one-hot)."""
    rows, symbols = logits.shape
    loss = 0.0
    for i in range(rows):
        highest = logits[i, 0]
        for v in range(1, symbols):
            highest = max(highest, logits[i, v])
        total = logits.dtype.type(0.0)
        for v in range(symbols):
            dlogits[i, v] = exp(logits[i, v] - highest)
            total += dlogits[i, v]
        loss += math.log(total) - (logits[i, targets[i]] - highest)
        factor = logits.dtype.type(scale) / total
        for v in range(symbols):
            dlogits[i, v] *= factor
        dlogits[i, targets[i]] -= logits.dtype.type(scale)
    return scale * loss


@kernel
def squared_error(outputs, targets, scale, doutputs):
    """Return scale * sum of (output - target)^2; doutputs = 2 scale (output - target)."""
    loss = 0.0
    for i in range(outputs.shape[0]):
        difference = outputs[i, 0] - targets[i]
        loss += difference * difference
        doutputs[i, 0] = outputs.dtype.type(2.0 * scale) * difference
    return scale * loss
