"""The whole line: ladder, training, measurement, verdicts, and the results file.

Training is kept in the run folder's checkpoints and goes on where it stopped; everything else takes seconds to a
minute and is always computed anew, so a result never outlives the code that made it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from theory import LatentTasks, Mixture
from validate.environment import describe, peak_memory_bytes
from validate.experiment import Experiment, FamilyPlan, network_config
from validate.ladder import calibration, climb
from validate.measure import Captured, Setting
from validate.networks import (
    Evaluation,
    build_mixture,
    code_fingerprint,
    train_network,
    untrained_networks,
)
from validate.portrait import network_portrait
from validate.run_folder import open_run, to_json, write_text
from validate.sources import NetworkSource
from validate.study import Findings, Statistics, findings, other_nulls, own_nulls, statistics
from validate.verdicts import PLAIN, Outcome, claim_rows, estimates_as_dict

Announce = Callable[[str], None]


@dataclass(frozen=True)
class SeedPlan:
    """One family and seed of an experiment: its mixtures by design and the setting they share."""

    kind: str
    family: LatentTasks
    plan: FamilyPlan
    seed: int
    mixtures: dict[str, Mixture]
    setting: Setting

    @classmethod
    def of(cls, experiment: Experiment, kind: str, seed: int) -> "SeedPlan":
        """Draw the tasks of a seed."""
        plan, family = experiment.families[kind], experiment.family(kind)
        mixtures = {design.name: build_mixture(kind, family, plan, design, seed) for design in plan.designs}
        majors = next(iter(mixtures.values())).majors
        return cls(kind, family, plan, seed, mixtures, Setting(kind, family, majors, seed, plan.measurement))

    @property
    def plain(self) -> Mixture:
        """The majors-only mixture, whether or not a network is trained on it."""
        return Mixture(self.family, self.setting.majors, None, self.plan.minor_mass)

    @property
    def diverse(self) -> str | None:
        """Name of the design with the most minors, if any has minors."""
        most = max(self.plan.designs, key=lambda design: design.minors)
        return most.name if most.minors else None


def seed_plans(experiment: Experiment) -> list[SeedPlan]:
    """Return every family and seed of an experiment."""
    return [SeedPlan.of(experiment, kind, seed) for kind, plan in experiment.families.items() for seed in plan.seeds]


def train_all(experiment: Experiment, folder: Path, progress: bool) -> dict[tuple[str, int], dict[str, NetworkSource]]:
    """Train every network of an experiment; returns their sources by (family, seed) and design."""
    trained: dict[tuple[str, int], dict[str, NetworkSource]] = {}
    for part in seed_plans(experiment):
        trained[part.kind, part.seed] = {
            design.name: NetworkSource(
                train_network(part.kind, part.plan, design, part.mixtures[design.name], part.seed, folder, progress),
                part.family,
            )
            for design in part.plan.designs
        }
    return trained


def reproduce(experiment: Experiment, folder: Path, announce: Announce, progress: bool) -> dict[str, Any]:
    """Run an experiment in a folder and write ``results.json``.

    Parameters
    ----------
    announce : callable
        Told in a sentence what begins.
    progress : bool
        Whether training shows its progress.

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
    announce("Climbing the analytic ladder: can each statistic tell exact-Bayes states from random ones?")
    ladders = [climb(part.plain, part.mixtures.get(part.diverse or ""), part.setting) for part in parts]
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
    outcomes: dict[str, list[Outcome]] = {}
    for part, ladder in zip(parts, ladders, strict=True):
        announce(f"Measuring {part.kind}, seed {part.seed}.")
        outcome = _measure(part, ladder, trained[part.kind, part.seed], results)
        outcomes.setdefault(part.kind, []).append(outcome)
    for kind, group in outcomes.items():
        part = next(p for p in parts if p.kind == kind)
        place = {"layer": part.plan.network.layers - 1, "position": part.setting.late[-1]}
        results["claims"] += claim_rows(kind, group, place, part.diverse)
    results["seconds"] = time.perf_counter() - started
    results["peak_memory_bytes"] = peak_memory_bytes()
    write_text(folder / "results.json", to_json(results))
    return results


def _measure(
    part: SeedPlan, ladder: dict[str, Statistics], sources: dict[str, NetworkSource], results: dict[str, Any]
) -> Outcome:
    """Measure the networks of one seed, adding their portraits to the results."""
    setting, plan, identity = part.setting, part.plan, {"family": part.kind, "seed": part.seed}
    found: dict[str, Findings] = {}
    null_table: dict[str, Statistics] = {}
    for design, source in sources.items():
        captured, mixture = Captured.of(source, setting), part.mixtures[design]
        found[design] = findings(source, captured, part.plain, setting)
        if design == PLAIN:
            null_table |= own_nulls(source, captured, part.plain, setting)
        references = Evaluation(part.kind, mixture, part.seed, plan.training.evaluation_sequences).references
        portrait = network_portrait(source, captured, mixture, setting)
        results["networks"].append(identity | {"design": design, "references": references} | portrait)
    models = untrained_networks(
        part.kind, network_config(part.family, plan.network), plan.measurement.untrained, part.seed
    )
    untrained = []
    for model in models:
        source = NetworkSource(model, part.family)
        captured = Captured.of(source, setting)
        untrained.append(findings(source, captured, part.plain, setting))
        if model is models[0]:
            portrait = network_portrait(source, captured, part.plain, setting)
            results["untrained"].append(identity | {"design": "untrained"} | portrait)
    plain, diverse = found.get(PLAIN), found.get(part.diverse or "")
    measured: Statistics = {}
    if plain is not None:
        measured = statistics(plain, diverse, setting)
        null_table |= other_nulls(plain, diverse, untrained, setting)
        ladder = ladder | {"untrained network": null_table["untrained network 1"]}
    judged = calibration(ladder)
    results["ladder"].append(identity | {"rungs": estimates_as_dict(ladder), "calibrated": judged})
    return Outcome(part.seed, ladder, judged, measured, null_table)
