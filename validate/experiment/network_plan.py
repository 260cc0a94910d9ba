"""One network of an experiment: what it is, what it is trained on, and where it is kept."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model import TrainingConfig, TransformerConfig
from theory import Batch, Mixture, stream
from validate.experiment.folder import inside
from validate.experiment.schema import Experiment, network_config
from validate.experiment.seed_plan import SeedPlan, arm_plans, seed_plans

FRESH = "fresh tasks"
"""The design of a network that reads a new task in every sequence."""


@dataclass(frozen=True)
class NetworkPlan:
    """The network of one seed and design.

    Attributes
    ----------
    design : str
        Name of a training mixture of the seed, or `FRESH`.
    steps : int
        Number of updates.
    """

    seed_plan: SeedPlan
    design: str
    steps: int

    @property
    def name(self) -> str:
        """How it is called in sentences."""
        plan = self.seed_plan
        return f"{plan.section} {self.design}{plan.suffix.replace('.', ' ')} seed {plan.seed}"

    @property
    def file_name(self) -> str:
        """How its files are called."""
        plan = self.seed_plan
        return f"{plan.section}.{self.design.replace(' ', '-')}{plan.suffix}.seed-{plan.seed}"

    @property
    def identity(self) -> dict[str, str | int]:
        """How it is called in tables."""
        plan = self.seed_plan
        return {"family": plan.section, "design": self.design, "arm": self.arm_name, "seed": plan.seed}

    @property
    def arm_name(self) -> str:
        """Name of its arm, empty for the first."""
        return "" if self.seed_plan.arm is None else self.seed_plan.arm.name

    @property
    def is_fresh(self) -> bool:
        """Whether it reads a new task in every sequence."""
        return self.design == FRESH

    @property
    def mixture(self) -> Mixture:
        """What it is trained on; of a network of fresh tasks, the majors it never sees."""
        return self.seed_plan.plain if self.is_fresh else self.seed_plan.mixtures[self.design]

    @property
    def config(self) -> TransformerConfig:
        """Its shape."""
        return network_config(self.seed_plan.family, self.seed_plan.plan.network)

    @property
    def training(self) -> TrainingConfig:
        """How it is trained."""
        return self.seed_plan.plan.training.config(self.steps)

    @property
    def initial_seed(self) -> int:
        """Seed of the initial parameters: the plan's own, or one drawn from it for another initialisation."""
        plan = self.seed_plan
        number = 0 if plan.arm is None else plan.arm.initialisation
        return int(stream(plan.seed, "initialisation", number).integers(2**31)) if number else plan.seed

    def sample(self, rng: np.random.Generator, n_sequences: int) -> Batch:
        """Draw sequences such as it is trained on."""
        family = self.seed_plan.family
        if not self.is_fresh:
            return self.mixture.sample(rng, n_sequences)
        return family.sample(rng, family.sample_pool(rng, n_sequences), n_sequences, tasks=np.arange(n_sequences))

    def batch(self, step: int, n_sequences: int | None = None) -> Batch:
        """Draw the training batch of a step: a function of family, seed and step alone."""
        rng = stream(self.seed_plan.seed, f"{self.seed_plan.family.name}/training", step)
        return self.sample(rng, n_sequences or self.seed_plan.plan.training.batch)

    def checkpoint(self, folder: Path) -> Path:
        """Return where it is kept in a run folder."""
        return inside(folder, f"checkpoints/{self.file_name}.safetensors")

    def metrics(self, folder: Path) -> Path:
        """Return where its training log is kept in a run folder."""
        return inside(folder, f"metrics/{self.file_name}.jsonl")


def networks_of(seed_plan: SeedPlan) -> list[NetworkPlan]:
    """Return the networks of one seed, or of one seed of an arm."""
    return [NetworkPlan(seed_plan, design.name, design.steps) for design in seed_plan.plan.designs]


def fresh_networks(experiment: Experiment) -> list[NetworkPlan]:
    """Return the networks of fresh tasks: at most one a family, of its first seed."""
    return [
        NetworkPlan(SeedPlan.of(experiment, kind, plan.seeds[0]), FRESH, plan.fresh.steps)
        for kind, plan in experiment.families.items()
        if plan.fresh is not None
    ]


def network_plans(experiment: Experiment) -> list[NetworkPlan]:
    """Return every network of an experiment, in the order of training."""
    seeds = [*seed_plans(experiment), *arm_plans(experiment)]
    return [*(network for plan in seeds for network in networks_of(plan)), *fresh_networks(experiment)]
