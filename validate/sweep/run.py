"""A sweep from end to end: train and measure point by point, then rows, hypotheses, figures and report.

The folder of a sweep holds ``experiment.toml``, for each point ``points/<point>/`` with checkpoints, training log and
``measured.seed-<seed>.json``, and in the end ``sweep.json``, ``figures/<axis>.svg`` and ``sweep.html``. Whatever is
finished is used again by the next call: checkpoints as in any run, measurements as long as every line of code, the plan
and the trained parameters are the same.
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from model import Transformer
from validate.experiment.folder import RunFolderError, require_run, to_json, write_text
from validate.experiment.schema import ExperimentError
from validate.experiment.seed_plan import SeedPlan
from validate.runs.environment import describe, peak_memory_bytes
from validate.runs.kept import measurement_key
from validate.sweep.design import Point, SweepExperiment, load_sweep, networks_of
from validate.sweep.hypotheses import hypothesis_rows
from validate.sweep.point import Findings, examine_point
from validate.sweep.report import write_sweep_report
from validate.sweep.rows import shape_rows, sweep_rows
from validate.training.networks import code_fingerprint, train_network

Announce = Callable[[str], None]
_READER = TypeAdapter(Findings)


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
    open_sweep(folder, experiment)
    work = experiment.work
    table: dict[tuple[Point, int], Findings] = {}
    for index, (seed, point) in enumerate(work):
        announce(f"Point {index + 1} of {len(work)}: {point.name}, seed {seed}{_left(started, index, len(work))}.")
        table[point, seed] = _finish_point(experiment, point, seed, folder, progress)
    results: dict[str, Any] = {
        "experiment": experiment.to_dict(),
        "environment": describe(),
        "code": code_fingerprint(),
        "hypotheses": hypothesis_rows(experiment, table),
        "rows": sweep_rows(experiment, table),
        "shapes": shape_rows(experiment, table),
        "seconds": time.perf_counter() - started,
        "peak_memory_bytes": peak_memory_bytes(),
    }
    write_text(folder / "sweep.json", to_json(results))
    announce("Drawing the figures and writing the report.")
    return write_sweep_report(folder)


def open_sweep(folder: Path, experiment: SweepExperiment) -> None:
    """Create the folder of a sweep, or enter one that already holds it.

    Raises
    ------
    RunFolderError
        If the folder cannot be written, or holds something else. Nothing in it is changed then.
    """
    require_run(folder)
    path = folder / "experiment.toml"
    if path.exists():
        try:
            held = load_sweep(path)
        except ExperimentError as error:
            raise RunFolderError(f"{error}; choose another folder with --out") from error
        if held != experiment:
            raise RunFolderError(f"{folder} holds another sweep (see {path}); choose another folder with --out")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_text(path, experiment.to_toml())
        for point in experiment.points:
            (folder / "points" / point.name / "checkpoints").mkdir(parents=True, exist_ok=True)
        (folder / "figures").mkdir(exist_ok=True)
    except OSError as error:
        raise RunFolderError(f"the folder {folder} cannot be written: {error.strerror}") from error


def _finish_point(experiment: SweepExperiment, point: Point, seed: int, folder: Path, progress: bool) -> Findings:
    """Train what is not trained and measure what is not measured of a point and seed."""
    part = experiment.part(point, seed)
    plain_design, diverse_design = networks_of(part)
    plain = _trained(experiment.part(point.plain, seed), plain_design, folder / "points" / point.plain.name, progress)
    diverse = _trained(part, diverse_design, folder / "points" / point.name, progress)
    path = folder / "points" / point.name / f"measured.seed-{seed}.json"
    key = measurement_key(part, {plain_design: plain, diverse_design: diverse})
    if path.exists():
        first, _, rest = path.read_text("utf-8").partition("\n")
        if first == key:
            try:
                return _READER.validate_python(json.loads(rest))
            except ValueError:  # damaged by hand: it costs a measurement
                pass
    findings = examine_point(part, diverse, plain)
    write_text(path, key + "\n" + json.dumps(asdict(findings)))
    return findings


def _trained(part: SeedPlan, name: str, folder: Path, progress: bool) -> Transformer:
    design = next(design for design in part.plan.designs if design.name == name)
    return train_network(part.kind, part.plan, design, part.mixtures[name], part.seed, folder, progress)


def _left(started: float, done: int, points: int) -> str:
    """Return how long the rest will take if it goes on as it went."""
    if not done:
        return ""
    seconds = (time.perf_counter() - started) / done * (points - done)
    return f"; about {seconds / 60:.0f} min left" if seconds >= 90 else f"; about {seconds:.0f} s left"
