"""Two modes, or something simpler? A contest of explanations of the network's predictions.

Candidates: M1, M2, the prior predictive, and the rivals the family declares (`statistics.standing` has the formulas).

    mode weight    weight of M1 and M2 in the best mixture of all candidates
    two modes      (D_* - D_M) / max(D_*, D_M),  D_M = min(D_M1, D_M2),  D_* the least distance of another candidate

The margin is 1 - D_M / D_* where the modes win, and -1 for a network that is a rival. M2 nearly coincides with the
prior predictive on fresh tasks, the unigram of dice and the bigram of Markov chains with the prior predictive anywhere:
the prior predictive counts as a rival even where it is what M2's fresh task predicts.

Nulls: untrained networks, and the same network against M1 and M2 of other tasks. The tolerances, .9, were fixed before
any run: a network that is one of the modes has 1, up to its own error.
"""

import numpy as np
from jaxtyping import Float
from pydantic import BaseModel

from theory import target_loss
from validate.capture.candidates import MODES, Arena
from validate.claims.base import EVERY_FAMILY, Claim, Controls, Findings, Question, Shown, Side, Statistics
from validate.claims.rule import Criterion
from validate.experiment.scopes import DIVERSE, MAJORS_ONLY
from validate.statistics.intervals import Estimate, Numbers, bootstrap, bootstrap_mean
from validate.statistics.standing import Standing, modes_against_rivals

JUDGED = {"training": "", "fresh": " OOD"}
"""Populations on which the modes are judged, and what their statistics' names end with."""

CLAIMS = (
    Claim(
        "two modes",
        "The predictions are those of M1 and M2, and not of anything simpler.",
        (
            Criterion("two modes", "how much closer a mode is than the nearest rival", "at least", 0.9),
            Criterion("mode weight", "weight of M1 and M2 in the best mixture", "at least", 0.9),
        ),
    ),
    Claim(
        "two modes OOD",
        "So they are on sequences of fresh tasks.",
        (Criterion("mode weight OOD", "weight of M1 and M2 in the best mixture", "at least", 0.9),),
    ),
)


class Summary(BaseModel):
    """A mean with its interval, and its values by position."""

    mean: Estimate
    by_position: Numbers


class PopulationShown(BaseModel):
    """How a network stands to the candidates on one population.

    Attributes
    ----------
    distance, loss : dict
        By candidate; of the losses also the network's own.
    weights : dict
        Of the best mixture.
    mode_weight, mixture : Estimate
        Their sum over the modes, and the mixture's distance on the other half of the sequences.
    """

    distance: dict[str, Summary]
    loss: dict[str, Summary]
    weights: dict[str, float]
    mode_weight: Estimate
    mixture: Estimate


class ModesShown(Shown):
    """The contest on each population."""

    question = "two modes"
    populations: dict[str, PopulationShown]


def _standing(side: Side, population: str, arena: Arena) -> Standing:
    kind, rng = side.mixture.family.target_kind, side.setting.stream("bootstrap/mixture")
    return Standing.of(kind, side.mean(population), arena.candidates, MODES, rng)


def _own(side: Side) -> dict[str, Standing]:
    return {name: _standing(side, name, arena) for name, arena in side.arenas.populations.items()}


def _statistics(standings: dict[str, Standing], side: Side) -> Statistics:
    """Return the statistics from the standings on the judged populations."""
    statistics = {f"mode weight{ending}": standings[name].mode_weight for name, ending in JUDGED.items()}
    training, rng = standings["training"], side.setting.stream("bootstrap/contest")
    contest = modes_against_rivals(training.names, MODES)
    return statistics | {"two modes": bootstrap(training.moments, contest, rng, side.setting.sizes.replicates)}


def _of_untrained(other: Side) -> Statistics:
    arenas = other.arenas.populations
    return _statistics({name: _standing(other, name, arenas[name]) for name in JUDGED}, other)


def _shown(side: Side, population: str, standing: Standing) -> PopulationShown:
    kind, arena = side.mixture.family.target_kind, side.arenas.populations[population]
    predictions = {"network": side.mean(population)} | arena.candidates

    def mean(values: Float[np.ndarray, " B *P"]) -> Estimate:
        return bootstrap_mean(values, side.setting.stream("bootstrap/contest"), side.setting.sizes.replicates)

    def summary(values: Float[np.ndarray, "B P"]) -> Summary:
        return Summary(mean=mean(values), by_position=values.mean(axis=0).tolist())

    distances = zip(standing.names, np.moveaxis(standing.distances, -1, 0), strict=True)
    return PopulationShown(
        distance={name: summary(values) for name, values in distances},
        loss={name: summary(target_loss(kind, m, arena.targets)) for name, m in predictions.items()},
        weights=dict(zip(standing.names, standing.weights.tolist(), strict=True)),
        mode_weight=standing.mode_weight,
        mixture=mean(standing.beyond),
    )


def analyse(side: Side, controls: Controls) -> Findings:
    """Judge whether a network behaves as M1 and M2 do, and not as a rival."""
    own, nulls = _own(side), controls.of_untrained(_of_untrained)
    if controls.judge:
        misled = {name: _standing(side, name, arena) for name, arena in side.arenas.misled.items()}
        nulls = {"M1 and M2 of other tasks": _statistics(misled, side)} | nulls
    shown = {name: _shown(side, name, standing) for name, standing in own.items()} if controls.show else None
    return Findings(_statistics(own, side), nulls, shown=ModesShown(populations=shown) if shown else None)


QUESTION = Question(
    name="two modes",
    claims=CLAIMS,
    families=EVERY_FAMILY,
    scopes=(MAJORS_ONLY, DIVERSE),
    needs="predictions",
    statistics=("two modes", *(f"mode weight{ending}" for ending in JUDGED.values())),
    analyse=analyse,
    place="none",
    shown=ModesShown,
)
