"""The whole line: ladder, training, measurement, verdicts, and the results file.

Training is kept in the run folder's checkpoints and goes on where it stopped. What was measured of a seed is kept under
``measured/`` (`runs.kept`).
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from distributed import Client
from rich.console import Console

from model.progress import announce_compilation
from validate.capture.skill import LEARNED
from validate.experiment.fingerprints import training_code
from validate.experiment.folder import in_use, open_run, write_text
from validate.experiment.network_plan import NetworkPlan, network_plans
from validate.experiment.schema import Experiment
from validate.experiment.seed_plan import SeedPlan, arm_plans, seed_plans
from validate.judging.arms import compare_arms
from validate.judging.ladder import calibration
from validate.judging.results import ClaimRow, Examination, LadderResult, Results, SkillRow, as_json
from validate.judging.spread import spreads
from validate.judging.verdicts import claim_rows
from validate.runs.beforehand import require_experiment
from validate.runs.environment import describe, peak_memory_bytes
from validate.runs.kept import kept_path
from validate.runs.live import View
from validate.runs.scheduler import carry_out
from validate.runs.tasks import measuring, tasks_of_run
from validate.training.evaluation import skill_of_kept
from validate.training.metrics import gaps, training_seconds, write_metrics
from validate.training.time_left import time_left

Announce = Callable[[str], None]


def train_all(experiment: Experiment, folder: Path, client: Client | None, console: Console, quiet: bool) -> None:
    """Train every network of an experiment, or go on with them."""
    require_experiment(experiment)
    networks = network_plans(experiment)
    view = View(console, folder, networks, (), quiet)
    with in_use(folder), view.shown():
        carry_out(tasks_of_run(networks, (), folder), client, view.look)
        write_metrics(networks, folder)
        _say_gaps(networks, folder, console)


def say_how_long(experiment: Experiment, folder: Path, announce: Announce, workers: int, measure: bool) -> None:
    """Say how long it will take to train an experiment, and to measure it."""
    announce_compilation()
    plans = [*seed_plans(experiment), *arm_plans(experiment)] if measure else []
    announce(
        time_left(network_plans(experiment), folder, [p for p in plans if not kept_path(folder, p).exists()], workers)
    )


def reproduce(
    experiment: Experiment,
    folder: Path,
    client: Client | None,
    console: Console,
    claims: Sequence[str] | None = None,
    quiet: bool = False,
) -> Results:
    """Run an experiment in a folder and write ``results.json``.

    Parameters
    ----------
    client : Client or None
        Whose workers do the work (`runs.scheduler.workers`); None: this process.
    console : Console
        Where the view of the networks goes.
    claims : sequence of str, optional
        Names of the claims to judge; all unless given.
    quiet : bool
        Show no progress.

    Raises
    ------
    ExperimentError
        If it cannot be carried out (`runs.beforehand`); nothing is done then.
    RunFolderError, BusyError, SchedulerError, CheckpointError, DivergenceError
        Each a sentence; finished training is kept.
    """
    require_experiment(experiment)
    with in_use(folder):
        return _reproduced(experiment, folder, client, console, claims, quiet)


def _reproduced(
    experiment: Experiment,
    folder: Path,
    client: Client | None,
    console: Console,
    claims: Sequence[str] | None,
    quiet: bool,
) -> Results:
    started = time.perf_counter()
    open_run(folder, experiment)
    networks, seeds, arms = network_plans(experiment), seed_plans(experiment), arm_plans(experiment)
    view = View(console, folder, networks, (*seeds, *arms), quiet)
    with view.shown():
        done = carry_out(tasks_of_run(networks, (*seeds, *arms), folder), client, view.look)
    rows = write_metrics(networks, folder)
    _say_gaps(networks, folder, console)
    examined = [done[measuring(plan, folder)] for plan in seeds]
    of_arms = [done[measuring(plan, folder)] for plan in arms]
    first, others = list(zip(seeds, examined, strict=True)), list(zip(arms, of_arms, strict=True))
    results = Results(
        experiment=experiment,
        environment=describe(),
        code=training_code(),
        claims=judge_all(seeds, examined, claims),
        ladder=[ladder_of(plan, examination) for plan, examination in zip(seeds, examined, strict=True)],
        networks=[network for examination in examined for network in examination.networks],
        untrained=[network for examination in examined for network in examination.untrained],
        skills=skills(networks, [*examined, *of_arms], folder),
        arms=compare_arms(first, others),
        spreads=spreads(first, others),
        training_seconds=training_seconds(rows),
        seconds=time.perf_counter() - started,
        peak_memory_bytes=peak_memory_bytes(client),
    )
    write_text(folder / "results.json", as_json(results))
    return results


def _say_gaps(networks: Sequence[NetworkPlan], folder: Path, console: Console) -> None:
    for sentence in gaps(networks, folder):
        console.print(f"{sentence}.", highlight=False, markup=False, soft_wrap=True)


def skills(networks: Sequence[NetworkPlan], examined: Sequence[Examination], folder: Path) -> list[SkillRow]:
    """Return the skill of every network: as measured, or of one that was trained and not measured, on new sequences."""
    found = {(n.family, n.design, n.arm, n.seed): n.skill for e in examined for n in e.networks}
    rows = []
    for plan in networks:
        own = plan.seed_plan.section, plan.design, plan.arm_name, plan.seed_plan.seed
        skill = found[own] if own in found else skill_of_kept(plan, folder)
        family, design, arm, seed = own
        rows.append(
            SkillRow(
                family=family,
                design=design,
                arm=arm,
                seed=seed,
                steps=plan.steps,
                skill=skill,
                learned=skill >= LEARNED,
            )
        )
    return rows


def ladder_of(plan: SeedPlan, examination: Examination) -> LadderResult:
    """Return the ladder of a seed with what it lets judge."""
    rungs = examination.outcome.ladder
    return LadderResult(family=plan.section, seed=plan.seed, rungs=rungs, calibrated=calibration(rungs))


def judge_all(
    plans: Sequence[SeedPlan], examined: Sequence[Examination], claims: Sequence[str] | None = None
) -> list[ClaimRow]:
    """Judge every claim on the seeds of each family."""
    rows = []
    for family in dict.fromkeys(plan.section for plan in plans):
        own = [(plan, e) for plan, e in zip(plans, examined, strict=True) if plan.section == family]
        first = own[0][0]
        rows += claim_rows(family, [e.outcome for _, e in own], first.designs, first.setting.late[-1], claims)
    return rows
