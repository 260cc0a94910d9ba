"""Predictors that ignore the order of symbols, beside those that see it.

A Markov chain whose order is ignored is a die: its long-run occupancy pi_k. So there are four ways to predict,

                 remembering the tasks                      knowing their prior alone
    unigram      M1 of the dice pi_k                        add-alpha counts of symbols
    bigram       M1 of the chains                           add-alpha counts of transitions

and the dice of a mixture of chains are a mixture of their own, with the same weights. Dice have no order to ignore.

Source: Park et al., Competition dynamics shape algorithmic phases of in-context learning (2024).
"""

from functools import singledispatch

from theory.dice import BiasedDice
from theory.exposure import long_run_occupancy
from theory.markov import MarkovChains
from theory.mixture import Mixture
from theory.notation import LatentTasks, Pool


@singledispatch
def unordered(family: LatentTasks, mixture: Mixture) -> Mixture | None:
    """Return what is left of a mixture of `family` where the order of symbols is ignored; None if there is no order."""
    return None


@unordered.register
def _(family: MarkovChains, mixture: Mixture) -> Mixture | None:
    dice = BiasedDice(family.states, family.length, family.concentration, family.layout)
    majors, minors = mixture.majors, mixture.minors
    return Mixture(
        dice,
        Pool(long_run_occupancy(majors.parameters)),
        None if minors is None else Pool(long_run_occupancy(minors.parameters)),
        mixture.minor_mass,
        mixture.shares,
    )
