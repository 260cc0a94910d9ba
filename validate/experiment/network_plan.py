"""One network of an experiment: what it is, what it is trained on, and where it is kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from model import TrainingConfig, TransformerConfig
from theory import Batch, Mixture, stream
from validate.experiment.schema import Design, Experiment, network_config
from validate.experiment.seed_plan import SeedPlan, seed_plans


@dataclass(frozen=True)
class NetworkPlan:
    """The network of one seed and design."""

    seed_plan: SeedPlan
    design: Design

    @property
    def name(self) -> str:
        """How it is called in sentences."""
        return f"{self.seed_plan.family.name} {self.design.name} seed {self.seed_plan.seed}"

    @property
    def identity(self) -> dict[str, str | int]:
        """How it is called in tables."""
        plan = self.seed_plan
        return {"family": plan.family.name, "design": self.design.name, "seed": plan.seed}

    @property
    def mixture(self) -> Mixture:
        """What it is trained on."""
        return self.seed_plan.mixtures[self.design.name]

    @property
    def config(self) -> TransformerConfig:
        """Its shape."""
        return network_config(self.seed_plan.family, self.seed_plan.plan.network)

    @property
    def training(self) -> TrainingConfig:
        """How it is trained."""
        settings = self.seed_plan.plan.training.model_dump(exclude={"batch", "evaluation_sequences"})
        return TrainingConfig(steps=self.design.steps, **settings)

    def batch(self, step: int, n_sequences: int | None = None) -> Batch:
        """Draw the training batch of a step: a function of family, seed and step alone."""
        rng = stream(self.seed_plan.seed, f"{self.seed_plan.family.name}/training", step)
        return self.mixture.sample(rng, n_sequences or self.seed_plan.plan.training.batch)

    def checkpoint(self, folder: Path) -> Path:
        """Return where it is kept in a run folder."""
        plan = self.seed_plan
        return folder / "checkpoints" / f"{plan.family.name}.{self.design.name}.seed-{plan.seed}.safetensors"


def networks_of(seed_plan: SeedPlan) -> list[NetworkPlan]:
    """Return the networks of one seed."""
    return [NetworkPlan(seed_plan, design) for design in seed_plan.plan.designs]


def network_plans(experiment: Experiment) -> Iterator[NetworkPlan]:
    """Return every network of an experiment, in the order of training."""
    for seed_plan in seed_plans(experiment):
        yield from networks_of(seed_plan)
