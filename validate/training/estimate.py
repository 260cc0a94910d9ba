"""How long the networks of an experiment will take to train and to measure on this machine.

    training  = sum over networks of (steps left) * (seconds of a step) * (1 + 2 E / (3 B r))
    measuring = sum over seeds of SECONDS_PER_NUMBER * layers * networks * sequences * positions * width

The seconds of a step of B sequences are measured: a few real training steps of each shape of network after one to warm
up, with as large a part of the batch as the time allows, taken as proportional to it. The last factor is for the
records: every r steps the network reads 2 E held-out sequences, and a forward pass is a third of a step. What
measuring costs is an allowance, not measured.
"""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

from model import CheckpointError, TrainingConfig, Transformer, TransformerConfig, load_checkpoint, train
from validate.experiment.schema import Design, Experiment, network_config
from validate.experiment.seed_plan import SeedPlan, seed_plans
from validate.training.networks import batch_drawer

BUDGET = 8.0
"""Seconds that timing may take in all."""

FIRST_BATCH = 4
"""Sequences of the first step that is timed."""

FEWEST, MOST = 3, 20
"""Steps whose median is taken: the more, the cheaper a step."""

SECONDS_PER_NUMBER = 2e-5
"""Of measuring, by (layer, network, sequence of a cell, position, width): on two slow cores."""


@dataclass(frozen=True)
class Job:
    """One network of an experiment, and how many steps of it are trained already."""

    part: SeedPlan
    design: Design
    done: int

    @property
    def name(self) -> str:
        """How its progress is headed."""
        return f"{self.part.kind} {self.design.name} seed {self.part.seed}"

    @property
    def left(self) -> int:
        """Steps still to be trained."""
        return max(0, self.design.steps - self.done)

    def measured(self, folder: Path) -> bool:
        """Tell whether the run folder holds what was measured of this network's seed."""
        return (folder / "measured" / f"{self.part.name}.json").exists()

    @property
    def shape(self) -> tuple[TransformerConfig, int]:
        """What the time of a step depends on: the network and the batch."""
        return network_config(self.part.family, self.part.plan.network), self.part.plan.training.batch


def checkpoint_path(part: SeedPlan, design: Design, folder: Path) -> Path:
    """Return where the network of a seed and design is kept."""
    return folder / "checkpoints" / f"{part.kind}.{design.name}.seed-{part.seed}.safetensors"


def jobs(experiment: Experiment, folder: Path) -> list[Job]:
    """Return every network of an experiment in the order of training, with the steps its checkpoint holds."""
    return [
        Job(part, design, _steps_done(checkpoint_path(part, design, folder)))
        for part in seed_plans(experiment)
        for design in part.plan.designs
    ]


def _steps_done(path: Path) -> int:
    try:
        return load_checkpoint(path).step
    except (OSError, CheckpointError):  # none yet, or one that training will refuse in a sentence
        return 0


def seconds_per_step(job: Job, budget: float) -> float:
    """Measure one training step of a network's shape.

    Parameters
    ----------
    budget : float
        Seconds the timed steps may take; the step that warms up, and compiles if nothing is compiled yet, comes on top.
    """
    config, batch = job.shape
    network, mixture = Transformer(config), job.part.mixtures[job.design.name]

    def timed(n_sequences: int, n_steps: int) -> float:
        draw = batch_drawer(job.part.kind, mixture, n_sequences, job.part.seed)
        settings = TrainingConfig(steps=1 + n_steps, peak_rate=1e-6, record_every=1)
        times = [r.seconds for r in train(network, lambda step: mixture.family.encode(draw(step)), settings).records]
        return median(after - before for before, after in pairwise(times))

    first = min(FIRST_BATCH, batch)
    seconds = timed(first, 1)
    size = min(batch, int(first * budget / (FEWEST + 1) / seconds))
    if size <= first:
        return seconds * batch / first
    n_steps = int(budget / (seconds * size / first)) - 1
    return timed(size, min(max(n_steps, FEWEST), MOST)) * batch / size


def training_seconds(job: Job, step: float) -> float:
    """Return the seconds left of a network, from those of a step."""
    plan = job.part.plan.training
    records = 2 * plan.evaluation_sequences / (3 * plan.batch * plan.record_every)
    return job.left * step * (1 + records)


def measuring_seconds(part: SeedPlan) -> float:
    """Return the allowance for measuring a seed: its networks and the untrained ones."""
    plan, sizes = part.plan, part.plan.measurement
    numbers = plan.network.layers * plan.network.width * sizes.cell_sequences * part.setting.n_positions
    return SECONDS_PER_NUMBER * numbers * (len(plan.designs) + sizes.untrained)
