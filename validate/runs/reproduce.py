"""The whole line: ladder, training, measurement, verdicts, and the results file.

Training is kept in the run folder's checkpoints and goes on where it stopped. What was measured of a seed is kept under
``measured/`` and used again as long as every line of code, the plan and the trained parameters are the same.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from model import Transformer
from validate.experiment.folder import open_run, to_json, write_text
from validate.experiment.schema import Experiment
from validate.experiment.seed_plan import SeedPlan, seed_plans
from validate.judging.examination import Examination
from validate.judging.verdicts import claim_rows
from validate.runs.environment import describe, peak_memory_bytes
from validate.runs.workers import measure_seeds
from validate.training.metrics import Metrics
from validate.training.networks import code_fingerprint, train_network

Announce = Callable[[str], None]


def train_part(part: SeedPlan, folder: Path, progress: bool) -> dict[str, Transformer]:
    """Train the networks of one seed, by design."""
    return {
        design.name: train_network(
            part.kind, part.plan, design, part.mixtures[design.name], part.seed, folder, progress
        )
        for design in part.plan.designs
    }


def train_all(experiment: Experiment, folder: Path, progress: bool) -> dict[tuple[str, int], dict[str, Transformer]]:
    """Train every network of an experiment; returns them by (family, seed) and design."""
    return {(part.kind, part.seed): train_part(part, folder, progress) for part in seed_plans(experiment)}


def reproduce(
    experiment: Experiment, folder: Path, announce: Announce, progress: bool, claims: Sequence[str] | None = None
) -> dict[str, Any]:
    """Run an experiment in a folder and write ``results.json``.

    Parameters
    ----------
    announce : callable
        Told in a sentence what begins.
    progress : bool
        Whether training shows its progress.
    claims : sequence of str, optional
        Names of the claims to judge; all unless given.

    Returns
    -------
    dict
        The content of ``results.json``.

    Raises
    ------
    RunFolderError, CheckpointError, DivergenceError
        Each a sentence; finished training is kept.
    """
    started = time.perf_counter()
    open_run(folder, experiment)
    parts = seed_plans(experiment)
    announce("Training the networks.")
    trained = train_all(experiment, folder, progress)
    results: dict[str, Any] = {
        "experiment": experiment.model_dump(),
        "environment": describe(),
        "code": code_fingerprint(),
        "claims": [],
        "ladder": [],
        "networks": [],
        "untrained": [],
    }
    examined: dict[str, list[Examination]] = {}
    announce(f"Measuring {len(parts)} seed{'s' if len(parts) > 1 else ''}.")
    buffers = [{name: net.buffer for name, net in trained[part.kind, part.seed].items()} for part in parts]
    for index, examination in enumerate(measure_seeds(experiment, parts, buffers, folder)):
        part = parts[index]
        announce(f"Measured {part.kind}, seed {part.seed} ({index + 1} of {len(parts)}).")
        examined.setdefault(part.kind, []).append(examination)
        identity = {"family": part.kind, "seed": part.seed}
        results["ladder"].append(identity | examination.ladder)
        results["networks"] += examination.networks
        results["untrained"] += examination.untrained
    for kind, group in examined.items():
        part = next(p for p in parts if p.kind == kind)
        position = part.setting.late[-1]
        results["claims"] += claim_rows(kind, [e.outcome for e in group], part.designs, position, claims)
    results["training_seconds"] = Metrics(folder / "metrics.jsonl").training_seconds()
    results["seconds"] = time.perf_counter() - started
    results["peak_memory_bytes"] = peak_memory_bytes()
    write_text(folder / "results.json", to_json(results))
    return results
