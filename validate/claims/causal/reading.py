"""What a subspace carries: a regression of its coordinates on running statistics of the context.

    B'h_t = c_t + A r_t + e_t

r_t: `running_statistics` of the family beside each predicted target; c_t: an intercept for each position; A: slopes
shared by all positions, by least squares. Fitted on the fit sequences of fresh tasks, scored on other fresh tasks:

    R2 = 1 - sum |e_t|^2 / sum |B'h_t - mean_t|^2,     mean_t from the fit sequences as well.

Nulls: running statistics given to other sequences, in the fit and in the score; random subspaces of the same rank.

Attention that averages its context makes every direction of an untrained network a function of symbol frequencies, and
R2 on log-ratios is then high as well, unlearned. So there is a contest as for P3*,

    V contest = R2 on running statistics - R2 on plain averages (`averaged_statistics`),

positive if V holds what a fresh task's prediction needs, and negative if it holds an average.
Source: the paper, section on what V carries.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from theory import Batch
from validate.capture.averages import averaged_statistics
from validate.claims.causal.subject import Subject


@dataclass(frozen=True, eq=False)
class Context:
    """States at the site and running statistics beside them.

    Attributes
    ----------
    states : ndarray, shape (B, P, W)
    statistics : ndarray, shape (B, P, R)
    """

    states: Float[np.ndarray, "B P W"]
    statistics: Float[np.ndarray, "B P R"]

    @classmethod
    def of(cls, subject: Subject, batch: Batch) -> "Context":
        """Capture the states of a batch."""
        return cls(subject.states(batch), subject.beside(subject.family.running_statistics(batch)))

    def with_averages(self, subject: Subject, batch: Batch) -> "Context":
        """Put the plain averages of the same sequences in place of the running statistics."""
        return replace(self, statistics=subject.beside(averaged_statistics(subject.family, batch)))

    def of_other_sequences(self, rng: np.random.Generator) -> "Context":
        """Give every sequence the running statistics of another one, at random."""
        return replace(self, statistics=self.statistics[rng.permutation(len(self.statistics))])


@dataclass(frozen=True, eq=False)
class Reading:
    """The fitted regression of a subspace's coordinates.

    Attributes
    ----------
    basis : ndarray, shape (W, r)
    slopes : ndarray, shape (R, r)
        A'.
    coordinates, statistics : ndarray, shapes (P, r) and (P, R)
        Means by position over the fit sequences.
    """

    basis: Float[np.ndarray, "W r"]
    slopes: Float[np.ndarray, "R r"]
    coordinates: Float[np.ndarray, "P r"]
    statistics: Float[np.ndarray, "P R"]

    @classmethod
    def fit(cls, context: Context, basis: Float[np.ndarray, "W r"]) -> "Reading":
        """Fit slopes and intercepts; of dependent statistics the slopes of least norm are taken."""
        coordinates = context.states @ basis
        means = coordinates.mean(axis=0), context.statistics.mean(axis=0)
        design = (context.statistics - means[1]).reshape(-1, context.statistics.shape[-1])
        response = (coordinates - means[0]).reshape(len(design), -1)
        return cls(basis, np.linalg.lstsq(design, response, rcond=None)[0], *means)

    def moments(self, context: Context) -> Float[np.ndarray, "B 2"]:
        """Return each sequence's residual and total squares, means over positions: what R2 is made of."""
        centred = context.states @ self.basis - self.coordinates
        error = centred - (context.statistics - self.statistics) @ self.slopes
        return np.stack([np.square(part).sum(axis=-1).mean(axis=1) for part in (error, centred)], axis=-1)
