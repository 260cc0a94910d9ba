"""How far predictions are from M1 and from M2, and what they lose, on the training mixture and on fresh tasks.

    KL to M, population        mean KL(M || prediction), M of the point's own mixture
    excess loss, population    mean loss less that of M1 (training) or of the prior predictive (fresh)

in nats; numbers: of Gaussians with the noise's variance. Predicted: the same of M1, the optimum on the training
mixture. Baseline: of M2.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from theory import divergence, nats_per_loss, target_loss
from validate.capture.candidates import MODES
from validate.claims.base import EVERY_FAMILY, Controls, Findings, Question, Side, Statistics
from validate.experiment.scopes import DIVERSE
from validate.statistics.intervals import bootstrap_mean
from validate.sweep.questions.baseline import baseline

LEAST = {"training": "M1", "fresh": "prior predictive"}
"""By population, the candidate whose loss others are compared with."""

STATISTICS = tuple(
    name
    for population in LEAST
    for name in (*(f"KL to {mode}, {population}" for mode in MODES), f"excess loss, {population}")
)


def gaps(side: Side, predict: Callable[[str], Float[np.ndarray, "B P D"]]) -> dict[str, Float[np.ndarray, "B P"]]:
    """Return, by statistic, the gaps of what is predicted on each population."""
    kind, nats, table = side.mixture.family.target_kind, nats_per_loss(side.mixture.family), {}
    for population, least in LEAST.items():
        arena, mean = side.arenas.populations[population], predict(population)
        for mode in MODES:
            table[f"KL to {mode}, {population}"] = nats * divergence(kind, arena.candidates[mode], mean)
        loss, reference = (target_loss(kind, m, arena.targets) for m in (mean, arena.candidates[least]))
        table[f"excess loss, {population}"] = nats * (loss - reference)
    return table


def of_source(side: Side) -> Statistics:
    """Estimate the gaps of a side's own predictions."""
    setting = side.setting
    return {
        name: bootstrap_mean(gap, setting.stream("bootstrap/predictions"), setting.sizes.replicates)
        for name, gap in gaps(side, side.mean).items()
    }


def of_mode(side: Side, mode: str) -> dict[str, float]:
    """Return the mean gaps of M1 or M2."""
    found = gaps(side, lambda population: side.arenas.populations[population].candidates[mode])
    return {name: float(gap.mean()) for name, gap in found.items()}


def analyse(side: Side, controls: Controls) -> Findings:
    """Hold a side's predictions against M1 and M2 of its mixture."""
    nulls = controls.of_untrained(of_source)
    if not controls.judge:
        return Findings(of_source(side), nulls)
    return Findings(of_source(side), nulls | baseline(of_mode(side, "M2")), predicted=of_mode(side, "M1"))


QUESTION = Question(
    name="gaps",
    claims=(),
    families=EVERY_FAMILY,
    scopes=(DIVERSE,),
    needs="predictions",
    statistics=STATISTICS,
    analyse=analyse,
    unjudged=STATISTICS,
    place="none",
)
