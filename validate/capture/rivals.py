"""Explanations without latent tasks that compete with the Bayes predictors, declared by each family.

Symbols, with n the counts of what was seen before target t and a the current symbol (Krichevsky and Trofimov's rule):

    unigram   P(s_t = v | s_<t) = (n_v + 1/2) / (t + V/2)
    bigram    P(s_t = v | s_<t) = (n_{a,v} + 1/2) / (n_a + V/2),   1 / V where a was never left before

Numbers:

    running mean   mean of y_j, j < t                       0 before the first
    averaging      x_t . (X'y / t): the coefficients after one gradient step from 0, which is what plain averaging of
                   the points gives

Both rules for symbols are the prior predictives of dice and of Markov chains under a Dirichlet(1/2) prior, and are
computed as such. So for dice the unigram, and for Markov chains the bigram, is nearly the prior predictive itself.
"""

from collections.abc import Callable
from functools import partial, singledispatch

import numpy as np
from jaxtyping import Float

from theory import Batch, BiasedDice, LatentTasks, MarkovChains, NoisyLinearRegression, PlantedDyck

Rival = Callable[[Batch], Float[np.ndarray, "B T D"]]
"""Predicts every target of a batch from what was seen before it."""

CONCENTRATION = 0.5
"""What is added to every count."""


@singledispatch
def rivals(family: LatentTasks) -> dict[str, Rival]:
    """Return a family's rival predictors by name; a family that declares none is contested by the references alone."""
    return {}


@rivals.register(BiasedDice)
@rivals.register(MarkovChains)
@rivals.register(PlantedDyck)
def _(family: LatentTasks) -> dict[str, Rival]:
    return {"unigram": partial(unigram, family), "bigram": partial(bigram, family)}


@rivals.register
def _(family: NoisyLinearRegression) -> dict[str, Rival]:
    return {"running mean": partial(running_mean, family), "averaging": partial(averaging, family)}


def unigram(family: LatentTasks, batch: Batch) -> Float[np.ndarray, "B T V"]:
    """Return the symbol frequencies so far, half a count added to each symbol."""
    _, length, n_symbols = family.targets(batch).shape
    return BiasedDice(n_symbols, length, CONCENTRATION).fresh_mean(batch)


def bigram(family: LatentTasks, batch: Batch) -> Float[np.ndarray, "B T V"]:
    """Return the frequencies so far of what followed the current symbol, half a count added to each."""
    _, length, n_symbols = family.targets(batch).shape
    return MarkovChains(n_symbols, length, CONCENTRATION).fresh_mean(batch)


def running_mean(family: LatentTasks, batch: Batch) -> Float[np.ndarray, "B T 1"]:
    """Return the mean response so far, 0 before the first."""
    y = family.targets(batch)
    mean = np.zeros_like(y)
    mean[:, 1:] = np.cumsum(y[:, :-1], axis=1) / np.arange(1, y.shape[1])[:, None]
    return mean


def averaging(family: LatentTasks, batch: Batch) -> Float[np.ndarray, "B T 1"]:
    """Return x_t . (X'y / t), the prediction of the averaged points."""
    return (family.running_average(batch) * family.current(batch)).sum(axis=-1, keepdims=True)
