"""All causal tests of one network, with their nulls.

Statistic                  what it is                                                            module
steering                   share of the distance to the targets that steering takes away         steering
theta specificity, theta   rises of the loss, and differences of rises, when a subspace is       dissociation
dissociation, V ...          removed
V carries, V contest       held-out R2 of V's coordinates on running statistics, less that on    carrying
                             plain averages
filtered removal           share of V's effect that its explained part has                       filtered
history                    rise with the history swapped, first layer less last but one          history

What rests on V needs a mixture with minors, and room beside span{theta, nu}; history needs three layers. A statistic
that cannot be had is left out.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from validate.claims.causal.dissociation import spread
from validate.claims.causal.history import history_rises
from validate.claims.causal.ideal import ideal_dissociation
from validate.claims.causal.samples import MAJORS, Samples
from validate.claims.causal.second_mode import SecondMode
from validate.claims.causal.steering import Steering, permuted, rotated
from validate.claims.causal.subject import Subject
from validate.experiment.causal_settings import Causal
from validate.statistics.intervals import Estimate, bootstrap, explained_share

Statistics = dict[str, Estimate]


@dataclass(frozen=True)
class CausalFindings:
    """What the causal tests say of one network.

    Attributes
    ----------
    statistics : dict
        Estimates by statistic.
    nulls : dict
        Estimates by null and statistic.
    predicted : dict
        What theory says of an exact-Bayes network, for the statistics where it says a number.
    portrait : dict
        Numbers for figures, as plain lists.
    """

    statistics: Statistics
    nulls: dict[str, Statistics]
    predicted: dict[str, float]
    portrait: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Tests:
    """One network with everything done to it that does not need random directions."""

    subject: Subject
    settings: Causal
    samples: Samples
    steering: Steering
    steered: Float[np.ndarray, "G B J D"]
    second_mode: SecondMode | None
    history: dict[str, Float[np.ndarray, " B"]]

    @classmethod
    def of(cls, subject: Subject, settings: Causal) -> "Tests":
        """Run every test."""
        samples = Samples.of(subject, settings.sequences)
        steering = Steering.of(subject, samples.evaluation[MAJORS], settings.grid)
        second_mode = SecondMode.of(subject, samples, settings) if has_second_mode(subject, settings) else None
        history = history_rises(subject, samples.evaluation[MAJORS])
        return cls(subject, settings, samples, steering, steering.steered(subject.task), second_mode, history)

    def share(self, distance: Float[np.ndarray, "G B"]) -> Estimate:
        """Estimate the share of the distance that steering takes away."""
        rng = self.subject.stream("bootstrap/steering")
        return bootstrap(self.steering.against_unsteered(distance), explained_share, rng, self.settings.replicates)

    def mean_rise(self, values: Float[np.ndarray, " B"]) -> Estimate:
        """Estimate a mean over sequences."""
        rng = self.subject.stream("bootstrap/rises")
        return bootstrap(values[:, None], lambda moments: moments[:, 0], rng, self.settings.replicates)

    def statistics(self) -> Statistics:
        """Return every statistic that can be had."""
        table = {"steering": self.share(self.steering.distance(self.steered))}
        if self.second_mode is not None:
            table |= self.second_mode.statistics()
        if len(self.history) > 2:
            rises = list(self.history.values())
            table["history"] = self.mean_rise(rises[0] - rises[-2])
        return table

    def steering_nulls(self) -> dict[str, Statistics]:
        """Return the share of simplices elsewhere, and of the right simplex with the wrong corners."""
        task, rng = self.subject.task, self.subject.stream("rotations")
        elsewhere = [
            explained_share(self.steering.moments(rotated(task, rng)).mean(axis=0, keepdims=True)).item()
            for _ in range(self.settings.directions)
        ]
        wrong = np.mean([self.steering.distance(self.steering.steered(simplex)) for simplex in permuted(task)], axis=0)
        return {
            "rotated simplex": {"steering": spread(np.array(elsewhere))},
            "permuted tasks": {"steering": self.share(wrong)},
        }

    def steering_portrait(self) -> dict[str, Any]:
        """Return what the triangles show; the ideal gap is that of a read-out that mixes logits."""
        steering, majors = self.steering, self.steering.batch.tasks
        return {
            "grid": steering.grid.tolist(),
            "window": steering.columns.tolist(),
            "before": steering.before().mean(axis=1).tolist(),
            "after": steering.distance(self.steered).mean(axis=1).tolist(),
            "ideal": steering.ideal()[0].tolist(),
            "start": [steering.located(steering.unsteered, majors == task).tolist() for task in np.unique(majors)],
            "reached": [steering.located(mean).tolist() for mean in self.steered],
        }

    def portrait(self) -> dict[str, Any]:
        """Return the numbers for figures that every network has."""
        history = {site: asdict(self.mean_rise(rises)) for site, rises in self.history.items()}
        return {"site": self.subject.site, "steering": self.steering_portrait(), "history": history}


def has_second_mode(subject: Subject, settings: Causal) -> bool:
    """Tell whether V can be looked for: minors were trained on, and the complement has room."""
    needed = max(settings.rank, subject.task_basis.shape[1])
    return subject.mixture.n_minors > 0 and subject.complement.shape[1] >= needed


def causal(subject: Subject, settings: Causal, untrained: Sequence[Subject] = ()) -> CausalFindings:
    """Run the causal tests on a network and on its nulls.

    Parameters
    ----------
    subject : Subject
        The trained network.
    settings : Causal
        Sample sizes and the budget of the search.
    untrained : sequence of Subject
        Networks of the same shape, each with its own vectors, and with the mixture, kind and seed of `subject`, so
        that they see the same sequences.

    Returns
    -------
    CausalFindings
        A function of the arguments alone: every random stream is derived from the subject's seed.
    """
    tests = Tests.of(subject, settings)
    nulls, portrait = tests.steering_nulls(), tests.portrait()
    predicted = {"steering": tests.steering.ideal()[1]}
    if tests.second_mode is not None:
        n_positions = len(subject.intercepts)
        predicted |= ideal_dissociation(subject.mixture, tests.samples.evaluation, n_positions)
        nulls |= tests.second_mode.nulls()
        portrait |= tests.second_mode.portrait()
    for index, other in enumerate(untrained):
        nulls[f"untrained network {index + 1}"] = {
            # Where removing V does nothing, the share of its effect is no number.
            name: estimate
            for name, estimate in Tests.of(other, settings).statistics().items()
            if name != "filtered removal"
        }
    return CausalFindings(tests.statistics(), nulls, predicted, portrait)
