"""The statistics of one subject, and of the nulls it is judged against.

A subject is what is put to the test: the trained networks, untrained networks of the same shape, or a rung of the
ladder. It has a source for the majors-only design and, where there is one, a source for the diverse design:

    P0 .. P3*, loss, distances to M1 and M2     from the majors-only source
    ratio and fall of R2_OOD                    from both

Nulls of the trained subject: several untrained networks (every statistic), shuffled task labels (P0 .. P3*, but not its
contest), M1 over other majors (KL to M1), and random subspaces of the task span's rank (R2_OOD).

States are large and findings are small, so a source's states are dropped as soon as its findings are made.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from theory import Batch, Mixture, divergence, target_loss
from validate.intervals import Estimate, bootstrap
from validate.measure import Captured, Setting, main_effects, properties
from validate.modes import reference_mean
from validate.sources import StateSource, predicted
from validate.subspace import chance_moments, compare_shares, span_basis, subspace_moments

Statistics = dict[str, Estimate]
Moments = Float[np.ndarray, "N 2"]


@dataclass(frozen=True, eq=False)
class Findings:
    """What is kept of a source when its states are gone.

    Attributes
    ----------
    estimates : dict
        P0 .. P3*, and those of the predictions.
    inside, chance : ndarray, shape (N, 2)
        Moments of R2_OOD by fresh task, on the span of the task vectors and on random subspaces.
    """

    estimates: Statistics
    inside: Moments
    chance: Moments


def findings(source: StateSource, captured: Captured, mixture: Mixture, setting: Setting) -> Findings:
    """Measure a source from its states and predictions; `mixture` is the majors-only one."""
    site = captured.last_site
    return Findings(
        properties(captured, setting) | predictions(source, mixture, setting),
        fresh_moments(captured, setting, site),
        random_moments(captured, setting, site),
    )


def predictions(source: StateSource, mixture: Mixture, setting: Setting) -> Statistics:
    """Estimate, on sequences of a mixture, the loss beyond M1's, the distance to M1, and how much further M2 is."""
    kind, batch = setting.family.target_kind, training_batch(mixture, setting)
    mean = source.mean(batch)
    retrieval, extrapolation = (predicted(reference_mean(name, mixture, batch), mean.shape[1]) for name in ("M1", "M2"))
    targets = predicted(setting.family.targets(batch), mean.shape[1])
    to_retrieval = divergence(kind, mean, retrieval)
    values = {
        "risk gap": target_loss(kind, mean, targets) - target_loss(kind, retrieval, targets),
        "KL to M1": to_retrieval,
        "KL contest": divergence(kind, mean, extrapolation) - to_retrieval,
    }
    return {name: mean_over_sequences(value, setting, "bootstrap/predictions") for name, value in values.items()}


def statistics(plain: Findings, diverse: Findings | None, setting: Setting) -> Statistics:
    """Return every statistic the claims are judged by, of a subject in the majors-only and the diverse design."""
    if diverse is None:
        return plain.estimates
    return plain.estimates | _fall(plain.inside, diverse.inside, setting)


def own_nulls(source: StateSource, captured: Captured, mixture: Mixture, setting: Setting) -> dict[str, Statistics]:
    """Return the nulls made of the majors-only subject itself: shuffled task labels, and M1 of other majors."""
    others = setting.family.sample_pool(setting.stream("other majors"), len(setting.majors))
    batch = training_batch(mixture, setting)
    mean = source.mean(batch)
    reference = predicted(reference_mean("M1", Mixture(setting.family, others), batch), mean.shape[1])
    distance = divergence(setting.family.target_kind, mean, reference)
    shuffled = properties(captured.shuffled(setting), setting)
    # Vectors of shuffled labels place states at random: what they are closer to is the toss of a coin.
    del shuffled["P3* contest"]
    return {
        "shuffled task labels": shuffled,
        "M1 of other majors": {"KL to M1": mean_over_sequences(distance, setting, "bootstrap/predictions")},
    }


def other_nulls(
    plain: Findings, diverse: Findings | None, untrained: list[Findings], setting: Setting
) -> dict[str, Statistics]:
    """Return the nulls of untrained networks and of random subspaces.

    An untrained network is paired with the next one as its diverse counterpart, so that the null of the R2_OOD ratio
    carries the spread between initialisations.
    """
    table = {}
    for index, network in enumerate(untrained):
        partner = untrained[(index + 1) % len(untrained)] if diverse is not None else None
        estimates = statistics(network, partner, setting)
        # Far from M1 and M2 alike, an untrained network has no say in which of them is closer.
        table[f"untrained network {index + 1}"] = {k: e for k, e in estimates.items() if k != "KL contest"}
    if diverse is not None:
        table["random subspace"] = _fall(plain.chance, diverse.chance, setting)
    return table


def training_batch(mixture: Mixture, setting: Setting) -> Batch:
    """Draw sequences of a training mixture that training never saw."""
    return mixture.sample(setting.stream("modes/training"), setting.sizes.mode_sequences)


def mean_over_sequences(values: Float[np.ndarray, "B P"], setting: Setting, purpose: str) -> Estimate:
    """Estimate a mean over positions and sequences, with an interval over sequences."""
    rng = setting.stream(purpose)
    return bootstrap(values.mean(axis=1)[:, None], lambda moments: moments[:, 0], rng, setting.sizes.replicates)


def fresh_moments(captured: Captured, setting: Setting, site: str) -> Moments:
    """Return the single-sequence moments of R2_OOD on the span of a site's task vectors."""
    basis = span_basis(main_effects(captured, setting, site).task)
    return subspace_moments(captured.fresh[site], captured.centre(site), basis)


def random_moments(captured: Captured, setting: Setting, site: str) -> Moments:
    """Return the same moments on random subspaces of the task span's rank."""
    rank, rng = len(setting.majors) - 1, setting.stream("random subspaces")
    return chance_moments(captured.fresh[site], captured.centre(site), rank, rng)


def _fall(before: Moments, after: Moments, setting: Setting) -> Statistics:
    rng = setting.stream("bootstrap/subspace")
    quotient, difference = compare_shares(before, after, rng, setting.sizes.replicates)
    return {"R2_OOD ratio": quotient, "R2_OOD fall": difference}
