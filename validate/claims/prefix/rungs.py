"""States that hold the prefix, or mere counts: rungs of the ladder for planted Dyck paths."""

import numpy as np

from theory import Batch, Mixture
from theory.prefix import planted, prefix_index, steps_shown
from validate.capture.rungs import FeatureFunction, bayes_features


def prefix_features(mixture: Mixture, batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """Return exact-Bayes features beside the majors' prefix as one-hot, 0 where it is none of theirs."""
    features, mean = bayes_features(mixture, batch)
    family, index = planted(mixture.family), prefix_index(mixture.majors)
    agrees = np.isfinite(family.log_likelihood(mixture.majors, batch))
    prefix = index[agrees.argmax(axis=-1), steps_shown(family, batch)]
    one_hot = np.eye(index.max() + 1)[prefix] * agrees.any(axis=-1, keepdims=True)
    return np.concatenate([features, one_hot], axis=-1), mean


def count_features(mixture: Mixture, batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """Return the frequencies of the symbols seen, as attention with random weights holds them, and the fresh mean."""
    return mixture.family.running_average(batch), mixture.family.fresh_mean(batch)


PREFIX_RUNGS: dict[str, FeatureFunction] = {"prefix": prefix_features, "symbol counts": count_features}
"""Rungs of the ladder for planted Dyck paths alone; "exact Bayes" holds the task and no prefix."""
