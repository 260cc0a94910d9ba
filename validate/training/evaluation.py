"""A network beside the Bayes predictors on fixed held-out sequences, for the curves by training step."""

from typing import Any

import numpy as np

from model import Transformer
from theory import Batch, Mixture, divergence, stream, target_loss
from validate.capture.candidates import REFERENCES, phase_ratio, reference_mean
from validate.capture.finite import floored
from validate.capture.sources import NetworkSource
from validate.experiment.sampling import predicted


class Evaluation:
    """The sequences, and what each Bayes predictor says of them.

    Attributes
    ----------
    batches : dict
        Sequences of the training mixture, and of fresh tasks, another for each sequence.
    references : dict
        By population, the mean loss of each Bayes predictor (nats, or squared units).
    """

    def __init__(self, mixture: Mixture, seed: int, n_sequences: int) -> None:
        family = mixture.family
        rng = stream(seed, f"{family.name}/evaluation")
        fresh = family.sample_pool(rng, n_sequences)
        self.family = family
        self.batches = {
            "training": mixture.sample(rng, n_sequences),
            "fresh": family.sample(rng, fresh, n_sequences, tasks=np.arange(n_sequences)),
        }
        self._n_positions = len(family.encode(self.batches["training"][:1]).positions)
        self._means = {
            population: {name: self._reference(name, mixture, batch) for name in REFERENCES}
            for population, batch in self.batches.items()
        }
        self.references = {
            population: {name: self.loss(mean, self.batches[population]) for name, mean in means.items()}
            for population, means in self._means.items()
        }

    def _reference(self, name: str, mixture: Mixture, batch: Batch) -> np.ndarray:
        mean = predicted(reference_mean(name, mixture, batch), self._n_positions)
        return floored(self.family.target_kind, mean)

    def loss(self, mean: np.ndarray, batch: Batch) -> float:
        """Return the mean loss of a prediction over the positions a transformer predicts."""
        targets = predicted(self.family.targets(batch), self._n_positions)
        return float(target_loss(self.family.target_kind, predicted(mean, self._n_positions), targets).mean())

    def __call__(self, network: Transformer) -> dict[str, dict[str, Any]]:
        """Return what a record says of a network, by population.

        Returns
        -------
        dict
            ``held_out``: mean loss. ``distance``: mean distance to each Bayes predictor. ``phase``: log10 of the ratio
            of the distances to M1 and to M2. Losses and distances in nats, or squared units.
        """
        source, kind = NetworkSource(network, self.family), self.family.target_kind
        held_out, distance = {}, {}
        for population, batch in self.batches.items():
            mean, references = source.mean(batch), self._means[population]
            held_out[population] = self.loss(mean, batch)
            distance[population] = {name: float(divergence(kind, mean, m).mean()) for name, m in references.items()}
        phase = {population: phase_ratio(to["M1"], to["M2"]) for population, to in distance.items()}
        return {"held_out": held_out, "distance": distance, "phase": phase}
