"""Does the majors-only network predict as the exact posterior over the majors does?

On held-out sequences of its training mixture, in nats (numbers: of Gaussians with the noise's variance):

    KL to M1      KL(M1 || network), which is the mean of loss - loss of M1: what is lost beyond the Bayes risk
    KL contest    KL(M2 || network) - KL(M1 || network)

Nulls: untrained networks (but not in the contest: far from M1 and M2 alike, they have no say in which is closer), and
M1 over majors the network was not trained on. The tolerance of .002 nats was fixed before any run: less than a
hundredth of what untrained networks lose.
"""

import numpy as np
from jaxtyping import Float

from theory import Mixture, divergence, nats_per_loss
from validate.capture.candidates import reference_mean
from validate.claims.base import EVERY_FAMILY, Claim, Controls, Findings, Question, Side, Statistics
from validate.claims.enough import judged_if_enough
from validate.claims.rule import Criterion
from validate.experiment.sampling import predicted
from validate.experiment.scopes import MAJORS_ONLY
from validate.statistics.intervals import Estimate, bootstrap_mean

CLAIMS = (
    Claim(
        "retrieval",
        "Trained on majors only, the network comes to the Bayes risk: it predicts as the exact posterior over them"
        " does, and not as M2.",
        (
            Criterion("KL to M1", "KL(M1 ‖ network) = loss beyond the Bayes risk, nats", "at most", 0.002),
            Criterion("KL contest", "KL(M2 ‖ network) − KL(M1 ‖ network), nats", "at least", 0.0, sign=True),
        ),
        primary=(MAJORS_ONLY,),
    ),
)


def predictions(side: Side) -> Statistics:
    """Estimate how far the network is from M1, and how much farther from M2, in nats."""
    kind, arena = side.mixture.family.target_kind, side.arenas.populations["training"]
    mean = side.mean("training")
    retrieval, extrapolation = arena.candidates["M1"], arena.candidates["M2"]
    from_retrieval = divergence(kind, retrieval, mean)
    values = {
        "KL to M1": from_retrieval,
        "KL contest": divergence(kind, extrapolation, mean) - from_retrieval,
    }
    return {name: _nats(value, side) for name, value in values.items()}


def other_majors(side: Side) -> Statistics:
    """Return the distance to M1 over majors the network was not trained on."""
    setting, mean = side.setting, side.mean("training")
    others = setting.family.sample_pool(setting.stream("other majors"), len(setting.majors))
    reference = reference_mean("M1", Mixture(setting.family, others), side.arenas.batches["training"])
    from_others = divergence(setting.family.target_kind, predicted(reference, mean.shape[1]), mean)
    return {"KL to M1": _nats(from_others, side)}


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
    return judged_if_enough(side, predictions(side), nulls)


QUESTION = Question(
    name="retrieval",
    claims=CLAIMS,
    families=EVERY_FAMILY,
    scopes=(MAJORS_ONLY,),
    needs="predictions",
    statistics=("KL to M1", "KL contest"),
    analyse=analyse,
    place="none",
)
