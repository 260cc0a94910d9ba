"""Running statistics of the context: what a network that learns a fresh task as it reads must keep.

For target t, with n_{t,v} and n_{t,ab} the counts of symbols and of transitions seen before it, a the prior's
concentration, and clr(p)_v = log p_v - mean_u log p_u the centred log-ratio:

    dice            clr of n_{t,v} + a                     V numbers, those of the add-alpha rule
    Markov chains   clr of n_{t,ab} + a, row by row        V^2 numbers; an unvisited row holds 0
                    the row of the current state once more V numbers: the prediction is that row, and which one it is
                                                           no linear function of the table can know
    regression      m_t . x_t, the ridge prediction        1 number
    Dyck paths      height, steps left                     2 numbers, what the ballot count is a function of

Adding the prior's concentration makes the logarithm defined before a symbol is seen.
Source: arXiv:2605.03780, what the direction V carries; the ballot count is in `theory.dyck`.
"""

from functools import singledispatch

import numpy as np
from jaxtyping import Float

from theory import Batch, BiasedDice, LatentTasks, MarkovChains, NoisyLinearRegression, PlantedDyck


@singledispatch
def running_statistics(family: LatentTasks, batch: Batch) -> Float[np.ndarray, "B T R"]:
    """Return the R running statistics of what was seen before each target (regression: and of x_t).

    Units: nats (dice, Markov chains), those of y (regression), steps (Dyck paths).

    Raises
    ------
    TypeError
        If the family has none.
    """
    raise TypeError(f"{type(family).__name__} has no running statistics")


@running_statistics.register
def _(family: BiasedDice, batch: Batch) -> Float[np.ndarray, "B T R"]:
    return centred_log_ratio(family.fresh_mean(batch))


@running_statistics.register
def _(family: MarkovChains, batch: Batch) -> Float[np.ndarray, "B T R"]:
    symbols = family.targets(batch)
    counts = np.zeros((*symbols.shape, symbols.shape[-1]))
    np.cumsum(symbols[:, :-2, :, None] * symbols[:, 1:-1, None, :], axis=1, out=counts[:, 2:])
    table = centred_log_ratio(counts + family.concentration).reshape(*symbols.shape[:2], -1)
    return np.concatenate([table, centred_log_ratio(family.fresh_mean(batch))], axis=-1)


@running_statistics.register
def _(family: NoisyLinearRegression, batch: Batch) -> Float[np.ndarray, "B T R"]:
    return family.fresh_mean(batch)


@running_statistics.register
def _(family: PlantedDyck, batch: Batch) -> Float[np.ndarray, "B T R"]:
    symbols = family.targets(batch)
    ups, downs = symbols[..., family.background], symbols[..., family.background + 1]
    before = np.zeros((*ups.shape, 2))
    np.cumsum(np.stack([ups - downs, ups + downs], axis=-1)[:, :-1], axis=1, out=before[:, 1:])
    before[..., 1] = np.maximum(2 * family.pairs - before[..., 1], 0)
    return before


def centred_log_ratio(weights: Float[np.ndarray, "*batch V"]) -> Float[np.ndarray, "*batch V"]:
    """Return log-weights less their mean over the last axis; a common factor of the weights plays no part."""
    logs = np.log(weights)
    centred: Float[np.ndarray, "*batch V"] = logs - logs.mean(axis=-1, keepdims=True)
    return centred


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
