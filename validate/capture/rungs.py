"""Rungs of the analytic ladder: sources whose states are made of features, or of noise.

    exact Bayes      h_t = A w_t + E c_t + e_t, w_t the posterior weights (and the fresh task's weighted prediction)
    averaging        h_t = A b_t + E c_t + e_t, b_t the simplex coordinates of the running average of what was seen
    current symbol   h_t = E c_t + e_t
    prediction only  h_t = A log m_t + e_t, m_t the exact prediction, its log centred (of numbers m_t itself)
    random           h_t = noise, prediction = a random point of the simplex, or a normal number

c_t is what is current: the symbol as one-hot, or the covariate. A and E are fixed random embeddings with rows of length
about 1, e_t is noise of length NOISE. Noise is a function of what is read, like the states of any network: it does not
depend on what was asked before. *Prediction only* is what the last states of a network come to that predicts well and
has no final norm, whatever it does inside: a rival of every claim about states. A question may bring further rungs
(`claims.base.Question.rungs`).
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Float

from theory import Batch, LatentTasks, Mixture, ModelArrays, extrapolation, hull_coordinates
from theory.categorical import centred_log_ratio
from validate.capture.finite import floored, retrieval_or_prior
from validate.capture.sources import StateSource
from validate.experiment.sampling import predicted
from validate.experiment.setting import Setting

WIDTH, NOISE = 64, 0.05
"""Width of the states made of features, and the length of their noise beside embeddings of length 1."""

EXACT, RANDOM, PREDICTION = "exact Bayes", "random", "prediction only"
"""The rung that must meet every criterion, the one that must meet none, and the one no claim may be met by."""


@dataclass(frozen=True)
class FeatureSource:
    """States A f_t + E c_t, or A f_t alone, for features f_t computed from the sequence.

    Parameters
    ----------
    features : callable
        Maps a batch to (features (B, T, F), predictions (B, T, D)).
    stream : callable
        Returns a random stream by purpose: for the embeddings, and for the noise of what is read.
    holds_current : bool
        Whether c_t is embedded too.
    """

    family: LatentTasks
    features: Callable[[Batch], tuple[Float[np.ndarray, "B T F"], Float[np.ndarray, "B T D"]]]
    stream: Callable[[str], np.random.Generator]
    holds_current: bool = True

    @property
    def sites(self) -> tuple[str, ...]:
        """One place only."""
        return ("features",)

    def _embedding(self, name: str, rows: int) -> Float[np.ndarray, "rows W"]:
        return self.stream(f"embedding/{name}").standard_normal((rows, WIDTH)) / np.sqrt(WIDTH)

    def states(self, batch: Batch, last: bool = False) -> dict[str, Float[np.ndarray, "B P W"]]:
        """Embed the features and add the embedding of what is current."""
        arrays = self.family.encode(batch)
        n_positions = 1 if last else len(arrays.positions)
        features = predicted(self.features(batch)[0], n_positions)
        current = predicted(self.family.current(batch), n_positions)
        states = features @ self._embedding("features", features.shape[-1])
        if self.holds_current:
            states = states + current @ self._embedding("current", current.shape[-1])
        noise = self.stream(f"noise/{_digest(arrays)}").standard_normal(states.shape)
        return {"features": states + NOISE / np.sqrt(WIDTH) * noise}

    def mean(self, batch: Batch) -> Float[np.ndarray, "B P D"]:
        """Return the prediction that goes with the features; like a network's it excludes no symbol."""
        n_positions = len(self.family.encode(batch).positions)
        return floored(self.family.target_kind, predicted(self.features(batch)[1], n_positions))


def bayes_features(mixture: Mixture, batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """Return what an exact Bayesian holds: M1's weights, or with minors M2's majors and the fresh task's prediction."""
    if mixture.minors is None:
        prediction = retrieval_or_prior(mixture, batch)
        return prediction.weights, prediction.mean
    prediction = extrapolation(mixture, batch)
    majors, fresh = prediction.weights[..., :-1], prediction.weights[..., -1:]
    return np.concatenate([majors, fresh * mixture.family.fresh_mean(batch)], axis=-1), prediction.mean


def averaging_features(mixture: Mixture, batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """Return the simplex coordinates of the running average, and the prediction they would make as weights."""
    family, majors = mixture.family, mixture.majors
    weights = hull_coordinates(family.running_average(batch), family.average_vertices(majors))
    return weights, family.mixed_mean(majors, batch, weights)


def symbol_features(mixture: Mixture, batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """Return no feature but a constant: the states hold what is current alone, and nothing is predicted from it."""
    mean = mixture.family.fresh_mean(batch)
    guess = 1 / mean.shape[-1] if mixture.family.target_kind == "symbol" else 0.0
    return np.zeros((*mean.shape[:2], 1)), np.full_like(mean, guess)


def prediction_features(mixture: Mixture, batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """Return the exact prediction as a read-out has it, centred log-laws or numbers, and the prediction itself."""
    mean, kind = bayes_features(mixture, batch)[1], mixture.family.target_kind
    return (centred_log_ratio(floored(kind, mean)) if kind == "symbol" else mean), mean


@dataclass(frozen=True)
class RandomSource:
    """States and predictions that know nothing of the sequence, drawn by what is read."""

    family: LatentTasks
    stream: Callable[[str], np.random.Generator]

    @property
    def sites(self) -> tuple[str, ...]:
        """One place only."""
        return ("features",)

    def states(self, batch: Batch, last: bool = False) -> dict[str, Float[np.ndarray, "B P W"]]:
        """Draw independent normal states."""
        arrays = self.family.encode(batch)
        n_positions = 1 if last else len(arrays.positions)
        rng = self.stream(f"states/{_digest(arrays)}")
        return {"features": rng.standard_normal((len(batch), n_positions, WIDTH))}

    def mean(self, batch: Batch) -> Float[np.ndarray, "B P D"]:
        """Draw laws uniformly from the simplex, or normal numbers with the spread of the targets."""
        arrays, targets = self.family.encode(batch), self.family.targets(batch)
        rng, shape = self.stream(f"mean/{_digest(arrays)}"), (len(batch), len(arrays.positions))
        if self.family.target_kind == "real":
            return targets.std() * rng.standard_normal((*shape, targets.shape[-1]))
        return rng.dirichlet(np.ones(targets.shape[-1]), size=shape)


def _digest(arrays: ModelArrays) -> str:
    return hashlib.sha256(np.ascontiguousarray(arrays.inputs).tobytes()).hexdigest()


FeatureFunction = Callable[[Mixture, Batch], tuple[np.ndarray, np.ndarray]]

RUNGS: Mapping[str, FeatureFunction] = {
    EXACT: bayes_features,
    "averaging": averaging_features,
    "current symbol": symbol_features,
    PREDICTION: prediction_features,
}
"""The rungs of every family that are made of features, by name."""


def rungs(setting: Setting, further: Mapping[str, FeatureFunction]) -> dict[str, Callable[[Mixture], StateSource]]:
    """Return, by name, how each rung turns a training mixture into a source of states."""

    def stream(name: str, mixture: Mixture) -> Callable[[str], np.random.Generator]:
        return lambda purpose: setting.stream(f"ladder/{name}/{purpose}", mixture.n_minors)

    def from_features(name: str, features: FeatureFunction, mixture: Mixture) -> StateSource:
        given = partial(features, mixture), stream(name, mixture)
        return FeatureSource(setting.family, *given, holds_current=name != PREDICTION)

    def at_random(mixture: Mixture) -> StateSource:
        return RandomSource(setting.family, stream(RANDOM, mixture))

    made = {**RUNGS, **further}
    return {**{name: partial(from_features, name, features) for name, features in made.items()}, RANDOM: at_random}
