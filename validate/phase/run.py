"""A map from end to end: train and look network by network, then thresholds, scores of predictions, figures, page.

The folder of a map holds ``experiment.toml``, ``checkpoints/``, ``metrics/``, ``snapshots/`` and ``looked/`` as far as
they are of the base and its arms, the same below ``points/<point>/`` for points of axes, and in the end ``phase.json``,
``figures/`` and ``phase.html``. A map grows: called with other seeds, diversities, families or variants, it holds both.
Nothing that was trained is trained again, and nothing looked at is looked at again unless the code that looks changed.
"""

import time
from collections.abc import Callable
from pathlib import Path

from distributed import Client
from rich.console import Console
from threadpoolctl import threadpool_limits

from model.parameters import size
from validate.experiment.fingerprints import training_code
from validate.experiment.folder import RunFolderError, in_use, open_run, write_text
from validate.experiment.schema import ExperimentError, load_experiment
from validate.judging.results import as_json
from validate.phase.experiment import Column, PhaseExperiment
from validate.phase.found import ColumnResult
from validate.phase.kept import looked
from validate.phase.neighbours import neighbour_rows
from validate.phase.predictions import scores
from validate.phase.report import write_phase_report
from validate.phase.results import Judged, PhaseResults
from validate.phase.thresholds import grids, thresholds
from validate.phase.transience import transience
from validate.runs.environment import describe, peak_memory_bytes
from validate.runs.live import View
from validate.runs.scheduler import Task, carry_out
from validate.runs.tasks import training_task

Announce = Callable[[str], None]


def look(column: Column, folder: Path) -> ColumnResult:
    """Look at a column's network on one thread: networks are looked at side by side."""
    with threadpool_limits(1, user_api="blas"):
        return looked(column, folder)


def tasks_of_map(columns: list[Column], folder: Path) -> tuple[list[Task], list[str]]:
    """Return the tasks of a map, and the names of those that return a column's result, in the order of columns.

    The dearest networks come first, so that many workers end at about the same time.
    """
    tasks: list[Task] = []
    for column in sorted(columns, key=cost, reverse=True):
        training = training_task(column.plan, folder / column.home, column.looked_at)
        look_task = Task(looking(column), look, (column, folder), after=(training.name,), urgent=True)
        tasks += [training, look_task]
    return tasks, [looking(column) for column in columns]


def looking(column: Column) -> str:
    """Return the name of the task that looks at a column."""
    return f"look {column.home} {column.plan.file_name}"


def cost(column: Column) -> int:
    """Return what training a column costs, in products of numbers."""
    plan = column.plan
    return plan.steps * plan.seed_plan.plan.training.batch * plan.config.length * size(plan.config)


def open_map(folder: Path, experiment: PhaseExperiment) -> PhaseExperiment:
    """Create the folder of a map or enter one; returns the map it then holds, which may be larger than the one asked.

    Raises
    ------
    RunFolderError
        If the folder cannot be written, is no map, or holds one whose networks are others.
    """
    path = folder / "experiment.toml"
    if path.exists():
        try:
            held = load_experiment(path, PhaseExperiment)
            experiment = held.joined(experiment)
        except ExperimentError as error:
            raise RunFolderError(f"{error}; choose another folder with --out") from error
        write_text(path, experiment.to_toml())
    homes = {column.home for column in experiment.columns()}
    open_run(folder, experiment, ("figures", *(f"{home}/checkpoints".lstrip("/") for home in homes)))
    return experiment


def judge_all(experiment: PhaseExperiment, found: list[ColumnResult]) -> list[Judged]:
    """Score the predictions and judge transience on every map."""
    return [
        Judged(
            family=(family := grid[0].family),
            mixture=grid[0].mixture,
            variant=grid[0].variant,
            scores=scores(grid, experiment.family(family)),
            transience=transience(grid),
        )
        for grid in grids(found)
    ]


def run_map(
    experiment: PhaseExperiment, folder: Path, client: Client | None, console: Console, quiet: bool = False
) -> Path:
    """Run a map in a folder, or go on with it.

    Parameters
    ----------
    client : Client or None
        Whose workers do the work (`runs.scheduler.workers`); None: this process.
    console : Console
        Where the view of the networks goes.

    Returns
    -------
    Path
        The page, ``phase.html``; the numbers are in ``phase.json`` beside it.

    Raises
    ------
    RunFolderError, BusyError, SchedulerError, CheckpointError, DivergenceError
        Each a sentence; what is finished is kept.
    """
    with in_use(folder):
        return _mapped(experiment, folder, client, console, quiet)


def _mapped(experiment: PhaseExperiment, folder: Path, client: Client | None, console: Console, quiet: bool) -> Path:
    started = time.perf_counter()
    experiment = open_map(folder, experiment)
    columns = experiment.columns()
    tasks, names = tasks_of_map(columns, folder)
    view = View(console, folder, [column.plan for column in columns if not column.home], (), quiet)
    with view.shown():
        done = carry_out(tasks, client, view.look)
    found = [done[name] for name in names]
    results = PhaseResults(
        experiment=experiment,
        environment=describe(),
        code=training_code(),
        columns=found,
        thresholds=(measured := thresholds(found)),
        judged=judge_all(experiment, found),
        neighbours=neighbour_rows(experiment, found, measured),
        seconds=time.perf_counter() - started,
        peak_memory_bytes=peak_memory_bytes(client),
    )
    write_text(folder / "phase.json", as_json(results))
    return write_phase_report(folder)
