"""How long the networks of an experiment will take to train and to measure on this machine, said before it starts.

    training  = sum over networks of (steps left) * (seconds of a step) * (1 + 2 E / (3 B r))
    measuring = sum over seeds of SECONDS_PER_SEED + SECONDS_PER_PRODUCT * layers * positions * width^2 * sequences
    sequences = (networks, untrained ones too) * those of a cell + CHANGED * (trained networks) * those of causal tests

The seconds of a step of B sequences are measured once for every shape of network. The last factor is for the records:
every r steps the network reads 2 E held-out sequences, and a forward pass is a third of a step. What measuring costs is
an allowance, not measured.
"""

from collections.abc import Sequence
from pathlib import Path

from model import CheckpointError, TransformerConfig, load_checkpoint
from validate.experiment.network_plan import NetworkPlan
from validate.experiment.seed_plan import SeedPlan
from validate.training.step_time import seconds_per_step

BUDGET = 8.0
"""Seconds that timing may take in all."""

SECONDS_PER_SEED, SECONDS_PER_PRODUCT, CHANGED = 10.0, 1.6e-7, 2
"""Of measuring: whatever the sizes, and by (layer, position, width, width, sequence); how much more a sequence of the
causal tests takes than one of a cell. So that dice of the paper's sizes take what they did on a slow core."""

UNITS = (("second", 1.0), ("minute", 60.0), ("hour", 3600.0), ("day", 86400.0))


def duration(seconds: float) -> str:
    """Write a time as a person would say it, in the largest unit of which there are at least one and a half."""
    unit, size = next(((u, s) for u, s in reversed(UNITS) if seconds >= 1.5 * s), UNITS[0])
    digits = 1 if size > 1 and seconds < 10 * size else 0
    amount = f"{max(1.0, seconds / size):.{digits}f}"
    return f"{amount} {unit}" if amount == "1" else f"{amount} {unit}s"


def steps_left(plan: NetworkPlan, folder: Path) -> int:
    """Return the steps of a network that its checkpoint does not hold."""
    try:
        done = load_checkpoint(plan.checkpoint(folder)).step
    except (OSError, CheckpointError):  # none yet, or one that training will refuse in a sentence
        done = 0
    return max(0, plan.steps - done)


def training_seconds(plan: NetworkPlan, steps: int, step: float) -> float:
    """Return the seconds of some steps of a network, from those of one step."""
    training = plan.seed_plan.plan.training
    records = 2 * training.evaluation_sequences / (3 * training.batch * training.record_every)
    return steps * step * (1 + records)


def measuring_seconds(seed_plan: SeedPlan) -> float:
    """Return the allowance for measuring a seed: its networks and the untrained ones."""
    plan, sizes = seed_plan.plan, seed_plan.plan.measurement
    untrained = 0 if seed_plan.arm is not None else sizes.untrained
    sequences = sizes.cell_sequences * (len(plan.designs) + untrained)
    if plan.causal is not None:
        sequences += CHANGED * plan.causal.sequences * len(plan.designs)
    products = plan.network.layers * plan.network.width**2 * seed_plan.setting.n_positions * sequences
    return SECONDS_PER_SEED + SECONDS_PER_PRODUCT * products


def time_left(
    networks: Sequence[NetworkPlan],
    folder: Path,
    unmeasured: Sequence[SeedPlan],
    workers: int,
    budget: float = BUDGET,
) -> str:
    """Return a sentence on how long an experiment will take.

    Parameters
    ----------
    unmeasured : sequence of SeedPlan
        The seeds that are still to be measured.
    workers : int
        Processes that train and measure side by side.
    budget : float
        Seconds for timing every shape of network that has steps left.
    """
    left = [(plan, steps) for plan in networks if (steps := steps_left(plan, folder))]
    shapes = {_shape(plan): plan for plan, _ in left}
    times = {shape: seconds_per_step(plan, budget / len(shapes)) for shape, plan in shapes.items()}
    training = sum(training_seconds(plan, steps, times[_shape(plan)]) for plan, steps in left) / workers
    measuring = sum(map(measuring_seconds, unmeasured)) / workers
    what = [f"{duration(training)} to train {len(left)} network{'s' * (len(left) > 1)}"] if left else []
    what += [f"an allowance of {duration(measuring)} to measure"] if measuring else []
    if not what:
        return "Everything asked for is done already."
    return f"This will take about {duration(training + measuring)} on this machine: {' and '.join(what)}."


def _shape(plan: NetworkPlan) -> tuple[TransformerConfig, int]:
    """Return what the time of a step depends on: the network and the batch."""
    return plan.config, plan.seed_plan.plan.training.batch
