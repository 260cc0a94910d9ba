"""The tests around V: found on some sequences, removed, filtered and read on others.

They need a mixture with minors, and room beside span{theta, nu}.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from validate.claims.base import Side, Statistics
from validate.claims.causal.ascent import Found, search
from validate.claims.causal.filtered import EXPLAINED, VARIATION, split_changes
from validate.claims.causal.reading import Context, Reading
from validate.claims.causal.removal import Removal, along_covariance
from validate.claims.causal.rises import CONTROL, THETA, Losses, RandomRises, Rises, V, contrasts
from validate.claims.causal.samples import FRESH, MAJORS
from validate.claims.causal.subject import DifferentiableNetwork
from validate.claims.causal.tested import Tested, tested
from validate.statistics.intervals import Estimate, Statistic, bootstrap, explained_share, ratio

Moments = Float[np.ndarray, "B 2"]


def has_v(test: Tested) -> bool:
    """Tell whether V can be looked for: minors were trained on, there are gradients, and the complement has room."""
    subject = test.subject
    if not isinstance(subject.network, DifferentiableNetwork):
        return False
    needed = max(test.settings.rank, subject.task_basis.shape[1])
    return subject.mixture.n_minors > 0 and subject.complement.shape[1] >= needed


@dataclass(frozen=True, eq=False)
class VTests(Tested):
    """A network's V, and what removing span{theta} and V does.

    Attributes
    ----------
    found : Found
        V, and how the search went.
    removals : dict
        Of span{theta}, of V, and of V's control: a subspace and what it is replaced by.
    losses : Losses
        The evaluation sequences with nothing removed.
    rises : dict
        Rises of the loss under the removal of theta and of V.
    fit, score : Context
        Fit and evaluation sequences of fresh tasks.
    """

    found: Found
    removals: Mapping[str, Removal]
    losses: Losses
    rises: dict[str, Rises]
    fit: Context
    score: Context

    @classmethod
    def find(cls, test: Tested) -> "VTests":
        """Find V and remove it."""
        found = search(test.subject, test.samples.fit[FRESH], test.samples.mean, test.settings)
        removals, fit = _removals(test, found), Context.of(test.subject, test.samples.fit[FRESH])
        removals[CONTROL] = along_covariance(removals[V], fit.states, test.subject.complement)
        return cls.given(test, found, removals, fit)

    @classmethod
    def given(cls, test: Tested, found: Found, removals: Mapping[str, Removal], fit: Context | None = None) -> "VTests":
        """Remove what was found, also on other sequences."""
        subject, samples = test.subject, test.samples
        losses = Losses.of(subject, samples)
        fit, score = fit or Context.of(subject, samples.fit[FRESH]), Context.of(subject, samples.evaluation[FRESH])
        rises = {name: losses.rises(removal) for name, removal in removals.items()}
        return cls(subject, test.settings, samples, found, removals, losses, rises, fit, score)

    def contrasts(self) -> Statistics:
        """Estimate the contrasts of rises."""
        return contrasts(self.rises, self.subject, self.settings.replicates)

    def contrasts_of_matched_search(self) -> Statistics:
        """Estimate V's contrasts for what the same search finds on the loss of majors, with their role and fresh tasks'
        exchanged: what a search can do in this complement to tasks whose directions are not in it.
        """
        subject, batch, mean = self.subject, self.samples.fit[MAJORS], self.samples.mean
        removal = Removal(search(subject, batch, mean, self.settings).basis, mean)
        removals = {V: removal, CONTROL: along_covariance(removal, subject.states(batch), subject.complement)}
        exchanged = {}
        for name, one in removals.items():
            rises = self.losses.rises(one)
            exchanged[name] = {FRESH: rises[MAJORS], MAJORS: rises[FRESH]}
        return contrasts(exchanged, subject, self.settings.replicates)

    def carrying(self) -> Statistics:
        """Estimate what V carries, and the filtered removal."""
        carried, averages = self.carried(self.found.basis), self._averages
        contest = np.concatenate([Reading.fit(averages[0], self.found.basis).moments(averages[1]), carried], axis=1)
        return {
            "V carries": self._share(explained_share, carried),
            "V contest": self._share(lambda m: explained_share(m[..., 2:]) - explained_share(m[..., :2]), contest),
            "filtered removal": self.filtered_share(self.parts),
        }

    def carrying_of_other_sequences(self) -> Statistics:
        """Estimate the same with running statistics given to other sequences."""
        rng = self.subject.stream("statistics of other sequences")
        others = self.fit.of_other_sequences(rng), self.score.of_other_sequences(rng)
        moments = Reading.fit(others[0], self.found.basis).moments(others[1])
        return {
            "V carries": self._share(explained_share, moments),
            "filtered removal": self.filtered_share(self.filtered(*others)),
        }

    def carried_by_subspace(self) -> Statistics:
        """Estimate R2 of V, of V on plain averages, of the span of theta, and of random subspaces."""
        basis, averages = self.found.basis, self._averages
        moments = {
            "V": self.carried(basis),
            "V on plain averages": Reading.fit(averages[0], basis).moments(averages[1]),
            "span of theta": self.carried(self.subject.task_basis),
        }
        random = [explained_share(self.carried(one).mean(axis=0, keepdims=True)).item() for one in self.random.bases[V]]
        table = {name: self._share(explained_share, own) for name, own in moments.items()}
        return table | {"random subspaces": Estimate.of_spread(np.array(random))}

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
        removals = {name: self.removals[name] for name in (THETA, V)}
        return RandomRises.of(self.losses, removals, self.settings.directions)

    @cached_property
    def _averages(self) -> tuple[Context, Context]:
        fit, score = self.samples.fit[FRESH], self.samples.evaluation[FRESH]
        return self.fit.with_averages(self.subject, fit), self.score.with_averages(self.subject, score)

    def _share(self, statistic: Statistic, moments: Float[np.ndarray, "B M"]) -> Estimate:
        return bootstrap(moments, statistic, self.subject.stream("bootstrap/shares"), self.settings.replicates)


def _removals(test: Tested, found: Found) -> dict[str, Removal]:
    bases = {THETA: test.subject.task_basis, V: found.basis}
    return {name: Removal(basis, test.samples.mean) for name, basis in bases.items()}


def v_tests(side: Side) -> VTests | None:
    """Return the tests around V of a side's network, None where it cannot be looked for."""
    test = side.once(tested)
    return VTests.find(test) if has_v(test) else None
