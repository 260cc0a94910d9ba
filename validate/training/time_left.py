"""How long the networks of an experiment will take to train and to measure on this machine, said before it starts.

    training  = sum over networks of (steps left) * (seconds of a step) * (1 + 2 E / (3 B r))
    measuring = sum over seeds of SECONDS_PER_NUMBER * layers * networks * sequences * positions * width

The seconds of a step of B sequences are measured once for every shape of network. The last factor is for the records:
every r steps the network reads 2 E held-out sequences, and a forward pass is a third of a step. What measuring costs is
an allowance, not measured.
"""

from pathlib import Path

from model import CheckpointError, load_checkpoint
from validate.experiment.network_plan import NetworkPlan, network_plans
from validate.experiment.schema import Experiment
from validate.experiment.seed_plan import SeedPlan
from validate.training.step_time import seconds_per_step

BUDGET = 8.0
"""Seconds that timing may take in all."""

SECONDS_PER_NUMBER = 2e-5
"""Of measuring, by (layer, network, sequence of a cell, position, width): on two slow cores."""

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
    return max(0, plan.design.steps - done)


def training_seconds(plan: NetworkPlan, steps: int, step: float) -> float:
    """Return the seconds of some steps of a network, from those of one step."""
    training = plan.seed_plan.plan.training
    records = 2 * training.evaluation_sequences / (3 * training.batch * training.record_every)
    return steps * step * (1 + records)


def measuring_seconds(seed_plan: SeedPlan) -> float:
    """Return the allowance for measuring a seed: its networks and the untrained ones."""
    plan, sizes = seed_plan.plan, seed_plan.plan.measurement
    numbers = plan.network.layers * plan.network.width * sizes.cell_sequences * seed_plan.setting.n_positions
    return SECONDS_PER_NUMBER * numbers * (len(plan.designs) + sizes.untrained)


def time_left(experiment: Experiment, folder: Path, measured: set[str] | None, budget: float = BUDGET) -> str:
    """Return a sentence on how long an experiment will take.

    Parameters
    ----------
    measured : set of str or None
        Names of the seeds that are measured already; None if nothing is to be measured.
    budget : float
        Seconds for timing every shape of network that has steps left.
    """
    plans = list(network_plans(experiment))
    left = [(plan, steps) for plan in plans if (steps := steps_left(plan, folder))]
    shapes = {(plan.config, plan.seed_plan.plan.training.batch): plan for plan, _ in left}
    times = {shape: seconds_per_step(plan, budget / len(shapes)) for shape, plan in shapes.items()}
    training = sum(
        training_seconds(plan, steps, times[plan.config, plan.seed_plan.plan.training.batch]) for plan, steps in left
    )
    unfinished = {plan.seed_plan.name for plan, _ in left}
    todo = {plan.seed_plan.name: plan.seed_plan for plan in plans} if measured is not None else {}
    measuring = sum(
        measuring_seconds(seed_plan)
        for name, seed_plan in todo.items()
        if name in unfinished or name not in (measured or set())
    )
    what = [f"{duration(training)} to train {len(left)} network{'s' * (len(left) > 1)}"] if left else []
    what += [f"an allowance of {duration(measuring)} to measure"] if measuring else []
    if not what:
        return "Everything asked for is done already."
    return f"This will take about {duration(training + measuring)} on this machine: {' and '.join(what)}."
