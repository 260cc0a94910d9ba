"""Double dissociation: span{theta} serves the majors, V the tasks that were never seen.

The rise of the loss when a subspace is removed (`claims.causal.removal`), by population, in nats.
Claims are contrasts of rises:

    theta specificity    majors                  theta removed
    theta dissociation   majors / 5 - fresh      theta removed
    V specificity        fresh                   V removed
    V dissociation       fresh / 5 - majors      V removed
    V minors             minors - majors         V removed
    V control            fresh - majors          V removed along the covariance

Specificity asks for a rise beyond what random subspaces cause. Dissociation is a test of equivalence: what is removed
must hurt one population and leave the other alone, so the other's rise must be shown to be at most a fifth (`SPARED`)
of the first's. As a difference it is linear in the rises, and defined where nothing rises. Intervals are over
sequences; those of random subspaces are the central 95 percent over the subspaces drawn.
Source: the paper, section on double dissociation.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from validate.claims.causal.removal import Removal, of_equal_norm
from validate.claims.causal.samples import FRESH, MAJORS, MINORS, Samples
from validate.claims.causal.subject import Subject
from validate.statistics.intervals import Estimate, bootstrap_mean

Rises = dict[str, Float[np.ndarray, " B"]]
"""By population, the rise of each sequence's loss."""

THETA, V, CONTROL = "theta", "V", "V along covariance"
TARGETED = {THETA: MAJORS, V: FRESH}
"""The population a removal is meant to hurt."""


SPARED = 0.2
"""Share of the rise on the population that is meant, up to which the other one counts as left alone."""


@dataclass(frozen=True)
class Contrast:
    """A difference of mean rises under one removal, share times `plus` less `minus`; without `minus` a rise itself."""

    removed: str
    plus: str
    minus: str | None = None
    share: float = 1.0

    def defined(self, populations: Mapping[str, object]) -> bool:
        """Tell whether the populations it compares are there."""
        return all(name in populations for name in (self.plus, self.minus) if name is not None)

    def of(self, rises: Mapping[str, Float[np.ndarray, " N"]]) -> Float[np.ndarray, " N"]:
        """Return it for each sequence, or each removal."""
        return self.share * rises[self.plus] - (0 if self.minus is None else rises[self.minus])

    def estimate(self, rises: Rises, rng: np.random.Generator, n_replicates: int) -> Estimate:
        """Estimate it with an interval over sequences."""
        return bootstrap_mean(self.of(rises), rng, n_replicates)


CONTRASTS: dict[str, Contrast] = {
    "theta specificity": Contrast(THETA, MAJORS),
    "theta dissociation": Contrast(THETA, MAJORS, FRESH, SPARED),
    "V specificity": Contrast(V, FRESH),
    "V dissociation": Contrast(V, FRESH, MAJORS, SPARED),
    "V minors": Contrast(V, MINORS, MAJORS),
    "V control": Contrast(CONTROL, FRESH, MAJORS),
}


@dataclass(frozen=True, eq=False)
class Losses:
    """Losses of the evaluation sequences with nothing removed."""

    subject: Subject
    samples: Samples
    before: dict[str, Float[np.ndarray, " B"]]

    @classmethod
    def of(cls, subject: Subject, samples: Samples) -> "Losses":
        """Run the network on every population."""
        return cls(subject, samples, {name: subject.loss(batch) for name, batch in samples.evaluation.items()})

    def rises(self, removal: Removal) -> Rises:
        """Return the rise of each sequence's loss under a removal."""
        return {
            name: self.subject.loss(batch, removal) - self.before[name]
            for name, batch in self.samples.evaluation.items()
        }


def contrasts(rises: Mapping[str, Rises], subject: Subject, n_replicates: int) -> dict[str, Estimate]:
    """Estimate every contrast that is defined, from the rises under each removal."""
    return {
        name: contrast.estimate(rises[contrast.removed], subject.stream(f"bootstrap/{name}"), n_replicates)
        for name, contrast in CONTRASTS.items()
        if contrast.removed in rises and contrast.defined(rises[contrast.removed])
    }


@dataclass(frozen=True, eq=False)
class RandomRises:
    """Mean rises under removal of random subspaces, one row a subspace.

    Attributes
    ----------
    rises : dict
        By removal matched (theta or V), kind of match (equal rank, equal norm) and population, shape (directions,).
    bases : dict
        By removal matched, the subspaces.
    """

    rises: dict[str, dict[str, dict[str, Float[np.ndarray, " N"]]]]
    bases: dict[str, list[Float[np.ndarray, "W r"]]]

    @classmethod
    def of(cls, losses: Losses, removals: Mapping[str, Removal], n_directions: int) -> "RandomRises":
        """Draw subspaces of each removal's rank and remove them, at their own norm and at the removal's."""
        subject, samples = losses.subject, losses.samples
        ranks = {name: removal.basis.shape[1] for name, removal in removals.items()}
        by_rank = {rank: subject.random_directions(rank, n_directions, f"rank {rank}") for rank in ranks.values()}
        plain = {
            rank: _mean_rises(losses, [Removal(basis, samples.mean) for basis in bases])
            for rank, bases in by_rank.items()
        }
        rises = {}
        for name, removal in removals.items():
            states = subject.states(samples.fit[TARGETED[name]])
            scaled = [of_equal_norm(basis, removal, states) for basis in by_rank[ranks[name]]]
            rises[name] = {"equal rank": plain[ranks[name]], "equal norm": _mean_rises(losses, scaled)}
        return cls(rises, {name: by_rank[rank] for name, rank in ranks.items()})

    def nulls(self) -> dict[str, dict[str, Estimate]]:
        """Return the contrasts under random removals, by kind of match and statistic."""
        table: dict[str, dict[str, Estimate]] = {}
        for name, contrast in CONTRASTS.items():
            for kind, rises in self.rises.get(contrast.removed, {}).items():
                if contrast.defined(rises):
                    values = Estimate.of_spread(contrast.of(rises))
                    table.setdefault(f"random subspace, {kind}", {})[name] = values
        return table


def _mean_rises(losses: Losses, removals: list[Removal]) -> dict[str, Float[np.ndarray, " N"]]:
    drawn = [losses.rises(removal) for removal in removals]
    return {name: np.array([rises[name].mean() for rises in drawn]) for name in losses.before}
