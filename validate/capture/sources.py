"""Where states come from: a trained network, an untrained one, or features computed exactly.

Statistics see only this interface, so the analytic ladder and the networks are measured by the same code.

    network          h_t = residual stream at a site, prediction = softmax (or value) of the read-out
    exact Bayes      h_t = A w_t + E c_t + e_t, w_t the posterior weights (and the fresh task's weighted prediction)
    averaging        h_t = A b_t + E c_t + e_t, b_t the simplex coordinates of the running average of what was seen
    current symbol   h_t = E c_t + e_t
    random           h_t = noise, prediction = a random point of the simplex, or a normal number

c_t is what is current: the symbol as one-hot, or the covariate. A and E are fixed random embeddings with rows of length
about 1, e_t is noise of length NOISE. "State i" is the residual stream from which target T - P + i is predicted.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float
from scipy.special import softmax

from model import Transformer
from theory import Batch, LatentTasks, Mixture, extrapolation, hull_coordinates
from validate.capture.finite import floored, retrieval_or_prior

CHUNK = 128
"""Sequences whose states a network captures at a time: bounds memory."""

WIDTH, NOISE = 64, 0.05
"""Width of the states made of features, and the length of their noise beside embeddings of length 1."""


@runtime_checkable
class StateSource(Protocol):
    """Something that turns sequences into hidden states and predictions."""

    @property
    def sites(self) -> tuple[str, ...]:
        """Names of the places where states are read, earliest first."""
        ...

    def states(self, batch: Batch, last: bool = False) -> dict[str, Float[np.ndarray, "B P W"]]:
        """Return the states at every predicting position, or only at the last one (P = 1)."""
        ...

    def mean(self, batch: Batch) -> Float[np.ndarray, "B P D"]:
        """Return the predicted law of each symbol, or the predicted number."""
        ...


def predicted(entries: Float[np.ndarray, "B T *rest"], n_positions: int) -> Float[np.ndarray, "B P *rest"]:
    """Keep the entries of the P targets a transformer predicts: the last P of T."""
    return entries[:, entries.shape[1] - n_positions :]


@dataclass(frozen=True)
class NetworkSource:
    """States of a transformer at the sites after each MLP."""

    model: Transformer
    family: LatentTasks

    @property
    def sites(self) -> tuple[str, ...]:
        """The residual stream after each layer's MLP."""
        return tuple(f"post_mlp.{layer}" for layer in range(self.model.config.layers))

    def states(self, batch: Batch, last: bool = False) -> dict[str, Float[np.ndarray, "B P W"]]:
        """Capture the residual stream, in float64."""
        parts: dict[str, list[np.ndarray]] = {site: [] for site in self.sites}
        for start in range(0, len(batch), CHUNK):
            arrays = self.family.encode(batch[start : start + CHUNK])
            _, captured = self.model.forward(arrays.inputs, capture=self.sites)
            positions = arrays.positions[-1:] if last else arrays.positions
            for site, part in parts.items():
                part.append(captured[site][:, positions].astype(np.float64))
        return {site: np.concatenate(part) for site, part in parts.items()}

    def mean(self, batch: Batch) -> Float[np.ndarray, "B P D"]:
        """Run the network and turn its read-out into a prediction."""
        arrays = self.family.encode(batch)
        outputs = self.model.predict(arrays.inputs)[:, arrays.positions].astype(np.float64)
        return softmax(outputs, axis=-1) if self.family.target_kind == "symbol" else outputs


@dataclass(frozen=True)
class FeatureSource:
    """States A f_t + E c_t for features f_t computed from the sequence.

    Parameters
    ----------
    features : callable
        Maps a batch to (features (B, T, F), predictions (B, T, D)).
    rng : numpy.random.Generator
        Draws the embeddings, and the noise of each call.
    """

    family: LatentTasks
    features: Callable[[Batch], tuple[Float[np.ndarray, "B T F"], Float[np.ndarray, "B T D"]]]
    rng: np.random.Generator
    _embeddings: dict[str, Float[np.ndarray, "rows W"]] = field(default_factory=dict)

    @property
    def sites(self) -> tuple[str, ...]:
        """One place only."""
        return ("features",)

    def _embedding(self, name: str, rows: int) -> Float[np.ndarray, "rows W"]:
        if name not in self._embeddings:
            self._embeddings[name] = self.rng.standard_normal((rows, WIDTH)) / np.sqrt(WIDTH)
        return self._embeddings[name]

    def states(self, batch: Batch, last: bool = False) -> dict[str, Float[np.ndarray, "B P W"]]:
        """Embed the features and add the embedding of what is current."""
        arrays = self.family.encode(batch)
        n_positions = 1 if last else len(arrays.positions)
        features = predicted(self.features(batch)[0], n_positions)
        current = predicted(self.family.current(batch), n_positions)
        states = features @ self._embedding("features", features.shape[-1])
        states = states + current @ self._embedding("current", current.shape[-1])
        return {"features": states + NOISE / np.sqrt(WIDTH) * self.rng.standard_normal(states.shape)}

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


@dataclass(frozen=True)
class RandomSource:
    """States and predictions that know nothing of the sequence."""

    family: LatentTasks
    rng: np.random.Generator

    @property
    def sites(self) -> tuple[str, ...]:
        """One place only."""
        return ("features",)

    def states(self, batch: Batch, last: bool = False) -> dict[str, Float[np.ndarray, "B P W"]]:
        """Draw independent normal states."""
        n_positions = 1 if last else len(self.family.encode(batch).positions)
        return {"features": self.rng.standard_normal((len(batch), n_positions, WIDTH))}

    def mean(self, batch: Batch) -> Float[np.ndarray, "B P D"]:
        """Draw laws uniformly from the simplex, or normal numbers with the spread of the targets."""
        shape = (len(batch), len(self.family.encode(batch).positions))
        targets = self.family.targets(batch)
        if self.family.target_kind == "real":
            return targets.std() * self.rng.standard_normal((*shape, targets.shape[-1]))
        return self.rng.dirichlet(np.ones(targets.shape[-1]), size=shape)


FeatureFunction = Callable[[Mixture, Batch], tuple[np.ndarray, np.ndarray]]

RUNGS: dict[str, FeatureFunction] = {
    "exact Bayes": bayes_features,
    "averaging": averaging_features,
    "current symbol": symbol_features,
}
"""The rungs of the analytic ladder that are made of features, by name."""
