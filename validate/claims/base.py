"""The statistics of one subject, and of the nulls it is judged against.

A subject is what is put to the test: the trained networks, untrained networks of the same shape, or a rung of the
ladder. It has a side for the majors-only mixture and, where there is one, a side for the diverse mixture, and its
statistics come by scope (`claims.catalogue`). This module has those of a side's states and predictions,

    P0 .. P3*                              `claims.properties`, at the chosen layer
    loss, distances to M1 and M2           of the majors-only side
    P0 of majors against minors            `claims.stability`, of the diverse side
    ratio and fall of R2_OOD               of both, at the layer chosen in the majors-only network

and `judging.analyses` adds the others. Nulls of the trained subject: several untrained networks (every statistic),
shuffled task labels (P0 .. P3*, but not its contest), M1 over other majors (KL to M1), and random subspaces of the task
span's rank (R2_OOD).

States are large and findings are small, so a source's states are dropped as soon as its findings are made.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from theory import Mixture, divergence, nats_per_loss, target_loss
from validate.capture.candidates import Arenas, distance, reference_mean
from validate.capture.sources import StateSource, predicted
from validate.claims.catalogue import Scope
from validate.claims.geometry import TaskStates, task_states
from validate.claims.properties import Captured, Setting, additive_model, main_effects, properties
from validate.claims.stability import stability_contrast
from validate.statistics.interpolation import AdditiveModel
from validate.statistics.intervals import Estimate, bootstrap
from validate.statistics.subspace import chance_moments, compare_shares, span_basis, subspace_moments

Statistics = dict[str, Estimate]
Measured = dict[Scope, Statistics]
Nulls = dict[Scope, dict[str, Statistics]]
Moments = Float[np.ndarray, "N 2"]


@dataclass(frozen=True, eq=False)
class Side:
    """One source of a subject, the mixture it stands for, and what is kept of its states when they are gone.

    Attributes
    ----------
    arenas : Arenas
        The mixture, and the sequences on which predictions are compared.
    site : str
        The chosen site.
    properties : dict
        P0 .. P3* there.
    model : AdditiveModel
        Vectors and intercepts there.
    inside, chance : dict of ndarray, shape (N, 2)
        Moments of R2_OOD by fresh task, on the span of each site's task vectors and on random subspaces.
    tasks : dict
        Mean states of tasks, by site.
    """

    source: StateSource
    arenas: Arenas
    site: str
    properties: Statistics
    model: AdditiveModel
    inside: dict[str, Moments]
    chance: dict[str, Moments]
    tasks: dict[str, TaskStates]

    @classmethod
    def of(cls, source: StateSource, captured: Captured, site: str, arenas: Arenas) -> "Side":
        """Measure a source's states, judged at a site."""
        setting = arenas.setting
        return cls(
            source,
            arenas,
            site,
            properties(captured, setting, site),
            additive_model(captured, setting, site),
            {name: fresh_moments(captured, setting, name) for name in captured.fresh},
            {name: random_moments(captured, setting, name) for name in captured.fresh},
            task_states(source, captured, arenas.mixture, setting),
        )

    @property
    def mixture(self) -> Mixture:
        """The mixture the source stands for."""
        return self.arenas.mixture

    @property
    def setting(self) -> Setting:
        """The sequences its states were measured on."""
        return self.arenas.setting


def predictions(source: StateSource, arenas: Arenas) -> Statistics:
    """Estimate, on sequences of a mixture, the loss beyond M1's, the distance to M1, and how much further M2 is.

    All in nats.
    """
    kind, arena = arenas.mixture.family.target_kind, arenas.populations["training"]
    mean = source.mean(arena.batch)
    retrieval, extrapolation = arena.candidates["M1"], arena.candidates["M2"]
    to_retrieval = divergence(kind, mean, retrieval)
    values = {
        "risk gap": target_loss(kind, mean, arena.targets) - target_loss(kind, retrieval, arena.targets),
        "KL to M1": to_retrieval,
        "KL contest": divergence(kind, mean, extrapolation) - to_retrieval,
    }
    return {name: _nats(value, arenas) for name, value in values.items()}


def other_majors(source: StateSource, arenas: Arenas) -> Statistics:
    """Return the distance to M1 over majors the network was not trained on."""
    setting, batch = arenas.setting, arenas.populations["training"].batch
    others = setting.family.sample_pool(setting.stream("other majors"), len(setting.majors))
    mean = source.mean(batch)
    reference = predicted(reference_mean("M1", Mixture(setting.family, others), batch), mean.shape[1])
    return {"KL to M1": _nats(distance(setting.family.target_kind, mean, reference), arenas)}


def shuffled_labels(captured: Captured, setting: Setting, site: str) -> Statistics:
    """Return P0 .. P3* of the same states with task labels that tell nothing."""
    shuffled = properties(captured.shuffled(setting), setting, site)
    # Vectors of shuffled labels place states at random: what they are closer to is the toss of a coin.
    del shuffled["P3* contest"]
    return shuffled


def contrast_of(side: Side) -> Statistics:
    """Return P0 of majors less that of minors, in the last layer."""
    return {"P0 contrast": stability_contrast(side.source, side.mixture, side.setting)}


def fall(plain: Mapping[str, Moments], diverse: Mapping[str, Moments], site: str, setting: Setting) -> Statistics:
    """Estimate the ratio and the fall of R2_OOD between two networks at a site."""
    rng = setting.stream("bootstrap/subspace")
    quotient, difference = compare_shares(plain[site], diverse[site], rng, setting.sizes.replicates)
    return {"R2_OOD ratio": quotient, "R2_OOD fall": difference}


def fresh_moments(captured: Captured, setting: Setting, site: str) -> Moments:
    """Return the single-sequence moments of R2_OOD on the span of a site's task vectors."""
    basis = span_basis(main_effects(captured, setting, site).task)
    return subspace_moments(captured.fresh[site], captured.centre(site), basis)


def random_moments(captured: Captured, setting: Setting, site: str) -> Moments:
    """Return the same moments on random subspaces of the task span's rank."""
    rank, rng = len(setting.majors) - 1, setting.stream("random subspaces")
    return chance_moments(captured.fresh[site], captured.centre(site), rank, rng)


def mean_over_sequences(values: Float[np.ndarray, "B P"], setting: Setting, purpose: str) -> Estimate:
    """Estimate a mean over positions and sequences, with an interval over sequences."""
    rng = setting.stream(purpose)
    return bootstrap(values.mean(axis=1)[:, None], lambda moments: moments[:, 0], rng, setting.sizes.replicates)


def _nats(values: Float[np.ndarray, "B P"], arenas: Arenas) -> Estimate:
    setting = arenas.setting
    return mean_over_sequences(nats_per_loss(setting.family) * values, setting, "bootstrap/predictions")
