"""Which Bayes predictor does the network behave like?

Distance of the network's prediction q to a reference m, per sequence and position:

    symbols  KL(q || m) = sum_v q_v log(q_v / m_v)   nats
    numbers  (q - m)^2

for the references M1 (retrieval over the training pool), M2 (extrapolation: majors and a fresh task) and the prior
predictive.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from theory import Batch, Mixture, Prediction, extrapolation, predicted_mean, prior_predictive, retrieval

REFERENCES: dict[str, Callable[[Mixture, Batch], Prediction]] = {
    "M1": retrieval,
    "M2": extrapolation,
    "prior predictive": lambda mixture, batch: prior_predictive(mixture.family, batch),
}
"""The Bayes predictors a network is compared with, by name."""


def reference_mean(name: str, mixture: Mixture, batch: Batch) -> Float[np.ndarray, "B T D"]:
    """Return a reference's prediction for every target."""
    return predicted_mean(REFERENCES[name], mixture, batch)
