"""The training mixture: a few major tasks with most of the mass, many minor tasks with the rest.

    weight of a major task  (1 - q) / K_major          weight of a minor task  q / K_minor          q = minor_mass

Without minors the majors share all mass uniformly, which is also the design of a uniform pool of K tasks. A pool of
unequal weights is one of majors with `shares`: major k has (1 - q) shares_k / (shares_1 + ... + shares_K).

How hard the tasks are to tell apart is a knob of its own: `overlapping` moves the tasks of a pool towards their mean,

    p_k  ->  (1 - o) p_k + o (p_1 + ... + p_K) / K,          0 <= o <= 1,

which keeps the mean and shrinks all differences by 1 - o; at o = 1 nothing is left to infer.
Source: arXiv:2605.03780, training distribution.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from theory.checks import is_number, quoted, require_whole
from theory.notation import Batch, LatentTasks, Pool


@dataclass(frozen=True, eq=False)
class Mixture:
    """A mixture of major and minor tasks of one family.

    Attributes
    ----------
    family : LatentTasks
        The family the tasks belong to.
    majors : Pool
        The major tasks, at least one.
    minors : Pool or None
        The minor tasks. None or an empty pool: the majors share all mass and `minor_mass` plays no part in the
        training weights; it is still the mass of the fresh task in `theory.extrapolation`.
    minor_mass : float
        Mass q shared by the minors, in [0, 1).
    shares : ndarray of K_major numbers, optional
        How the majors share their mass, positive numbers of any sum; uniformly unless given.
    """

    family: LatentTasks
    majors: Pool
    minors: Pool | None = None
    minor_mass: float = 0.1
    shares: Float[np.ndarray, " K"] | None = None

    def __post_init__(self) -> None:
        if not (is_number(self.minor_mass) and 0 <= self.minor_mass < 1):
            raise ValueError(f"minor_mass must be in [0, 1); got {self.minor_mass}")
        if not len(self.majors):
            raise ValueError("majors must hold at least one task; got an empty pool")
        if self.minors is not None and self.minors.parameters.shape[1:] != self.majors.parameters.shape[1:]:
            shapes = f"{self.majors.parameters.shape} and {self.minors.parameters.shape}"
            raise ValueError(f"majors and minors must be tasks of one shape; got {shapes}")
        if self.shares is not None:
            _require_shares(self.shares, len(self.majors))

    @property
    def n_majors(self) -> int:
        """Number of major tasks; they come first in `pool`."""
        return len(self.majors)

    @property
    def n_minors(self) -> int:
        """Number of minor tasks."""
        return 0 if self.minors is None else len(self.minors)

    @cached_property
    def pool(self) -> Pool:
        """All tasks, majors first."""
        if self.minors is None:
            return self.majors
        return Pool(np.concatenate([self.majors.parameters, self.minors.parameters]))

    @cached_property
    def weights(self) -> Float[np.ndarray, " K"]:
        """Training weight of each task of `pool`."""
        if not self.n_minors:
            return self.major_weights(1.0)
        minor = np.full(self.n_minors, self.minor_mass / self.n_minors)
        return np.concatenate([self.major_weights(1 - self.minor_mass), minor])

    def major_weights(self, mass: float) -> Float[np.ndarray, " K"]:
        """Return the weight of each major where all of them have `mass` together."""
        if self.shares is None:
            return np.full(self.n_majors, mass / self.n_majors)
        weights: Float[np.ndarray, " K"] = mass * self.shares / self.shares.sum()
        return weights

    def sample(self, rng: np.random.Generator, n_sequences: int) -> Batch:
        """Draw sequences, each with its own task; `Batch.tasks` indexes `pool`."""
        require_whole("n_sequences", n_sequences, 0)
        tasks = rng.choice(len(self.pool), size=n_sequences, p=self.weights)
        return self.family.sample(rng, self.pool, n_sequences, tasks=tasks)


def _require_shares(shares: Float[np.ndarray, " K"], n_majors: int) -> None:
    if shares.shape != (n_majors,) or not (np.all(np.isfinite(shares)) and np.all(shares > 0)):
        raise ValueError(
            f"shares must be {n_majors} positive numbers, one for each major; got {quoted(shares.tolist())}"
        )


def overlapping(pool: Pool, overlap: float) -> Pool:
    """Return the tasks moved towards their mean: laws stay laws and coefficients stay coefficients.

    Parameters
    ----------
    pool : Pool
        Dice, Markov chains or regression coefficients.
    overlap : float
        Share o of the way, in [0, 1]: 0 changes nothing, 1 makes all tasks their mean.

    Raises
    ------
    ValueError
        If `overlap` is outside [0, 1], or the tasks are discrete. A Dyck path is a row of +1 and -1: an average of
        two different paths is no path, and no path lies between them.
    """
    if not (is_number(overlap) and 0 <= overlap <= 1):
        raise ValueError(f"overlap must be in [0, 1]; got {overlap}")
    if not np.issubdtype(pool.parameters.dtype, np.floating):
        raise ValueError("overlap needs tasks that can be averaged; the mean of Dyck paths is no path")
    return Pool((1 - overlap) * pool.parameters + overlap * pool.parameters.mean(axis=0, keepdims=True))
