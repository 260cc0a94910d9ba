"""A sweep from end to end: train and measure point by point, then rows, hypotheses, figures and report.

The folder of a sweep holds ``experiment.toml``, for each point ``points/<point>/`` with checkpoints, training log and
what was measured, and in the end ``sweep.json``, ``figures/<axis>.svg`` and ``sweep.html``. Whatever is finished is
used again by the next call, as in any run: checkpoints, and what was measured (`runs.kept`).
"""

import time
from collections.abc import Callable
from pathlib import Path

from distributed import Client

from validate.capture.rungs import EXACT
from validate.experiment.feasible import require_feasible
from validate.experiment.fingerprints import training_code
from validate.experiment.folder import in_use, open_run, write_text
from validate.judging.results import as_json
from validate.runs.beforehand import require_questions
from validate.runs.environment import describe, peak_memory_bytes
from validate.runs.scheduler import Task, carry_out
from validate.runs.tasks import measuring_task, training_task
from validate.sweep.experiment import SweepExperiment
from validate.sweep.hypotheses import hypothesis_rows
from validate.sweep.questions import SWEEP_QUESTIONS
from validate.sweep.report import write_sweep_report
from validate.sweep.results import SweepResults
from validate.sweep.table import shape_rows, sweep_rows
from validate.training.time_left import duration

Announce = Callable[[str], None]

SPEAK_EVERY = 30.0
"""Seconds between two sentences on how far a sweep is."""


def run_sweep(experiment: SweepExperiment, folder: Path, announce: Announce, client: Client | None) -> Path:
    """Run a sweep in a folder, or go on with it.

    Parameters
    ----------
    announce : callable
        Told in a sentence how far it is.
    client : Client or None
        Whose workers do the work (`runs.scheduler.workers`); None: this process.

    Returns
    -------
    Path
        The report, ``sweep.html``; the numbers are in ``sweep.json`` beside it.

    Raises
    ------
    RunFolderError, BusyError, CheckpointError, DivergenceError
        Each a sentence; what is finished is kept.
    """
    for point in experiment.points:
        experiment.at(point).require_trainable()
        require_feasible(experiment.at(point))
    require_questions((experiment.seed_plan(point, seed) for point, seed in experiment.work), SWEEP_QUESTIONS)
    with in_use(folder):
        return _swept(experiment, folder, announce, client)


def _swept(experiment: SweepExperiment, folder: Path, announce: Announce, client: Client | None) -> Path:
    started = time.perf_counter()
    places = {point: folder / "points" / point.name for point in experiment.points}
    open_run(folder, experiment, ("figures", *(f"points/{point.name}/checkpoints" for point in places)))
    tasks: dict[str, Task] = {}
    measuring = {}
    for point, seed in experiment.work:
        homes = [(network, places[home]) for home, network in experiment.networks(point, seed).values()]
        tasks |= {task.name: task for task in (training_task(network, home) for network, home in homes)}
        task = measuring_task(experiment.seed_plan(point, seed), homes, places[point], SWEEP_QUESTIONS, (EXACT,))
        tasks[task.name] = task
        measuring[point, seed] = task.name
    announce(f"{len(tasks)} tasks: networks to train and points to measure.")
    done = carry_out(list(tasks.values()), client, spoken(announce))
    table = {key: done[name] for key, name in measuring.items()}
    results = SweepResults(
        experiment=experiment,
        environment=describe(),
        code=training_code(),
        hypotheses=hypothesis_rows(experiment, table),
        rows=sweep_rows(experiment, table),
        shapes=shape_rows(experiment, table),
        seconds=time.perf_counter() - started,
        peak_memory_bytes=peak_memory_bytes(client),
    )
    write_text(folder / "sweep.json", as_json(results))
    announce("Drawing the figures and writing the report.")
    return write_sweep_report(folder)


def spoken(announce: Announce) -> Callable[[int, int], None]:
    """Return what says now and then how many tasks are done."""
    started = last = time.monotonic()

    def watch(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if done and now - last >= SPEAK_EVERY:
            last = now
            left = (now - started) * (total - done) / done
            announce(f"{done} of {total} tasks done, about {duration(left)} left.")

    return watch
