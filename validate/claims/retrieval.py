"""Does the majors-only network predict as the exact posterior over the majors does?

On held-out sequences of its training mixture, in nats (numbers: of Gaussians with the noise's variance):

    risk gap      loss - loss of M1
    KL to M1      KL(network || M1)
    KL contest    KL(network || M2) - KL(network || M1)

Nulls: untrained networks (but not in the contest: far from M1 and M2 alike, they have no say in which is closer), and
M1 over majors the network was not trained on. The tolerances, .002 and .005 nats, were fixed before any run: less than
a hundredth of what untrained networks lose.
"""

import numpy as np
from jaxtyping import Float

from theory import Mixture, divergence, nats_per_loss, target_loss
from validate.capture.candidates import distance, reference_mean
from validate.claims.base import EVERY_FAMILY, Claim, Controls, Findings, Question, Side, Statistics
from validate.claims.rule import Criterion
from validate.experiment.sampling import predicted
from validate.experiment.scopes import MAJORS_ONLY
from validate.statistics.intervals import Estimate, bootstrap_mean

CLAIMS = (
    Claim(
        "Bayes risk",
        "Trained on majors only, the loss on their sequences comes to the Bayes risk.",
        (Criterion("risk gap", "loss − loss of M1, nats", "at most", 0.002),),
    ),
    Claim(
        "retrieval",
        "Trained on majors only, the network predicts as the exact posterior over them does, and not as M2.",
        (
            Criterion("KL to M1", "KL(model ‖ M1), nats", "at most", 0.005),
            Criterion("KL contest", "KL(model ‖ M2) − KL(model ‖ M1), nats", "at least", 0.0, sign=True),
        ),
    ),
)


def predictions(side: Side) -> Statistics:
    """Estimate the loss beyond M1's, the distance to M1, and how much further M2 is, in nats."""
    kind, arena = side.mixture.family.target_kind, side.arenas.populations["training"]
    mean = side.mean("training")
    retrieval, extrapolation = arena.candidates["M1"], arena.candidates["M2"]
    to_retrieval = divergence(kind, mean, retrieval)
    values = {
        "risk gap": target_loss(kind, mean, arena.targets) - target_loss(kind, retrieval, arena.targets),
        "KL to M1": to_retrieval,
        "KL contest": divergence(kind, mean, extrapolation) - to_retrieval,
    }
    return {name: _nats(value, side) for name, value in values.items()}


def other_majors(side: Side) -> Statistics:
    """Return the distance to M1 over majors the network was not trained on."""
    setting, mean = side.setting, side.mean("training")
    others = setting.family.sample_pool(setting.stream("other majors"), len(setting.majors))
    reference = reference_mean("M1", Mixture(setting.family, others), side.arenas.batches["training"])
    to_others = distance(setting.family.target_kind, mean, predicted(reference, mean.shape[1]))
    return {"KL to M1": _nats(to_others, side)}


def _nats(values: Float[np.ndarray, "B P"], side: Side) -> Estimate:
    rng = side.setting.stream("bootstrap/predictions")
    return bootstrap_mean(nats_per_loss(side.setting.family) * values, rng, side.setting.sizes.replicates)


def analyse(side: Side, controls: Controls) -> Findings:
    """Hold a side's predictions against M1 and M2."""
    nulls = controls.of_untrained(predictions)
    for table in nulls.values():
        del table["KL contest"]
    if controls.judge:
        nulls["M1 of other majors"] = other_majors(side)
    return Findings(predictions(side), nulls)


QUESTION = Question(
    name="retrieval",
    claims=CLAIMS,
    families=EVERY_FAMILY,
    scopes=(MAJORS_ONLY,),
    needs="predictions",
    statistics=("risk gap", "KL to M1", "KL contest"),
    analyse=analyse,
    place="none",
)
