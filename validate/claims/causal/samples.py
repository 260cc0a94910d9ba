"""The sequences of the causal tests: three populations, each drawn twice.

    majors  equally many of every major task, in turn: 0, 1, ..., K - 1, 0, 1, ...
    minors  minor tasks, drawn uniformly for every sequence
    fresh   a new task from the prior for every sequence (out of distribution)

*Fit* sequences give the mean states, V, and the regression on running statistics; everything is evaluated on other
sequences. A sequence is the unit of every interval. All populations are equally large, so that differences between
them can be bootstrapped in pairs: the i-th sequences of two populations are independent, and pairing them changes
nothing.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from theory import Batch
from validate.claims.causal.subject import Subject

MAJORS, MINORS, FRESH = "majors", "minors", "fresh"


@dataclass(frozen=True, eq=False)
class Samples:
    """The sequences a subject is tested on.

    Attributes
    ----------
    fit, evaluation : dict of Batch
        By population; minors only if the mixture has some, and never among the fit sequences.
    mean : ndarray, shape (P, W)
        Mean state of the majors' fit sequences, by position: what a removed part is replaced by.
    """

    fit: dict[str, Batch]
    evaluation: dict[str, Batch]
    mean: Float[np.ndarray, "P W"]

    @classmethod
    def of(cls, subject: Subject, n_sequences: int) -> "Samples":
        """Draw them; `n_sequences` is rounded down to a multiple of the number of majors."""
        n = n_sequences - n_sequences % subject.mixture.n_majors
        fit = {name: draw(subject, name, "fit", n) for name in (MAJORS, FRESH)}
        names = (MAJORS, MINORS, FRESH) if subject.mixture.n_minors else (MAJORS, FRESH)
        evaluation = {name: draw(subject, name, "evaluation", n) for name in names}
        return cls(fit, evaluation, subject.states(fit[MAJORS]).mean(axis=0))


def draw(subject: Subject, population: str, half: str, n_sequences: int) -> Batch:
    """Draw the sequences of one population, to fit or to evaluate."""
    rng, mixture = subject.stream(f"{population}/{half}"), subject.mixture
    tasks = np.arange(n_sequences)
    if population == FRESH:
        return mixture.family.sample(rng, mixture.family.sample_pool(rng, n_sequences), n_sequences, tasks=tasks)
    if population == MAJORS:
        return mixture.family.sample(rng, mixture.majors, n_sequences, tasks=tasks % mixture.n_majors)
    if mixture.minors is None or population != MINORS:
        raise ValueError(f"there is no population {population!r} in this mixture")
    return mixture.family.sample(rng, mixture.minors, n_sequences)
