"""Two modes, or something simpler? A contest of explanations of the network's predictions.

Candidates c_j: M1, M2, the prior predictive, and the rivals the family declares. Of each population of sequences,

    distance       D_j = mean D(network, c_j)                             (`capture.candidates`)
    best mixture   w = argmin over the simplex of mean D(network, sum_j w_j c_j) + TIE D_* (w_M1 + w_M2)
    mode weight    w_M1 + w_M2, fitted on one half of the sequences; the mixture's distance is taken on the other
    two modes      (D_* - D_M) / max(D_*, D_M),  D_M = min(D_M1, D_M2),  D_* the least distance of another candidate
    M2 mode        (D_M1 - D_M2) / max(D_M1, D_M2)

The margins are 1 - D_M / D_* where the modes win, lie in [-1, 1], and are -1 for a network that is a rival. Candidates
can nearly coincide: M2 with the prior predictive on fresh tasks, the unigram of dice and the bigram of Markov chains
with the prior predictive anywhere. Weights are read against the claim: the prior predictive counts as a rival even
where it is what M2's fresh task predicts, and the term with TIE gives the rivals whatever weight they can take at the
price of a hundredth of their own distance per unit.

Intervals of weights resample the sequences of the fit; they are not recentred, because a weight at the boundary has no
bias to remove. The fit itself is `statistics.best_mixture`.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from theory import TargetKind, divergence, target_loss
from theory.risk import nats_per_loss
from validate.capture.candidates import Arena, Arenas
from validate.capture.sources import StateSource
from validate.statistics.best_mixture import fit_mixture
from validate.statistics.intervals import LEVEL, Estimate, Statistic, bootstrap, ratio, resampling_weights

MODES = ("M1", "M2")
"""The candidates that are modes; all others are rivals."""

TIE, LEAST_RIVAL = 0.01, 1e-6
"""Price of a unit of weight on the modes, in units of the nearest rival's distance; nearer rivals count as that far."""

N_REFITS = 200
"""Resampled fits over which the interval of a mode weight runs."""

JUDGED = {"training": "", "fresh": " OOD"}
"""Populations on which the modes are judged, and what their statistics' names end with."""

Statistics = dict[str, Estimate]


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
    distances: Float[np.ndarray, "B P J"]
    weights: Float[np.ndarray, " J"]
    refits: Float[np.ndarray, "R J"]
    beyond: Float[np.ndarray, " H"]

    @classmethod
    def of(
        cls, kind: TargetKind, mean: Float[np.ndarray, "B P D"], arena: Arena, rng: np.random.Generator
    ) -> "Standing":
        """Measure the distances and fit the best mixture."""
        names, half = tuple(arena.candidates), len(mean) // 2
        candidates = np.stack(list(arena.candidates.values()), axis=-1)
        distances = np.stack([divergence(kind, mean, one) for one in arena.candidates.values()], axis=-1)
        modes = np.isin(names, MODES)
        nearest = max(LEAST_RIVAL, distances[:half].mean(axis=(0, 1))[~modes].min())
        price = TIE * nearest * modes
        weights, model = fit_mixture(kind, mean[:half], candidates[:half], price)
        refits = model.minimum(resampling_weights(rng, half, N_REFITS)[:, 0], price)
        beyond = divergence(kind, mean[half:], candidates[half:] @ weights).mean(axis=1)
        return cls(names, distances, weights, refits, beyond)

    @property
    def mode_weight(self) -> Estimate:
        """The best mixture's weight on M1 and M2."""
        modes = np.isin(self.names, MODES)
        value, tail = float(self.weights[modes].sum()), 50 * (1 - LEVEL)
        low, high = np.percentile(self.refits[:, modes].sum(axis=1), [tail, 100 - tail])
        return Estimate(value, min(value, float(low)), max(value, float(high)))

    @property
    def moments(self) -> Float[np.ndarray, "B J"]:
        """Mean distance of each sequence to each candidate."""
        return self.distances.mean(axis=1)


def margin(worse: Float[np.ndarray, " R"], better: Float[np.ndarray, " R"]) -> Float[np.ndarray, " R"]:
    """Return (worse - better) / max(worse, better) of two distances, in [-1, 1]."""
    return ratio(worse - better, np.maximum(worse, better))


def modes_against_rivals(names: Sequence[str]) -> Statistic:
    """Return the statistic "two modes" of the mean distances to candidates of these names."""
    modes = np.isin(names, MODES)
    return lambda moments: margin(moments[..., ~modes].min(axis=-1), moments[..., modes].min(axis=-1))


def extrapolation_against_retrieval(names: Sequence[str]) -> Statistic:
    """Return the statistic "M2 mode" of the mean distances to candidates of these names."""
    retrieval, extrapolation = (list(names).index(name) for name in MODES)
    return lambda moments: margin(moments[..., retrieval], moments[..., extrapolation])


def two_modes(
    source: StateSource, arenas: Arenas, untrained: Sequence[StateSource] = ()
) -> tuple[Statistics, dict[str, Statistics], dict[str, Any]]:
    """Judge whether a network behaves as M1 and M2 do, and not as a rival.

    Returns
    -------
    statistics, nulls : dict
        "mode weight" and "two modes" on the training mixture, "mode weight OOD" on fresh tasks. Nulls: untrained
        networks, and the same network against M1 and M2 of other tasks.
    portrait : dict
        By population: distances and losses by candidate (with intervals, and by position), the best mixture's weights,
        their sum over the modes, and the mixture's own distance on the other half of the sequences.
    """
    means = {name: source.mean(arena.batch) for name, arena in arenas.populations.items()}

    def standings(populations: dict[str, Arena]) -> dict[str, Standing]:
        return {name: _standing(means[name], arena, arenas) for name, arena in populations.items()}

    own = standings(arenas.populations)
    nulls = {"M1 and M2 of other tasks": _modes(standings(arenas.misled), arenas)}
    for index, network in enumerate(untrained):
        judged = {name: arenas.populations[name] for name in JUDGED}
        its = {name: _standing(network.mean(arena.batch), arena, arenas) for name, arena in judged.items()}
        nulls[f"untrained network {index + 1}"] = _modes(its, arenas)
    portrait = {
        name: _portrait(means[name], arenas.populations[name], standing, arenas) for name, standing in own.items()
    }
    return _modes(own, arenas), nulls, portrait


def second_mode(
    plain: StateSource | None, diverse: StateSource, arenas: Arenas, untrained: Sequence[StateSource] = ()
) -> tuple[Statistics, dict[str, Statistics], dict[str, Any]]:
    """Judge whether the network of the diverse design extrapolates, and what that costs it on the majors.

    Parameters
    ----------
    plain : StateSource or None
        The network trained on the majors alone, if there is one.
    arenas : Arenas
        Of the diverse mixture.

    Returns
    -------
    statistics, nulls : dict
        "M2 mode" on the training mixture and "M2 mode OOD" on fresh tasks; "OOD loss falls", the loss of `plain` less
        that of `diverse` on fresh tasks, and "majors do not suffer", the loss of `diverse` less that of M2 on the
        majors, both in nats. Nulls: untrained networks, for the loss that falls in pairs.
    portrait : dict
        Empty: everything shown is in that of `two_modes`.
    """
    nulls = {}
    for index, network in enumerate(untrained):
        partner = untrained[(index + 1) % len(untrained)] if plain is not None else None
        nulls[f"untrained network {index + 1}"] = _extrapolation(partner, network, arenas)
    return _extrapolation(plain, diverse, arenas), nulls, {}


def _extrapolation(plain: StateSource | None, diverse: StateSource, arenas: Arenas) -> Statistics:
    family, statistics = arenas.mixture.family, {}
    kind, unit = family.target_kind, nats_per_loss(family)
    losses = {}
    for population, arena in arenas.populations.items():
        mean = diverse.mean(arena.batch)
        losses[population] = target_loss(kind, mean, arena.targets)
        if population in JUDGED:
            pair = np.stack([divergence(kind, mean, arena.candidates[mode]).mean(axis=1) for mode in MODES], axis=-1)
            name = "M2 mode" + JUDGED[population]
            statistics[name] = _estimate(pair, extrapolation_against_retrieval(MODES), arenas)
    majors, fresh = arenas.populations["majors"], arenas.populations["fresh"]
    excess = losses["majors"] - target_loss(kind, majors.candidates["M2"], majors.targets)
    statistics["majors do not suffer"] = _mean(unit * excess, arenas)
    if plain is not None:
        before = target_loss(kind, plain.mean(fresh.batch), fresh.targets)
        statistics["OOD loss falls"] = _mean(unit * (before - losses["fresh"]), arenas)
    return statistics


def _standing(mean: Float[np.ndarray, "B P D"], arena: Arena, arenas: Arenas) -> Standing:
    return Standing.of(arenas.mixture.family.target_kind, mean, arena, arenas.setting.stream("bootstrap/mixture"))


def _modes(standings: dict[str, Standing], arenas: Arenas) -> Statistics:
    """Return the statistics of `two_modes` from the standings on the judged populations."""
    statistics = {f"mode weight{ending}": standings[name].mode_weight for name, ending in JUDGED.items()}
    training = standings["training"]
    statistics["two modes"] = _estimate(training.moments, modes_against_rivals(training.names), arenas)
    return statistics


def _portrait(mean: Float[np.ndarray, "B P D"], arena: Arena, standing: Standing, arenas: Arenas) -> dict[str, Any]:
    kind = arenas.mixture.family.target_kind
    distance = dict(zip(standing.names, np.moveaxis(standing.distances, -1, 0), strict=True))
    loss = {name: target_loss(kind, m, arena.targets) for name, m in ({"network": mean} | arena.candidates).items()}

    def summary(values: Float[np.ndarray, "B P"]) -> dict[str, Any]:
        return {"mean": asdict(_mean(values, arenas)), "by_position": values.mean(axis=0).tolist()}

    return {
        "distance": {name: summary(values) for name, values in distance.items()},
        "loss": {name: summary(values) for name, values in loss.items()},
        "weights": dict(zip(standing.names, standing.weights.tolist(), strict=True)),
        "mode weight": asdict(standing.mode_weight),
        "mixture": asdict(_mean(standing.beyond[:, None], arenas)),
    }


def _mean(values: Float[np.ndarray, "B P"], arenas: Arenas) -> Estimate:
    return _estimate(values.mean(axis=1)[:, None], lambda moments: moments[:, 0], arenas)


def _estimate(moments: Float[np.ndarray, "B M"], statistic: Statistic, arenas: Arenas) -> Estimate:
    return bootstrap(moments, statistic, arenas.setting.stream("bootstrap/contest"), arenas.setting.sizes.replicates)
