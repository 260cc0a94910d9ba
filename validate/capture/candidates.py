"""Which Bayes predictor does the network behave like?

Divergence of the network's prediction q from a candidate's prediction m, per sequence and position:

    symbols  KL(m || q) = sum_v m_v log(m_v / q_v)   nats
    numbers  (m - q)^2

It runs from the candidate to the network: if m is exact it is the loss the network could still lose, and it needs no
floor where m excludes a symbol.

The references are M1 (retrieval over the training pool), M2 (extrapolation: majors and a fresh task) and the prior
predictive. The phase ratio is log10( D(M1, q) / D(M2, q) ), D the mean distance: below 0 the network retrieves, above
0 it extrapolates.

`capture.finite` keeps all numbers finite where tasks exclude symbols.

Source: the paper, section on two modes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from theory import (
    Batch,
    Mixture,
    Prediction,
    extrapolation,
    predicted_mean,
    prior_predictive,
)
from validate.capture.finite import floored, retrieval_or_prior
from validate.experiment.sampling import predicted
from validate.experiment.setting import Setting

MODES = ("M1", "M2")
"""The candidates that are modes; all others are rivals."""

LEAST_DISTANCE = 1e-12
"""Smaller mean distances are taken for it in the phase ratio, so that an exact predictor has a finite one."""


REFERENCES: dict[str, Callable[[Mixture, Batch], Prediction]] = {
    "M1": retrieval_or_prior,
    "M2": extrapolation,
    "prior predictive": lambda mixture, batch: prior_predictive(mixture.family, batch),
}
"""The Bayes predictors a network is compared with, by name."""


def reference_mean(name: str, mixture: Mixture, batch: Batch) -> Float[np.ndarray, "B T D"]:
    """Return a reference's prediction for every target."""
    return predicted_mean(REFERENCES[name], mixture, batch)


def phase_ratio(to_retrieval: float, to_extrapolation: float) -> float:
    """Return log10 of the ratio of two mean distances: below 0 the network is nearer M1, above 0 nearer M2."""
    return float(np.log10(max(to_retrieval, LEAST_DISTANCE) / max(to_extrapolation, LEAST_DISTANCE)))


@dataclass(frozen=True, eq=False)
class Arena:
    """Sequences of one population with what each candidate predicts for them.

    Attributes
    ----------
    targets : ndarray, shape (B, P, D)
        Symbols as one-hot vectors, or numbers.
    candidates : dict of ndarray, shape (B, P, D)
        By name: the references first, then the family's rivals. None of them excludes a symbol.
    """

    batch: Batch
    targets: Float[np.ndarray, "B P D"]
    candidates: dict[str, Float[np.ndarray, "B P D"]]

    @classmethod
    def of(cls, mixture: Mixture, batch: Batch, n_positions: int) -> "Arena":
        """Predict the last `n_positions` targets of a batch with every candidate."""
        family = mixture.family
        means = {name: reference_mean(name, mixture, batch) for name in REFERENCES}
        means |= family.rivals(batch)
        candidates = {name: floored(family.target_kind, predicted(mean, n_positions)) for name, mean in means.items()}
        return cls(batch, predicted(family.targets(batch), n_positions), candidates)


@dataclass(frozen=True, eq=False)
class Arenas:
    """Every population on which the networks of one training mixture are compared with its candidates.

    ``training``: the mixture itself; ``majors`` and ``minors``: tasks drawn uniformly from either; ``fresh``: each
    sequence of another fresh task. Training saw none of the sequences.
    """

    mixture: Mixture
    setting: Setting

    @cached_property
    def batches(self) -> dict[str, Batch]:
        """The sequences of each population; without minors there is no such population."""
        setting, mixture = self.setting, self.mixture
        n, family, rng = setting.sizes.mode_sequences, mixture.family, setting.stream("modes/others")
        batches = {
            "training": mixture.sample(setting.stream("modes/training"), n),
            "majors": family.sample(rng, mixture.majors, n),
        }
        fresh = family.sample(rng, family.sample_pool(rng, n), n, tasks=np.arange(n))
        if mixture.minors is not None:
            batches["minors"] = family.sample(setting.stream("modes/minors"), mixture.minors, n)
        return batches | {"fresh": fresh}

    @cached_property
    def populations(self) -> dict[str, Arena]:
        """The arena of each population."""
        return {name: Arena.of(self.mixture, batch, self.setting.n_positions) for name, batch in self.batches.items()}

    @cached_property
    def misled(self) -> dict[str, Arena]:
        """The arenas of the judged populations with other tasks of the prior in place of the mixture's own."""
        mixture, rng = self.mixture, self.setting.stream("other majors")
        majors = mixture.family.sample_pool(rng, mixture.n_majors)
        minors = mixture.family.sample_pool(rng, mixture.n_minors) if mixture.n_minors else None
        other = Mixture(mixture.family, majors, minors, mixture.minor_mass)
        n_positions = self.setting.n_positions
        return {name: Arena.of(other, self.batches[name], n_positions) for name in ("training", "fresh")}
