"""A sweep from end to end: train and measure point by point, then rows, hypotheses, figures and report.

The folder of a sweep holds ``experiment.toml``, for each point ``points/<point>/`` with checkpoints, training log and
what was measured, and in the end ``sweep.json``, ``figures/<axis>.svg`` and ``sweep.html``. Whatever is finished is
used again by the next call, as in any run: checkpoints, and what was measured (`runs.kept`).
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from threadpoolctl import threadpool_limits

from model import Transformer
from validate.capture.rungs import EXACT
from validate.experiment.fingerprints import training_code
from validate.experiment.folder import OF_TRAINING, open_run, write_text
from validate.experiment.seed_plan import SeedPlan
from validate.judging.examination import examine
from validate.judging.results import Examination, as_json
from validate.runs.environment import describe, peak_memory_bytes
from validate.runs.kept import kept, kept_path, measurement_key
from validate.runs.workers import subjects_of
from validate.sweep.axes import Point
from validate.sweep.experiment import SweepExperiment
from validate.sweep.hypotheses import hypothesis_rows
from validate.sweep.questions import SWEEP_QUESTIONS
from validate.sweep.report import write_sweep_report
from validate.sweep.results import SweepResults
from validate.sweep.table import shape_rows, sweep_rows
from validate.training.networks import train_network

Announce = Callable[[str], None]


def run_sweep(experiment: SweepExperiment, folder: Path, announce: Announce, progress: bool) -> Path:
    """Run a sweep in a folder, or go on with it.

    Parameters
    ----------
    announce : callable
        Told in a sentence what begins.
    progress : bool
        Whether training shows its progress.

    Returns
    -------
    Path
        The report, ``sweep.html``; the numbers are in ``sweep.json`` beside it.

    Raises
    ------
    RunFolderError, CheckpointError, DivergenceError
        Each a sentence; what is finished is kept.
    """
    started = time.perf_counter()
    places = {point: folder / "points" / point.name for point in experiment.points}
    open_run(folder, experiment, ("figures", *(f"points/{p.name}/{name}" for p in places for name in OF_TRAINING)))
    work = experiment.work
    table: dict[tuple[Point, int], Examination] = {}
    for index, (point, seed) in enumerate(work):
        announce(f"Point {index + 1} of {len(work)}: {point.name}, seed {seed}{_left(started, index, len(work))}.")
        networks = {
            design: train_network(network, places[home], progress)
            for design, (home, network) in experiment.networks(point, seed).items()
        }
        table[point, seed] = measure_point(experiment.seed_plan(point, seed), networks, places[point])
    results = SweepResults(
        experiment=experiment,
        environment=describe(),
        code=training_code(),
        hypotheses=hypothesis_rows(experiment, table),
        rows=sweep_rows(experiment, table),
        shapes=shape_rows(experiment, table),
        seconds=time.perf_counter() - started,
        peak_memory_bytes=peak_memory_bytes(),
    )
    write_text(folder / "sweep.json", as_json(results))
    announce("Drawing the figures and writing the report.")
    return write_sweep_report(folder)


def measure_point(seed_plan: SeedPlan, networks: Mapping[str, Transformer], folder: Path) -> Examination:
    """Measure the two networks of a point and seed, or take what was measured before."""
    key = measurement_key(seed_plan, networks, SWEEP_QUESTIONS)
    subjects = subjects_of(seed_plan, networks)
    with threadpool_limits(1, user_api="blas"):
        return kept(kept_path(folder, seed_plan), key, lambda: examine(subjects, SWEEP_QUESTIONS, rungs=(EXACT,)))


def _left(started: float, done: int, points: int) -> str:
    """Return how long the rest will take if it goes on as it went."""
    if not done:
        return ""
    seconds = (time.perf_counter() - started) / done * (points - done)
    return f"; about {seconds / 60:.0f} min left" if seconds >= 90 else f"; about {seconds:.0f} s left"
