"""Does the prediction follow a point of the simplex that is written into the states?

    steering   share of the distance to the targets that steering takes away (`claims.causal.steered`)

Nulls: the same with simplices of the same shape elsewhere (*rotated*), with the right span and the wrong corners
(*permuted*), and networks that never saw these majors, each with its own theta: untrained, trained on other majors, or
trained on fresh tasks only. The last follow any context, and so may be led to any mixture of tasks; what they reach is
no support for vectors of tasks that were learned. The tolerance of .8 was fixed before any run, below what
theory predicts of exact-Bayes networks whose read-out mixes logits (.92 and more).

Intervals cover the steered sequences, and those that theta, nu and mu were estimated from.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from validate.claims.base import MARKOV_GIVEN_TASK, Claim, Controls, Findings, Question, Shown, Side, Statistics
from validate.claims.causal.samples import MAJORS
from validate.claims.causal.steered import Steering, permuted, rotated
from validate.claims.causal.subject import Subject, with_vectors_again
from validate.claims.causal.tested import Tested, tested
from validate.claims.rule import Criterion
from validate.experiment.scopes import DIVERSE, MAJORS_ONLY
from validate.statistics.intervals import Estimate, Numbers, bootstrap, explained_share


class SteeringShown(Shown):
    """What the triangles show; the ideal gap is that of a read-out that mixes logits.

    Attributes
    ----------
    grid : list of G points of the simplex
    window : list of int
        Positions that are steered.
    before, after, ideal : list of G numbers
        Distances to each target.
    start, reached : list of points
        Where the unsteered predictions of each task, and the steered ones of each target, are nearest to.
    """

    question = "steering"
    site: str
    grid: list[Numbers]
    window: list[int]
    before: Numbers
    after: Numbers
    ideal: Numbers
    start: list[Numbers]
    reached: list[Numbers]


class Steered:
    """The steering test of one network."""

    def __init__(self, test: Tested) -> None:
        self.subject, self.settings = test.subject, test.settings
        self.steering = Steering.of(test.subject, test.samples.evaluation[MAJORS], test.settings.grid)
        self.means = self.steering.steered(test.subject.task)
        self.distance = self.steering.distance(self.means)

    def share(self, distance: np.ndarray, variants: np.ndarray | None = None) -> Estimate:
        """Estimate the share of the distance, (G, B), that steering takes away."""
        rng, moments = self.subject.stream("bootstrap/steering"), self.steering.against_unsteered(distance)
        return bootstrap(moments, explained_share, rng, self.settings.replicates, variants)

    def statistics(self, again: Sequence[Subject]) -> Statistics:
        """Estimate the statistic; `again` are the subject with vectors estimated anew."""
        moved = [replace(self.steering, subject=one).moments(one.task) for one in again]
        return {"steering": self.share(self.distance, np.stack(moved) if moved else None)}

    def value(self) -> Statistics:
        """Return the statistic's value alone."""
        moments = self.steering.against_unsteered(self.distance).mean(axis=0, keepdims=True)
        return {"steering": Estimate.of_value(explained_share(moments).item())}

    def nulls(self) -> dict[str, Statistics]:
        """Return the share of simplices elsewhere, and of the right simplex with the wrong corners."""
        task, rng = self.subject.task, self.subject.stream("rotations")
        elsewhere = [
            explained_share(self.steering.moments(rotated(task, rng)).mean(axis=0, keepdims=True)).item()
            for _ in range(self.settings.directions)
        ]
        wrong = np.mean([self.steering.distance(self.steering.steered(simplex)) for simplex in permuted(task)], axis=0)
        return {
            "rotated simplex": {"steering": Estimate.of_spread(np.array(elsewhere))},
            "permuted tasks": {"steering": self.share(wrong)},
        }

    def shown(self) -> SteeringShown:
        """Return what the triangles show."""
        steering, majors = self.steering, self.steering.batch.tasks
        return SteeringShown(
            site=self.subject.site,
            grid=steering.grid.tolist(),
            window=steering.columns.tolist(),
            before=steering.before().mean(axis=1).tolist(),
            after=self.distance.mean(axis=1).tolist(),
            ideal=steering.ideal()[0].tolist(),
            start=[steering.located(steering.unsteered, majors == task).tolist() for task in np.unique(majors)],
            reached=[steering.located(mean).tolist() for mean in self.means],
        )


def analyse(side: Side, controls: Controls) -> Findings:
    """Steer a side's network."""
    if side.setting.causal is None:
        return Findings()
    own = Steered(side.once(tested))
    nulls = own.nulls() | controls.of_strangers(lambda other: Steered(other.once(tested)).value())
    predicted = {"steering": own.steering.ideal()[1]}
    return Findings(
        own.statistics(side.once(with_vectors_again)), nulls, predicted, own.shown() if controls.show else None
    )


QUESTION = Question(
    name="steering",
    claims=(
        Claim(
            "steering",
            "Moving the task component of a state to a point of the simplex moves the prediction to that mixture of"
            " tasks.",
            (Criterion("steering", "share of the distance to the target removed", "at least", 0.8),),
            primary=(DIVERSE,),
        ),
    ),
    families=MARKOV_GIVEN_TASK,
    scopes=(MAJORS_ONLY, DIVERSE),
    needs="network",
    statistics=("steering",),
    analyse=analyse,
    shown=SteeringShown,
)
