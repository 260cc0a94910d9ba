"""The statistics of one subject, and of the nulls it is judged against.

A subject is what is put to the test: the trained networks, untrained networks of the same shape, or a rung of the
ladder. It has a source for the majors-only mixture and, where there is one, a source for the diverse mixture, and its
statistics come by scope (`validate.claims`):

    majors only   P0 .. P3*, loss, distances to M1 and M2
    diverse       P0 .. P3*, and P0 of majors against minors
    both          ratio and fall of R2_OOD, at the layer chosen in the majors-only network

Nulls of the trained subject: several untrained networks (every statistic), shuffled task labels (P0 .. P3*, but not its
contest), M1 over other majors (KL to M1), and random subspaces of the task span's rank (R2_OOD).

States are large and findings are small, so a source's states are dropped as soon as its findings are made.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from theory import Batch, Mixture, divergence, nats_per_loss, target_loss
from validate.claims import BOTH, DIVERSE, MAJORS_ONLY, Scope
from validate.interpolation import AdditiveModel
from validate.intervals import Estimate, bootstrap
from validate.measure import Captured, Setting, additive_model, main_effects, properties
from validate.modes import reference_mean
from validate.sources import StateSource, predicted
from validate.stability import stability_contrast
from validate.subspace import chance_moments, compare_shares, span_basis, subspace_moments

Statistics = dict[str, Estimate]
Measured = dict[Scope, Statistics]
Nulls = dict[Scope, dict[str, Statistics]]
Moments = Float[np.ndarray, "N 2"]


@dataclass(frozen=True, eq=False)
class Findings:
    """What is kept of a source's states when they are gone.

    Attributes
    ----------
    site : str
        The chosen site.
    properties : dict
        P0 .. P3* there.
    model : AdditiveModel
        Vectors and intercepts there.
    inside, chance : dict of ndarray, shape (N, 2)
        Moments of R2_OOD by fresh task, on the span of each site's task vectors and on random subspaces.
    """

    site: str
    properties: Statistics
    model: AdditiveModel
    inside: dict[str, Moments]
    chance: dict[str, Moments]


def findings(captured: Captured, setting: Setting, site: str) -> Findings:
    """Measure a source's states, judged at a site."""
    return Findings(
        site,
        properties(captured, setting, site),
        additive_model(captured, setting, site),
        {name: fresh_moments(captured, setting, name) for name in captured.fresh},
        {name: random_moments(captured, setting, name) for name in captured.fresh},
    )


def predictions(source: StateSource, mixture: Mixture, setting: Setting) -> Statistics:
    """Estimate, on sequences of a mixture, the loss beyond M1's, the distance to M1, and how much further M2 is.

    All in nats.
    """
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
    nats = nats_per_loss(setting.family)
    return {name: mean_over_sequences(nats * value, setting, "bootstrap/predictions") for name, value in values.items()}


@dataclass(frozen=True, eq=False)
class Side:
    """One source of a subject with the mixture it stands for and what was found in its states."""

    source: StateSource
    mixture: Mixture
    found: Findings


def statistics(plain: Side | None, diverse: Side | None, setting: Setting) -> Measured:
    """Return every statistic the claims are judged by, by scope, as far as the subject has the sides."""
    measured: Measured = {}
    if plain is not None:
        measured[MAJORS_ONLY] = plain.found.properties | predictions(plain.source, plain.mixture, setting)
    if diverse is not None:
        contrast = stability_contrast(diverse.source, diverse.mixture, setting)
        measured[DIVERSE] = diverse.found.properties | {"P0 contrast": contrast}
    if plain is not None and diverse is not None:
        measured[BOTH] = fall(plain.found.inside, diverse.found.inside, plain.found.site, setting)
    return measured


def fall(plain: Mapping[str, Moments], diverse: Mapping[str, Moments], site: str, setting: Setting) -> Statistics:
    """Estimate the ratio and the fall of R2_OOD between two networks at a site."""
    rng = setting.stream("bootstrap/subspace")
    quotient, difference = compare_shares(plain[site], diverse[site], rng, setting.sizes.replicates)
    return {"R2_OOD ratio": quotient, "R2_OOD fall": difference}


def shuffled_labels(captured: Captured, setting: Setting, site: str) -> Statistics:
    """Return P0 .. P3* of the same states with task labels that tell nothing."""
    shuffled = properties(captured.shuffled(setting), setting, site)
    # Vectors of shuffled labels place states at random: what they are closer to is the toss of a coin.
    del shuffled["P3* contest"]
    return shuffled


def other_majors(source: StateSource, mixture: Mixture, setting: Setting) -> Statistics:
    """Return the distance to M1 over majors the network was not trained on."""
    others = setting.family.sample_pool(setting.stream("other majors"), len(setting.majors))
    batch = training_batch(mixture, setting)
    mean = source.mean(batch)
    reference = predicted(reference_mean("M1", Mixture(setting.family, others), batch), mean.shape[1])
    distance = nats_per_loss(setting.family) * divergence(setting.family.target_kind, mean, reference)
    return {"KL to M1": mean_over_sequences(distance, setting, "bootstrap/predictions")}


def untrained_nulls(untrained: Mapping[str, Findings], sources: Mapping[str, StateSource], plain: Mixture,
                    diverse: Mixture | None, setting: Setting) -> Nulls:  # fmt: skip
    """Return the nulls of untrained networks, by scope and name.

    An untrained network is paired with the next one as its diverse counterpart, so that the null of the R2_OOD ratio
    carries the spread between initialisations.
    """
    nulls: Nulls = {MAJORS_ONLY: {}, DIVERSE: {}, BOTH: {}}
    names = list(untrained)
    for index, name in enumerate(names):
        partner = names[(index + 1) % len(names)]
        side = Side(sources[name], plain, untrained[name])
        other = Side(sources[name], diverse, untrained[name]) if diverse is not None else None
        measured = statistics(side, other, setting)
        # Far from M1 and M2 alike, an untrained network has no say in which of them is closer.
        del measured[MAJORS_ONLY]["KL contest"]
        if diverse is not None:
            measured[BOTH] = fall(untrained[name].inside, untrained[partner].inside, untrained[name].site, setting)
        for scope, table in measured.items():
            nulls[scope][name] = table
    return nulls


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
