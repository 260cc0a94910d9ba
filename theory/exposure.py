"""What a sequence has shown of its task: how long it was in each state, how many steps of a path it showed.

    Markov   occupancy(a) = lim 1/t sum_{j<t} P(s_j = a), from a uniform start: the stationary law where it is unique
    Dyck     P(j steps shown before target t) = C(t, j) rho^j (1 - rho)^(t - j) for j < 2 n, the rest of the mass at 2 n

Source: Norris, Markov Chains (1997), chapter 1; Feller, An Introduction to Probability Theory (1968), chapter VI.
"""

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import binom

from theory.categorical import as_laws
from theory.checks import require_shape
from theory.dyck import PlantedDyck
from theory.notation import Pool


def long_run_occupancy(chains: Float[np.ndarray, "N V V"]) -> Float[np.ndarray, "N V"]:
    """Return the long-run share of time in each state, from a uniform start: the stationary law where it is unique.

    u lim ((I + P) / 2)^(2^64), by squaring: the lazy chain has the same stationary laws and no period. Products of
    numbers at least 0 keep relative precision, which falls only with the time the chain needs to mix.
    """
    chains, n_states = as_laws(chains, "chains"), chains.shape[-1]
    require_shape("chains", chains, (len(chains), n_states, n_states))
    power = (np.eye(n_states) + chains) / 2
    for _ in range(64):
        power = power @ power
        power /= power.sum(axis=-1, keepdims=True)
    occupancy: Float[np.ndarray, "N V"] = power.mean(axis=1)
    return occupancy


def common_steps(pool: Pool) -> Int[np.ndarray, "K K"]:
    """Return how many first steps two Dyck paths share."""
    same = pool.parameters[:, None] == pool.parameters
    return np.cumprod(same, axis=-1).sum(axis=-1)


def steps_shown_law(family: PlantedDyck) -> Float[np.ndarray, "T steps"]:
    """Return P(j steps of the path were shown before target t), j = 0 .. 2 pairs: binomial, cut off at the last."""
    n_steps, t = 2 * family.pairs, np.arange(family.length)[:, None]
    law = binom.pmf(np.arange(n_steps + 1), t, family.density)
    law[:, -1] = binom.sf(n_steps - 1, t[:, 0], family.density)
    return law
