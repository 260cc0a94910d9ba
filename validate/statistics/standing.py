"""How a network's predictions stand to some candidates: distances, and the best mixture of them.

Candidates c_j are *modes* or rivals. Of each population of sequences,

    distance       D_j = mean D(c_j, network), KL(c_j || network) or (c_j - network)^2
    best mixture   w = argmin over the simplex of mean D(sum_j w_j c_j, network) + TIE D_* (sum of w over modes)
    mode weight    the modes' sum of w, fitted on half of the sequences; the mixture's distance is taken on the others
    margin         (D_a - D_b) / max(D_a, D_b) of two distances, in [-1, 1]

D_* is the least distance of a rival. Candidates can nearly coincide, and weights are read against the claim: the term
with TIE gives the rivals whatever weight they can take at the price of a hundredth of their own distance per unit.

Intervals of weights resample the sequences of the fit; they are not recentred, because a weight at the boundary has no
bias to remove. The fit itself is `statistics.best_mixture`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from theory import TargetKind, divergence
from validate.statistics.best_mixture import fit_mixture
from validate.statistics.intervals import Estimate, Statistic, percentile_range, ratio, resampling_weights

TIE, LEAST_RIVAL = 0.01, 1e-6
"""Price of a unit of weight on the modes, in units of the nearest rival's distance; nearer rivals count as that far."""

N_REFITS = 200
"""Resampled fits over which the interval of a mode weight runs."""


@dataclass(frozen=True, eq=False)
class Standing:
    """How one network stands to the candidates on sequences of one population.

    Attributes
    ----------
    distances : ndarray, shape (B, P, J)
        From the network to each candidate, in nats or squared units.
    weights : ndarray, shape (J,)
        The best mixture, fitted on the first half of the sequences.
    refits : ndarray, shape (N_REFITS, J)
        The same for resampled sequences.
    beyond : ndarray, shape (B / 2,)
        Distance of that mixture on the other sequences, a mean over positions.
    """

    names: tuple[str, ...]
    modes: tuple[str, ...]
    distances: Float[np.ndarray, "B P J"]
    weights: Float[np.ndarray, " J"]
    refits: Float[np.ndarray, "R J"]
    beyond: Float[np.ndarray, " H"]

    @classmethod
    def of(
        cls,
        kind: TargetKind,
        mean: Float[np.ndarray, "B P D"],
        named: Mapping[str, Float[np.ndarray, "B P D"]],
        modes: tuple[str, ...],
        rng: np.random.Generator,
    ) -> "Standing":
        """Measure the distances and fit the best mixture."""
        names, half = tuple(named), len(mean) // 2
        candidates = np.stack(list(named.values()), axis=-1)
        distances = np.stack([divergence(kind, one, mean) for one in named.values()], axis=-1)
        are_modes = np.isin(names, modes)
        nearest = max(LEAST_RIVAL, distances[:half].mean(axis=(0, 1))[~are_modes].min())
        price = TIE * nearest * are_modes
        weights, model = fit_mixture(kind, mean[:half], candidates[:half], price)
        refits = model.minimum(resampling_weights(rng, half, N_REFITS)[:, 0], price)
        beyond = divergence(kind, candidates[half:] @ weights, mean[half:]).mean(axis=1)
        return cls(names, modes, distances, weights, refits, beyond)

    @property
    def mode_weight(self) -> Estimate:
        """The best mixture's weight on the modes."""
        modes = np.isin(self.names, self.modes)
        value = float(self.weights[modes].sum())
        low, high = percentile_range(self.refits[:, modes].sum(axis=1))
        return Estimate(value, min(value, low), max(value, high))

    @property
    def moments(self) -> Float[np.ndarray, "B J"]:
        """Mean distance of each sequence to each candidate."""
        return self.distances.mean(axis=1)


def margin(worse: Float[np.ndarray, " R"], better: Float[np.ndarray, " R"]) -> Float[np.ndarray, " R"]:
    """Return (worse - better) / max(worse, better) of two distances, in [-1, 1]."""
    return ratio(worse - better, np.maximum(worse, better))


def margin_of_log_ratio(value: float) -> float:
    """Return the margin of two distances as a function of log(worse / better)."""
    return float(np.copysign(-np.expm1(-abs(value)), value))


def modes_against_rivals(names: Sequence[str], modes: Sequence[str]) -> Statistic:
    """Return the margin of the nearest mode over the nearest rival, a function of mean distances to candidates."""
    are_modes = np.isin(names, modes)
    return lambda moments: margin(moments[..., ~are_modes].min(axis=-1), moments[..., are_modes].min(axis=-1))
