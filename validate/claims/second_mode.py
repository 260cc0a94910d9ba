"""The second mode: with many minors the network extrapolates, and the majors do not suffer.

    M2 mode               (D_M1 - D_M2) / max(D_M1, D_M2)      on the training mixture, and on fresh tasks
    OOD loss falls        loss on fresh tasks, majors only - diverse, nats
    majors do not suffer  loss of the diverse network on majors - that of M2, nats

Nulls: untrained networks. Of the loss that falls it is the difference, whatever its sign, between two networks of the
same design that differ in their seed: so much do losses scatter without any change of diversity. The tolerance of .02
nats was fixed before any run.
"""

import numpy as np
from jaxtyping import Float

from theory import divergence, nats_per_loss, target_loss
from validate.capture.candidates import MODES
from validate.claims.base import EVERY_FAMILY, Claim, Controls, Findings, Question, Side, Statistics, ranging
from validate.claims.enough import judged_if_enough
from validate.claims.modes import JUDGED
from validate.claims.rule import Criterion
from validate.experiment.scopes import BOTH, DIVERSE
from validate.statistics.intervals import Estimate, bootstrap_log_ratio, bootstrap_mean
from validate.statistics.standing import margin_of_log_ratio

RESEEDED = "networks that differ in their seed"
"""How the null of the loss that falls is called."""


def extrapolation(side: Side) -> Statistics:
    """Estimate how much closer M2 is than M1, and what diversity costs on the majors."""
    kind, statistics = side.mixture.family.target_kind, {}
    for population, ending in JUDGED.items():
        mean, candidates = side.mean(population), side.arenas.populations[population].candidates
        pair = np.stack([divergence(kind, candidates[mode], mean).mean(axis=1) for mode in MODES], axis=-1)
        rng = side.setting.stream("bootstrap/contest")
        closer = bootstrap_log_ratio(pair, rng, side.setting.sizes.replicates)
        statistics["M2 mode" + ending] = closer.map(margin_of_log_ratio)
    majors = side.arenas.populations["majors"]
    excess = _loss(side, "majors") - target_loss(kind, majors.candidates["M2"], majors.targets)
    return statistics | {"majors do not suffer": _nats(excess, side)}


def fall_of_loss(plain: Side, diverse: Side) -> Statistics:
    """Estimate the loss of one network less that of another on the same sequences of fresh tasks."""
    return {"OOD loss falls": _nats(_loss(plain, "fresh") - _loss(diverse, "fresh"), diverse)}


def apart(one: Side, other: Side) -> Statistics:
    """Return by how much the losses of two networks on fresh tasks differ, whichever is larger."""
    difference = _loss(one, "fresh") - _loss(other, "fresh")
    return {"OOD loss falls": Estimate.of_value(abs(nats_per_loss(one.mixture.family) * float(difference.mean())))}


def _loss(side: Side, population: str) -> Float[np.ndarray, "B P"]:
    targets = side.arenas.populations[population].targets
    return target_loss(side.mixture.family.target_kind, side.mean(population), targets)


def _nats(values: Float[np.ndarray, "B P"], side: Side) -> Estimate:
    rng = side.setting.stream("bootstrap/contest")
    return bootstrap_mean(nats_per_loss(side.mixture.family) * values, rng, side.setting.sizes.replicates)


def analyse(side: Side, controls: Controls) -> Findings:
    """Judge whether the network of the diverse design extrapolates, and what that costs it on the majors."""
    return judged_if_enough(side, extrapolation(side), controls.of_untrained(extrapolation))


def analyse_loss(side: Side, controls: Controls) -> Findings:
    """Compare the losses of the two networks on fresh tasks."""
    if controls.plain is None:
        return Findings()
    return Findings(
        fall_of_loss(controls.plain, side), ranging({RESEEDED: [apart(*pair) for pair in controls.reseeded]})
    )


QUESTION = Question(
    name="second mode",
    claims=(
        Claim(
            "second mode",
            "With many minors the network extrapolates: it is closer to M2 than to M1.",
            (
                Criterion("M2 mode", "how much closer M2 is than M1, training", "at least", 0.0, sign=True),
                Criterion("M2 mode OOD", "how much closer M2 is than M1, OOD", "at least", 0.0, sign=True),
            ),
            primary=(DIVERSE,),
        ),
        Claim(
            "loss on majors",
            "The majors do not suffer from diversity: their loss stays at that of M2.",
            (Criterion("majors do not suffer", "loss − loss of M2 on majors, nats", "at most", 0.02),),
        ),
    ),
    families=EVERY_FAMILY,
    scopes=(DIVERSE,),
    needs="predictions",
    statistics=("M2 mode", "M2 mode OOD", "majors do not suffer"),
    analyse=analyse,
    place="none",
)

OOD_LOSS = Question(
    name="OOD loss",
    claims=(
        Claim(
            "OOD loss",
            "Diversity lowers the loss on fresh tasks.",
            (Criterion("OOD loss falls", "loss, majors only − diverse, nats", "at least", 0.0, sign=True),),
        ),
    ),
    families=EVERY_FAMILY,
    scopes=(BOTH,),
    needs="predictions",
    statistics=("OOD loss falls",),
    analyse=analyse_loss,
    place="none",
)
