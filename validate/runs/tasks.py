"""The tasks of a run: train a network, measure a seed. Each is a function of plain arguments, done in any process.

One thread each: networks are trained, and seeds measured, side by side.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from threadpoolctl import threadpool_limits

from model import Transformer, load_checkpoint
from validate.capture.sources import NetworkSource
from validate.claims.base import Question
from validate.claims.catalogue import QUESTIONS
from validate.experiment.folder import piece_in_use
from validate.experiment.network_plan import NetworkPlan, networks_of
from validate.experiment.seed_plan import SeedPlan
from validate.judging.controls import Company
from validate.judging.examination import Subjects, examine
from validate.judging.results import Examination
from validate.runs.kept import kept, kept_path, measurement_key
from validate.runs.scheduler import Task
from validate.training.networks import scaled_networks, train_network, untrained_networks


def train(plan: NetworkPlan, folder: Path, kept_at: Collection[int] = ()) -> None:
    """Train a network, or go on with it; its checkpoint, and its snapshots, are in the run folder then."""
    with piece_in_use(folder, plan.file_name), threadpool_limits(1, user_api="blas"):
        train_network(plan, folder, kept_at)


OTHER_SEEDS = 2
"""Other seeds whose networks a seed's are judged against, the next ones in turn."""

Home = tuple[NetworkPlan, Path]
"""A network and the folder it is kept in."""

Strangers = Sequence[tuple[NetworkPlan, Transformer]]
"""Trained networks that never saw a seed's majors."""


def subjects_of(seed_plan: SeedPlan, networks: Mapping[str, Transformer], strangers: Strangers = ()) -> Subjects:
    """Return trained networks beside others of the same shape; an arm is not judged and needs none."""
    family = seed_plan.family

    def sources(some: Iterable[Transformer]) -> list[NetworkSource]:
        return [NetworkSource(network, family) for network in some]

    trained = {design: NetworkSource(network, family) for design, network in networks.items()}
    if seed_plan.arm is not None:
        return Subjects(seed_plan, trained)
    others = {design: [n for plan, n in strangers if plan.design == design] for design in networks}
    company = Company(
        untrained=sources(untrained_networks(seed_plan)),
        fresh_only=sources(network for plan, network in strangers if plan.is_fresh),
        others={design: sources(some) for design, some in others.items()},
        scaled=sources(scaled_networks(seed_plan)),
    )
    return Subjects(seed_plan, trained, company)


def measure(
    seed_plan: SeedPlan,
    homes: Sequence[Home],
    folder: Path,
    questions: Sequence[Question] = QUESTIONS,
    rungs: Sequence[str] | None = None,
    strangers: Sequence[Home] = (),
) -> Examination:
    """Measure the trained networks of a seed, or take what was measured before.

    Parameters
    ----------
    homes, strangers : sequence of (NetworkPlan, Path)
        Where each network is kept, and where those that never saw its majors are.
    folder : Path
        Where what is measured is kept.
    questions, rungs
        As in `judging.examination.examine`.
    """
    networks = {plan.design: _network(plan, home) for plan, home in homes}
    beside = [(plan, _network(plan, home)) for plan, home in strangers]
    named = networks | {f"beside {plan.file_name}": network for plan, network in beside}
    path, key = kept_path(folder, seed_plan), measurement_key(seed_plan, named, questions)
    subjects = subjects_of(seed_plan, networks, beside)
    with piece_in_use(folder, seed_plan.name), threadpool_limits(1, user_api="blas"):
        return kept(path, key, lambda: examine(subjects, questions, rungs, judge=seed_plan.arm is None))


def _network(plan: NetworkPlan, home: Path) -> Transformer:
    return load_checkpoint(plan.checkpoint(home)).model(threads=1)


def training_task(plan: NetworkPlan, folder: Path, kept_at: Collection[int] = ()) -> Task:
    """Return the task that trains a network and keeps it at some numbers of updates."""
    return Task(_training(plan, folder), train, (plan, folder, kept_at))


def measuring_task(
    seed_plan: SeedPlan,
    homes: Sequence[Home],
    folder: Path,
    questions: Sequence[Question] = QUESTIONS,
    rungs: Sequence[str] | None = None,
    strangers: Sequence[Home] = (),
) -> Task:
    """Return the task that measures a seed, to be done as soon as all networks are trained that it needs."""
    arguments = seed_plan, homes, folder, questions, rungs, strangers
    after = tuple(_training(plan, home) for plan, home in (*homes, *strangers))
    return Task(measuring(seed_plan, folder), measure, arguments, after, urgent=True)


def tasks_of_run(networks: Sequence[NetworkPlan], seeds: Sequence[SeedPlan], folder: Path) -> list[Task]:
    """Return the tasks of a run that keeps everything in one folder."""
    tasks = [training_task(plan, folder) for plan in networks]
    for plan in seeds:
        homes, strangers = (
            [(network, folder) for network in some] for some in (networks_of(plan), strangers_of(plan, networks))
        )
        tasks.append(measuring_task(plan, homes, folder, strangers=strangers))
    return tasks


def strangers_of(seed_plan: SeedPlan, networks: Sequence[NetworkPlan]) -> list[NetworkPlan]:
    """Return those of a run's networks that never saw a seed's majors and that it is judged against.

    The one of fresh tasks, and those of the next seeds in turn; none for an arm, which is not judged.
    """
    if seed_plan.arm is not None:
        return []
    family = [n for n in networks if n.seed_plan.section == seed_plan.section and n.seed_plan.arm is None]
    seeds = list(dict.fromkeys(network.seed_plan.seed for network in family if not network.is_fresh))
    place = seeds.index(seed_plan.seed)
    following = [*seeds[place + 1 :], *seeds[:place]][:OTHER_SEEDS]
    return [n for n in family if n.is_fresh or n.seed_plan.seed in following]


def _training(plan: NetworkPlan, folder: Path) -> str:
    return f"train {folder.name}/{plan.file_name}"


def measuring(seed_plan: SeedPlan, folder: Path) -> str:
    """Return the name of the task that measures a seed."""
    return f"measure {folder.name}/{seed_plan.name}"
