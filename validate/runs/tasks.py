"""The tasks of a run: train a network, measure a seed. Each is a function of plain arguments, done in any process.

One thread each: networks are trained, and seeds measured, side by side.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from threadpoolctl import threadpool_limits

from model import Transformer, load_checkpoint
from validate.capture.sources import NetworkSource
from validate.experiment.network_plan import NetworkPlan, networks_of
from validate.experiment.seed_plan import SeedPlan
from validate.judging.examination import Subjects, examine
from validate.judging.results import Examination
from validate.runs.kept import kept, kept_path, measurement_key
from validate.runs.scheduler import Task
from validate.training.networks import train_network, untrained_networks


def train(plan: NetworkPlan, folder: Path, progress: bool = False) -> None:
    """Train a network, or go on with it; its checkpoint is in the run folder then."""
    with threadpool_limits(1, user_api="blas"):
        train_network(plan, folder, progress)


def subjects_of(seed_plan: SeedPlan, networks: Mapping[str, Transformer]) -> Subjects:
    """Return trained networks beside untrained ones of the same shape; an arm is not judged and needs none."""
    family = seed_plan.family
    bare = untrained_networks(seed_plan) if seed_plan.arm is None else []
    trained = {design: NetworkSource(network, family) for design, network in networks.items()}
    return Subjects(seed_plan, trained, [NetworkSource(network, family) for network in bare])


def measure(seed_plan: SeedPlan, folder: Path) -> Examination:
    """Measure the trained networks of a seed, or take what was measured before."""
    networks = {plan.design: load_checkpoint(plan.checkpoint(folder)).model() for plan in networks_of(seed_plan)}
    path, key = kept_path(folder, seed_plan), measurement_key(seed_plan, networks)
    with threadpool_limits(1, user_api="blas"):
        return kept(path, key, lambda: examine(subjects_of(seed_plan, networks), judge=seed_plan.arm is None))


def training_tasks(plans: Sequence[NetworkPlan], folder: Path, progress: bool = False) -> list[Task]:
    """Return a task for every network."""
    return [Task(f"train {plan.file_name}", train, (plan, folder, progress)) for plan in plans]


def measuring_tasks(seed_plans: Sequence[SeedPlan], folder: Path) -> list[Task]:
    """Return a task for every seed, to be done as soon as its networks are trained."""
    return [
        Task(
            f"measure {plan.name}",
            measure,
            (plan, folder),
            after=tuple(f"train {network.file_name}" for network in networks_of(plan)),
            urgent=True,
        )
        for plan in seed_plans
    ]
