"""The tests around V: found on some sequences, removed, filtered and read on others."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from validate.intervals import Estimate, bootstrap, explained_share, ratio
from validate.interventions.ascent import Found, search
from validate.interventions.carrying import Context, Reading
from validate.interventions.dissociation import THETA, Losses, RandomRises, Rises, V, contrasts, spread
from validate.interventions.filtered import split_changes, split_rises
from validate.interventions.removal import Removal
from validate.interventions.samples import FRESH, MAJORS, Samples
from validate.interventions.settings import Causal
from validate.interventions.subject import Subject
from validate.running_statistics import running_statistics

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
        rises = {name: losses.rises(removal) for name, removal in _removals(subject, samples, found).items()}
        fit, score = (Context.of(subject, batch[FRESH]) for batch in (samples.fit, samples.evaluation))
        return cls(subject, samples, settings, found, losses, rises, fit, score)

    def statistics(self) -> Statistics:
        """Return the contrasts of rises, what V carries, and the filtered removal."""
        return contrasts(self.rises, self.subject, self.settings.replicates) | {
            "V carries": self._share(explained_share, self.carried(self.found.basis)),
            "filtered removal": self._share(_first_over_second, self.filtered(self.fit, self.score)[0]),
        }

    def carried(self, basis: Float[np.ndarray, "W r"]) -> Moments:
        """Return the moments of the held-out R2 of a subspace's coordinates."""
        return Reading.fit(self.fit, basis).moments(self.score)

    def filtered(self, fit: Context, score: Context) -> tuple[Moments, dict[str, float]]:
        """Return each sequence's rises with the explained part and with all of V removed, and all mean rises."""
        reference = running_statistics(self.subject.family, self.samples.fit[MAJORS])
        changes = split_changes(
            Removal(self.found.basis, self.samples.mean),
            Reading.fit(fit, self.found.basis),
            score,
            self.subject.beside(reference).mean(axis=0),
        )
        rises = split_rises(self.subject, self.samples.evaluation[FRESH], changes)
        return np.stack([rises["explained"], rises["all"]], axis=-1), {k: float(r.mean()) for k, r in rises.items()}

    def nulls_and_portrait(self) -> tuple[dict[str, Statistics], dict[str, Any]]:
        """Return the nulls of random directions and of other sequences' statistics, and numbers for figures."""
        subject, settings = self.subject, self.settings
        removals = _removals(subject, self.samples, self.found)
        random = RandomRises.of(self.losses, removals, settings.directions)
        carried = np.array([_value(self.carried(basis)) for basis in random.bases[V]])
        rng = subject.stream("statistics of other sequences")
        others = self.fit.of_other_sequences(rng), self.score.of_other_sequences(rng)
        nulls = random.nulls()
        nulls["random subspace, equal rank"]["V carries"] = spread(carried)
        nulls["statistics of other sequences"] = {
            "V carries": self._share(explained_share, Reading.fit(others[0], self.found.basis).moments(others[1])),
            "filtered removal": self._share(_first_over_second, self.filtered(*others)[0]),
        }
        portrait = {
            "dissociation": {
                name: {
                    "rises": {population: asdict(self._mean(rise)) for population, rise in rises.items()},
                    "random": {
                        kind: {population: values.tolist() for population, values in by_population.items()}
                        for kind, by_population in random.rises[name].items()
                    },
                }
                for name, rises in self.rises.items()
            },
            "search": {"losses": self.found.losses, "trace": self.found.trace},
            "carries": {
                "V": asdict(self._share(explained_share, self.carried(self.found.basis))),
                "span of theta": asdict(self._share(explained_share, self.carried(subject.task_basis))),
                "random subspaces": asdict(spread(carried)),
                "statistics of other sequences": asdict(nulls["statistics of other sequences"]["V carries"]),
            },
            "filtered": self.filtered(self.fit, self.score)[1],
        }
        return nulls, portrait

    def _share(self, statistic: Any, moments: Moments) -> Estimate:
        return bootstrap(moments, statistic, self.subject.stream("bootstrap/shares"), self.settings.replicates)

    def _mean(self, values: Float[np.ndarray, " B"]) -> Estimate:
        rng = self.subject.stream("bootstrap/rises")
        return bootstrap(values[:, None], lambda moments: moments[:, 0], rng, self.settings.replicates)


def _removals(subject: Subject, samples: Samples, found: Found) -> dict[str, Removal]:
    bases = {THETA: subject.task_basis, V: found.basis}
    return {name: Removal(basis, samples.mean) for name, basis in bases.items()}


def _first_over_second(moments: Float[np.ndarray, "R 2"]) -> Float[np.ndarray, " R"]:
    return ratio(moments[..., 0], moments[..., 1])


def _value(moments: Moments) -> float:
    return explained_share(moments.mean(axis=0, keepdims=True)).item()
