"""The whole line: ladder, training, measurement, verdicts, and the results file.

Training is kept in the run folder's checkpoints and goes on where it stopped. What was measured of a seed is kept under
``measured/`` (`runs.kept`).
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from model import Transformer
from model.progress import announce_compilation
from validate.experiment.fingerprints import training_code
from validate.experiment.folder import open_run, write_text
from validate.experiment.network_plan import networks_of
from validate.experiment.schema import Experiment
from validate.experiment.seed_plan import SeedPlan, seed_plans
from validate.judging.ladder import calibration
from validate.judging.results import ClaimRow, Examination, LadderResult, Results, as_json
from validate.judging.verdicts import claim_rows
from validate.runs.environment import describe, peak_memory_bytes
from validate.runs.kept import kept_path
from validate.runs.workers import measure_seeds
from validate.training.metrics import Metrics
from validate.training.networks import train_network
from validate.training.time_left import time_left

Announce = Callable[[str], None]


def train_seed(seed_plan: SeedPlan, folder: Path, progress: bool) -> dict[str, Transformer]:
    """Train the networks of one seed, by design."""
    return {plan.design.name: train_network(plan, folder, progress) for plan in networks_of(seed_plan)}


def train_all(experiment: Experiment, folder: Path, progress: bool) -> None:
    """Train every network of an experiment."""
    for plan in seed_plans(experiment):
        train_seed(plan, folder, progress)


def say_how_long(experiment: Experiment, folder: Path, announce: Announce, measure: bool) -> None:
    """Say how long it will take to train an experiment, and to measure it."""
    announce_compilation()
    measured = {plan.name for plan in seed_plans(experiment) if kept_path(folder, plan).exists()}
    announce(time_left(experiment, folder, measured if measure else None))


def reproduce(
    experiment: Experiment, folder: Path, announce: Announce, progress: bool, claims: Sequence[str] | None = None
) -> Results:
    """Run an experiment in a folder and write ``results.json``.

    Parameters
    ----------
    announce : callable
        Told in a sentence what begins.
    progress : bool
        Whether training shows its progress.
    claims : sequence of str, optional
        Names of the claims to judge; all unless given.

    Raises
    ------
    RunFolderError, CheckpointError, DivergenceError
        Each a sentence; finished training is kept.
    """
    started = time.perf_counter()
    open_run(folder, experiment)
    plans = seed_plans(experiment)
    announce("Training the networks.")
    trained = [train_seed(plan, folder, progress) for plan in plans]
    announce(f"Measuring {len(plans)} seed{'s' if len(plans) > 1 else ''}.")
    buffers = [{design: network.buffer for design, network in networks.items()} for networks in trained]
    examined: list[Examination] = []
    for plan, examination in zip(plans, measure_seeds(experiment, plans, buffers, folder), strict=True):
        examined.append(examination)
        announce(f"Measured {plan.family.name}, seed {plan.seed} ({len(examined)} of {len(plans)}).")
    results = Results(
        experiment=experiment,
        environment=describe(),
        code=training_code(),
        claims=judge_all(plans, examined, claims),
        ladder=[ladder_of(plan, examination) for plan, examination in zip(plans, examined, strict=True)],
        networks=[network for examination in examined for network in examination.networks],
        untrained=[network for examination in examined for network in examination.untrained],
        training_seconds=Metrics(folder / "metrics.jsonl").training_seconds(),
        seconds=time.perf_counter() - started,
        peak_memory_bytes=peak_memory_bytes(),
    )
    write_text(folder / "results.json", as_json(results))
    return results


def ladder_of(plan: SeedPlan, examination: Examination) -> LadderResult:
    """Return the ladder of a seed with what it lets judge."""
    rungs = examination.outcome.ladder
    return LadderResult(family=plan.family.name, seed=plan.seed, rungs=rungs, calibrated=calibration(rungs))


def judge_all(
    plans: Sequence[SeedPlan], examined: Sequence[Examination], claims: Sequence[str] | None = None
) -> list[ClaimRow]:
    """Judge every claim on the seeds of each family."""
    rows = []
    for family in dict.fromkeys(plan.family.name for plan in plans):
        own = [(plan, e) for plan, e in zip(plans, examined, strict=True) if plan.family.name == family]
        first = own[0][0]
        rows += claim_rows(family, [e.outcome for _, e in own], first.designs, first.setting.late[-1], claims)
    return rows
