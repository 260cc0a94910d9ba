"""The tasks of a run: train a network, measure a seed. Each is a function of plain arguments, done in any process.

One thread each: networks are trained, and seeds measured, side by side.
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from threadpoolctl import threadpool_limits

from model import Transformer, load_checkpoint
from validate.capture.sources import NetworkSource
from validate.claims.base import Question
from validate.claims.catalogue import QUESTIONS
from validate.experiment.folder import piece_in_use
from validate.experiment.network_plan import NetworkPlan, networks_of
from validate.experiment.seed_plan import SeedPlan
from validate.judging.examination import Subjects, examine
from validate.judging.results import Examination
from validate.runs.kept import kept, kept_path, measurement_key
from validate.runs.scheduler import Task
from validate.training.networks import train_network, untrained_networks


def train(plan: NetworkPlan, folder: Path, kept_at: Collection[int] = ()) -> None:
    """Train a network, or go on with it; its checkpoint, and its snapshots, are in the run folder then."""
    with piece_in_use(folder, plan.file_name), threadpool_limits(1, user_api="blas"):
        train_network(plan, folder, kept_at)


def subjects_of(seed_plan: SeedPlan, networks: Mapping[str, Transformer]) -> Subjects:
    """Return trained networks beside untrained ones of the same shape; an arm is not judged and needs none."""
    family = seed_plan.family
    bare = untrained_networks(seed_plan) if seed_plan.arm is None else []
    trained = {design: NetworkSource(network, family) for design, network in networks.items()}
    return Subjects(seed_plan, trained, [NetworkSource(network, family) for network in bare])


Home = tuple[NetworkPlan, Path]
"""A network and the folder it is kept in."""


def measure(
    seed_plan: SeedPlan,
    homes: Sequence[Home],
    folder: Path,
    questions: Sequence[Question] = QUESTIONS,
    rungs: Sequence[str] | None = None,
) -> Examination:
    """Measure the trained networks of a seed, or take what was measured before.

    Parameters
    ----------
    homes : sequence of (NetworkPlan, Path)
        Where each network is kept.
    folder : Path
        Where what is measured is kept.
    questions, rungs
        As in `judging.examination.examine`.
    """
    networks = {plan.design: load_checkpoint(plan.checkpoint(home)).model(threads=1) for plan, home in homes}
    path, key = kept_path(folder, seed_plan), measurement_key(seed_plan, networks, questions)
    subjects = subjects_of(seed_plan, networks)
    with piece_in_use(folder, seed_plan.name), threadpool_limits(1, user_api="blas"):
        return kept(path, key, lambda: examine(subjects, questions, rungs, judge=seed_plan.arm is None))


def training_task(plan: NetworkPlan, folder: Path, kept_at: Collection[int] = ()) -> Task:
    """Return the task that trains a network and keeps it at some numbers of updates."""
    return Task(_training(plan, folder), train, (plan, folder, kept_at))


def measuring_task(
    seed_plan: SeedPlan,
    homes: Sequence[Home],
    folder: Path,
    questions: Sequence[Question] = QUESTIONS,
    rungs: Sequence[str] | None = None,
) -> Task:
    """Return the task that measures a seed, to be done as soon as its networks are trained."""
    arguments = seed_plan, homes, folder, questions, rungs
    after = tuple(_training(plan, home) for plan, home in homes)
    return Task(measuring(seed_plan, folder), measure, arguments, after, urgent=True)


def tasks_of_run(networks: Sequence[NetworkPlan], seeds: Sequence[SeedPlan], folder: Path) -> list[Task]:
    """Return the tasks of a run that keeps everything in one folder."""
    train_all = [training_task(plan, folder) for plan in networks]
    return train_all + [
        measuring_task(plan, [(network, folder) for network in networks_of(plan)], folder) for plan in seeds
    ]


def _training(plan: NetworkPlan, folder: Path) -> str:
    return f"train {folder.name}/{plan.file_name}"


def measuring(seed_plan: SeedPlan, folder: Path) -> str:
    """Return the name of the task that measures a seed."""
    return f"measure {folder.name}/{seed_plan.name}"
