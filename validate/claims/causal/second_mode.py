"""The tests around V: found on some sequences, removed, filtered and read on others."""

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float

from validate.claims.causal.ascent import Found, search
from validate.claims.causal.carrying import Context, Reading
from validate.claims.causal.dissociation import CONTROL, THETA, Losses, RandomRises, Rises, V, contrasts, spread
from validate.claims.causal.filtered import EXPLAINED, VARIATION, split_changes
from validate.claims.causal.removal import Removal, along_covariance
from validate.claims.causal.samples import FRESH, Samples
from validate.claims.causal.subject import Subject
from validate.experiment.causal_settings import Causal
from validate.statistics.intervals import Estimate, Statistic, bootstrap, explained_share, ratio

Statistics = dict[str, Estimate]
Moments = Float[np.ndarray, "B 2"]


@dataclass(frozen=True, eq=False)
class SecondMode:
    """A network's V, and what removing span{theta} and V does.

    Attributes
    ----------
    found : Found
        V, and how the search went.
    losses : Losses
        The evaluation sequences with nothing removed.
    rises : dict
        Rises of the loss under the removal of theta and of V.
    fit, score : Context
        Fit and evaluation sequences of fresh tasks.
    """

    subject: Subject
    samples: Samples
    settings: Causal
    found: Found
    losses: Losses
    rises: dict[str, Rises]
    fit: Context
    score: Context

    @classmethod
    def of(cls, subject: Subject, samples: Samples, settings: Causal) -> "SecondMode":
        """Find V and remove it."""
        found = search(subject, samples.fit[FRESH], samples.mean, settings)
        losses = Losses.of(subject, samples)
        fit, score = (Context.of(subject, batch[FRESH]) for batch in (samples.fit, samples.evaluation))
        removals = _removals(subject, samples, found)
        removals[CONTROL] = along_covariance(removals[V], fit.states, subject.complement)
        rises = {name: losses.rises(removal) for name, removal in removals.items()}
        return cls(subject, samples, settings, found, losses, rises, fit, score)

    def statistics(self) -> Statistics:
        """Return the contrasts of rises, what V carries, and the filtered removal."""
        carried = self.carried(self.found.basis)
        averages = self._averages()
        contest = np.concatenate([Reading.fit(averages[0], self.found.basis).moments(averages[1]), carried], axis=1)
        return contrasts(self.rises, self.subject, self.settings.replicates) | {
            "V carries": self._share(explained_share, carried),
            "V contest": self._share(lambda m: explained_share(m[..., 2:]) - explained_share(m[..., :2]), contest),
            "filtered removal": self.filtered_share(self.parts),
        }

    @cached_property
    def parts(self) -> Rises:
        """The rises of `filtered` with each sequence's own running statistics."""
        return self.filtered(self.fit, self.score)

    def carried(self, basis: Float[np.ndarray, "W r"]) -> Moments:
        """Return the moments of the held-out R2 of a subspace's coordinates."""
        return Reading.fit(self.fit, basis).moments(self.score)

    def filtered(self, fit: Context, score: Context) -> Rises:
        """Return the rise of each fresh sequence's loss with each part of V's coordinates removed."""
        batch, before = self.samples.evaluation[FRESH], self.losses.before[FRESH]
        changes = split_changes(Reading.fit(fit, self.found.basis), score, self.samples.mean)
        return {name: self.subject.loss(batch, change) - before for name, change in changes.items()}

    def filtered_share(self, rises: Rises) -> Estimate:
        """Estimate the explained part's share of the rise."""
        moments = np.stack([rises[EXPLAINED], rises[VARIATION]], axis=-1)
        return self._share(lambda m: ratio(m[..., 0], m[..., 1]), moments)

    @cached_property
    def random(self) -> RandomRises:
        """What removing random subspaces does."""
        return RandomRises.of(self.losses, _removals(self.subject, self.samples, self.found), self.settings.directions)

    def nulls(self) -> dict[str, Statistics]:
        """Return the nulls of random subspaces and of other sequences' running statistics."""
        rng = self.subject.stream("statistics of other sequences")
        others = self.fit.of_other_sequences(rng), self.score.of_other_sequences(rng)
        moments = Reading.fit(others[0], self.found.basis).moments(others[1])
        own = {
            "V carries": self._share(explained_share, moments),
            "filtered removal": self.filtered_share(self.filtered(*others)),
        }
        return self.random.nulls() | {"statistics of other sequences": own}

    def portrait(self) -> dict[str, Any]:
        """Return numbers for figures."""
        return {
            "dissociation": {name: self._rises_portrait(name) for name in self.rises},
            "search": {"losses": self.found.losses, "trace": self.found.trace},
            "carries": self._carries_portrait(),
            "filtered": {name: asdict(self._mean(rise)) for name, rise in self.parts.items()},
        }

    def _rises_portrait(self, name: str) -> dict[str, Any]:
        random = self.random.rises.get(name, {})
        return {
            "rises": {population: asdict(self._mean(rise)) for population, rise in self.rises[name].items()},
            "random": {
                kind: {population: values.tolist() for population, values in by_population.items()}
                for kind, by_population in random.items()
            },
        }

    def _carries_portrait(self) -> dict[str, dict[str, float]]:
        basis, averages = self.found.basis, self._averages()
        moments = {
            "V": self.carried(basis),
            "V on plain averages": Reading.fit(averages[0], basis).moments(averages[1]),
            "span of theta": self.carried(self.subject.task_basis),
        }
        random = [explained_share(self.carried(one).mean(axis=0, keepdims=True)).item() for one in self.random.bases[V]]
        table = {name: asdict(self._share(explained_share, part)) for name, part in moments.items()}
        return table | {"random subspaces": asdict(spread(np.array(random)))}

    def _averages(self) -> tuple[Context, Context]:
        fit, score = self.samples.fit[FRESH], self.samples.evaluation[FRESH]
        return self.fit.with_averages(self.subject, fit), self.score.with_averages(self.subject, score)

    def _share(self, statistic: Statistic, moments: Float[np.ndarray, "B M"]) -> Estimate:
        return bootstrap(moments, statistic, self.subject.stream("bootstrap/shares"), self.settings.replicates)

    def _mean(self, values: Float[np.ndarray, " B"]) -> Estimate:
        rng = self.subject.stream("bootstrap/rises")
        return bootstrap(values[:, None], lambda moments: moments[:, 0], rng, self.settings.replicates)


def _removals(subject: Subject, samples: Samples, found: Found) -> dict[str, Removal]:
    bases = {THETA: subject.task_basis, V: found.basis}
    return {name: Removal(basis, samples.mean) for name, basis in bases.items()}
