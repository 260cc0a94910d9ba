"""Plain averages of the context, which compete with the running statistics that a family declares.

    averaged prediction   what the running average alone would predict: frequencies (dice, Dyck paths), those of the
                          current row (Markov chains), x_t . X'y / t (regression)
    averaged statistics   the running average and what it predicts; of numbers what it predicts alone

Attention that averages its context collects these without any learning.
"""

import numpy as np
from jaxtyping import Float

from theory import Batch, LatentTasks


def averaged_prediction(family: LatentTasks, batch: Batch) -> Float[np.ndarray, "B T D"]:
    """Return what the running average alone would predict: frequencies, those of the current row, or x_t . X'y / t."""
    average, current = family.running_average(batch), family.current(batch)
    size = family.targets(batch).shape[-1]
    if family.target_kind == "symbol" and average.shape[-1] == size:
        return average
    rows = average.reshape(*current.shape, size)
    return np.einsum("btf,btfd->btd", current, rows)


def averaged_statistics(family: LatentTasks, batch: Batch) -> Float[np.ndarray, "B T R"]:
    """Return the averages that compete with the running statistics: what attention collects without any learning.

    Symbols: the running average, and what it predicts. Numbers: what it predicts, since that is a product with x_t.
    """
    prediction = averaged_prediction(family, batch)
    if family.target_kind == "real":
        return prediction
    return np.concatenate([family.running_average(batch), prediction], axis=-1)
