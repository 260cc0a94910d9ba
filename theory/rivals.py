"""Explanations without latent tasks that compete with the Bayes predictors.

Symbols, with n the counts of what was seen before target t and a the current symbol (`theory.add_alpha`):

    unigram   P(s_t = v | s_<t) = (n_v + 1/2) / (t + V/2)
    bigram    P(s_t = v | s_<t) = (n_{a,v} + 1/2) / (n_a + V/2),   1 / V where a was never left before

So for dice the unigram, and for Markov chains the bigram, is nearly the prior predictive itself. Numbers:

    running mean   mean of y_j, j < t                       0 before the first
    averaging      x_t . (X'y / t): the coefficients after one gradient step from 0, which is what plain averaging of
                   the points gives
"""

import numpy as np
from jaxtyping import Float, Int

from theory.add_alpha import law_of_followers, law_of_symbols

HALF = 0.5
"""What is added to every count."""


def symbol_rivals(symbols: Int[np.ndarray, "B T"], n_symbols: int) -> dict[str, Float[np.ndarray, "B T V"]]:
    """Return what each rival predicts for every symbol, by name."""
    return {
        "unigram": law_of_symbols(symbols, n_symbols, HALF),
        "bigram": law_of_followers(symbols, n_symbols, HALF),
    }


def number_rivals(
    x: Float[np.ndarray, "B T d"], y: Float[np.ndarray, "B T"], average: Float[np.ndarray, "B T d"]
) -> dict[str, Float[np.ndarray, "B T 1"]]:
    """Return what each rival predicts for every response, by name; `average` is X'y / t, 0 at first."""
    mean = np.zeros(y.shape)
    mean[:, 1:] = np.cumsum(y[:, :-1], axis=1) / np.arange(1, y.shape[1])
    return {"running mean": mean[..., None], "averaging": (average * x).sum(axis=-1, keepdims=True)}
