"""Two conventions that keep all numbers finite; they matter for planted Dyck paths only, whose tasks exclude symbols.

Where no task of the pool can have produced what was seen, M1 has no posterior and goes back to its prior weights. A
prediction that gives a symbol less than FLOOR / V is mixed with the uniform law, of weight FLOOR, before a distance or
a loss is taken: a trained network excludes nothing either.
"""

import numpy as np
from jaxtyping import Float

from theory import Batch, ImpossibleSequenceError, Mixture, Prediction, TargetKind, posterior, retrieval

FLOOR = 1e-6
"""Weight of the uniform law in a prediction that excludes a symbol: as good as never, to a trained network."""


def retrieval_or_prior(mixture: Mixture, batch: Batch) -> Prediction:
    """Predict as `theory.retrieval`, with the prior weights wherever every task of the pool is excluded."""
    try:
        return retrieval(mixture, batch)
    except ImpossibleSequenceError:
        log_likelihood = mixture.family.log_likelihood(mixture.pool, batch)
        lost = (log_likelihood[..., mixture.weights > 0] == -np.inf).all(axis=-1)
        log_likelihood[lost] = 0.0
        weights = posterior(log_likelihood, mixture.weights)
        return Prediction(weights, mixture.family.mixed_mean(mixture.pool, batch, weights))


def floored(kind: TargetKind, mean: Float[np.ndarray, "B P D"]) -> Float[np.ndarray, "B P D"]:
    """Return a prediction that excludes no symbol: laws with an entry below FLOOR / V are mixed with the uniform."""
    if kind == "real":
        return mean
    n_symbols = mean.shape[-1]
    excludes = mean.min(axis=-1, keepdims=True) < FLOOR / n_symbols
    return np.where(excludes, (1 - FLOOR) * mean + FLOOR / n_symbols, mean)
