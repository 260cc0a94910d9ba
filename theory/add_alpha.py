"""The add-alpha rule: what comes next, by counting what came before and adding the same number to every count.

    of symbols    P(s_t = v | s_<t) = (n_{t,v} + a) / (t + V a)          n_{t,v} = #{j < t : s_j = v}
    of followers  P(s_t = b | s_<t) = (n_{t,cb} + a) / (n_{t,c} + V a)   n_{t,cb} = #{0 < j < t : s_{j-1} = c, s_j = b}
                  with the current symbol c = s_{t-1};  1 / V for t = 0

The first is the prior predictive of a die, the second that of a Markov chain, under symmetric Dirichlet priors of
parameter a (`theory.dice`, `theory.markov`); with a = 1/2 it is Krichevsky and Trofimov's rule.

Source: Krichevsky and Trofimov, The performance of universal encoding (1981).
"""

import numpy as np
from jaxtyping import Float, Int

from theory.symbols import counts_before, one_hot


def law_of_symbols(symbols: Int[np.ndarray, "B T"], n_symbols: int, added: float) -> Float[np.ndarray, "B T V"]:
    """Return the law of each symbol by the frequencies of the symbols before it."""
    counts = counts_before(one_hot(symbols, n_symbols))
    totals = np.arange(symbols.shape[1])[:, None] + n_symbols * added
    law: Float[np.ndarray, "B T V"] = (counts + added) / totals
    return law


def law_of_followers(symbols: Int[np.ndarray, "B T"], n_symbols: int, added: float) -> Float[np.ndarray, "B T V"]:
    """Return the law of each symbol by the frequencies of what followed the symbol before it."""
    counts = np.zeros((len(symbols), n_symbols, n_symbols))
    law = np.full((*symbols.shape, n_symbols), 1 / n_symbols)
    rows = np.arange(len(symbols))
    for target in range(1, symbols.shape[1]):
        current = symbols[:, target - 1]
        if target > 1:
            counts[rows, symbols[:, target - 2], current] += 1
        raised = counts[rows, current] + added
        law[:, target] = raised / raised.sum(axis=1, keepdims=True)
    return law
