"""A network beside the Bayes predictors on fixed held-out sequences, for the curves by training step."""

from pathlib import Path
from typing import Any

import numpy as np

from model import DivergenceError, Transformer, load_checkpoint
from theory import Batch, Mixture, divergence, stream, target_loss
from validate.capture.candidates import REFERENCES, phase_ratio, reference_mean
from validate.capture.finite import floored
from validate.capture.skill import Skill
from validate.capture.sources import NetworkSource
from validate.experiment.network_plan import NetworkPlan
from validate.experiment.sampling import predicted

N_SEQUENCES = 512
"""Sequences on which the skill of a network that is not measured is taken."""


def skill_of(plan: NetworkPlan, batch: Batch) -> Skill:
    """Return what the skill of a network is measured by, on sequences such as it is trained on."""
    n_positions = plan.seed_plan.setting.n_positions
    if plan.is_fresh:
        return Skill.of_fresh_tasks(plan.seed_plan.family, batch, n_positions)
    return Skill.of_mixture(plan.mixture, batch, n_positions)


def skill_of_kept(plan: NetworkPlan, folder: Path) -> float:
    """Return the skill of a network that is kept in a run folder."""
    batch = plan.sample(stream(plan.seed_plan.seed, f"{plan.seed_plan.family.name}/skill"), N_SEQUENCES)
    network = load_checkpoint(plan.checkpoint(folder)).model(threads=1)
    return skill_of(plan, batch)(NetworkSource(network, plan.seed_plan.family).mean(batch))


class Evaluation:
    """The sequences, and what each Bayes predictor says of them.

    Attributes
    ----------
    batches : dict
        Sequences such as the network is trained on, and of fresh tasks, another for each sequence.
    references : dict
        By population, the mean loss of each Bayes predictor (nats, or squared units).
    """

    def __init__(self, plan: NetworkPlan) -> None:
        mixture, n_sequences = plan.mixture, plan.seed_plan.plan.training.evaluation_sequences
        family, seed = mixture.family, plan.seed_plan.seed
        rng = stream(seed, f"{family.name}/evaluation")
        fresh = family.sample_pool(rng, n_sequences)
        self.family = family
        self.batches = {
            "training": plan.sample(rng, n_sequences),
            "fresh": family.sample(rng, fresh, n_sequences, tasks=np.arange(n_sequences)),
        }
        self._n_positions = plan.seed_plan.setting.n_positions
        self._means = {
            population: {name: self._reference(name, mixture, batch) for name in REFERENCES}
            for population, batch in self.batches.items()
        }
        self.references = {
            population: {name: self.loss(mean, self.batches[population]) for name, mean in means.items()}
            for population, means in self._means.items()
        }
        self._skill = skill_of(plan, self.batches["training"])

    def _reference(self, name: str, mixture: Mixture, batch: Batch) -> np.ndarray:
        mean = predicted(reference_mean(name, mixture, batch), self._n_positions)
        return floored(self.family.target_kind, mean)

    def loss(self, mean: np.ndarray, batch: Batch) -> float:
        """Return the mean loss of a prediction over the positions a transformer predicts."""
        targets = predicted(self.family.targets(batch), self._n_positions)
        return float(target_loss(self.family.target_kind, predicted(mean, self._n_positions), targets).mean())

    def __call__(self, network: Transformer) -> dict[str, Any]:
        """Return what a record says of a network; DivergenceError if it predicts what is no number.

        Returns
        -------
        dict
            By population: ``held_out``, mean loss; ``distance``, mean divergence of the network from each Bayes
            predictor; ``phase``, log10 of the ratio of those from M1 and from M2. In nats, or squared units. And
            ``skill`` on sequences such as it is trained on.
        """
        source, kind = NetworkSource(network, self.family), self.family.target_kind
        means = {population: source.mean(batch) for population, batch in self.batches.items()}
        if not all(np.isfinite(mean).all() for mean in means.values()):
            raise DivergenceError("training diverged: the network's predictions on held-out sequences are not finite")
        distance = {
            population: {name: float(divergence(kind, m, mean).mean()) for name, m in self._means[population].items()}
            for population, mean in means.items()
        }
        return {
            "held_out": {population: self.loss(mean, self.batches[population]) for population, mean in means.items()},
            "distance": distance,
            "phase": {population: phase_ratio(to["M1"], to["M2"]) for population, to in distance.items()},
            "skill": self._skill(means["training"]),
        }
