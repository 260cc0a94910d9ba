"""Search for a schedule and a rate by family, on seeds that are never judged, by loss alone.

    python -m benchmarks.recipes --out recipes.jsonl [--family dice] [--seeds 1000,1001]

Networks of the sizes of the preset `minimal` are trained with each recipe of `RECIPES`; a row says the gap
KL(M || network), M the nearer of M1 and M2, in nats a target, and the skill (`capture.skill`), at the end and along
the way. Rows that stand in the file already are not made again. The choice and the table are in docs/training.md.
"""

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from model import StepRecord, Transformer, train
from theory import stream
from validate.capture.sources import NetworkSource
from validate.experiment.network_plan import NetworkPlan, networks_of
from validate.experiment.schema import load_preset
from validate.experiment.seed_plan import SeedPlan
from validate.experiment.selection import parse_seeds
from validate.training.evaluation import skill_of

N_SEQUENCES = 512
"""Held-out sequences."""


@dataclass(frozen=True)
class Recipe:
    """Settings of training that a recipe changes, by their name in `model.TrainingConfig`."""

    name: str
    settings: dict[str, Any]
    batch: int = 64


TRAPEZOID = {"warmup": 0.05, "cooldown": 0.7, "beta2": 0.99}
RECIPES = (
    Recipe("adamw 1e-3", {**TRAPEZOID, "peak_rate": 1e-3}),
    Recipe("adamw 3e-3", {**TRAPEZOID, "peak_rate": 3e-3}),
    Recipe("adamw 3e-3, batch 32", {**TRAPEZOID, "peak_rate": 3e-3}, 32),
    Recipe("adamw 6e-3, batch 32", {**TRAPEZOID, "peak_rate": 6e-3}, 32),
    Recipe("adamw 6e-3", {**TRAPEZOID, "peak_rate": 6e-3}),
    Recipe("adamw 3e-3, beta2 .999", {**TRAPEZOID, "peak_rate": 3e-3, "beta2": 0.999}),
    Recipe("muon .02", {**TRAPEZOID, "peak_rate": 3e-3, "optimizer": "muon"}),
)


def run(plan: NetworkPlan, recipe: Recipe, steps: int) -> dict[str, Any]:
    """Train one network with a recipe and return its row."""
    settings = replace(plan.training, steps=steps, record_every=50, **recipe.settings)
    batch = plan.sample(stream(plan.seed_plan.seed, "recipes/held out"), N_SEQUENCES)
    skill = skill_of(plan, batch)
    network, curve = Transformer(plan.config, seed=plan.initial_seed), []
    source = NetworkSource(network, plan.mixture.family)

    def gap() -> tuple[float, float]:
        mean = source.mean(batch)
        return float(skill.moments(mean)[:, 0].mean()), skill(mean)

    def observe(record: StepRecord) -> None:
        if record.step % 100 == 0:
            curve.append((record.step, *gap()))

    started = time.process_time()
    train(network, lambda step: plan.mixture.family.encode(plan.batch(step, recipe.batch)), settings, observe=observe)
    left, learned = gap()
    row = {"recipe": recipe.name, "steps": steps, "gap": left, "skill": learned, "curve": curve}
    return plan.identity | row | {"processor_seconds": time.process_time() - started}


def main(
    out: Annotated[Path, typer.Option(help="File of rows, appended to.")],
    family: Annotated[list[str] | None, typer.Option(help="Only this family.")] = None,
    seeds: Annotated[str, typer.Option(help="Seeds of 1000 and up.")] = "1000",
    steps: Annotated[int, typer.Option(help="Number of updates.")] = 800,
    minors: Annotated[list[int] | None, typer.Option(help="Only networks with this many minors.")] = None,
    recipe: Annotated[list[str] | None, typer.Option(help="Only this recipe.")] = None,
) -> None:
    """Run what is not in the file yet and print each row."""
    experiment = load_preset("minimal")
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()] if out.exists() else []
    done = {(r["family"], r["design"], r["seed"], r["recipe"], r["steps"]) for r in rows}
    for seed in parse_seeds([seeds]):
        for name in family or experiment.families:
            for plan in networks_of(SeedPlan.of(experiment, name, seed)):
                if minors and plan.mixture.n_minors not in minors:
                    continue
                for one in RECIPES:
                    if (recipe and one.name not in recipe) or (name, plan.design, seed, one.name, steps) in done:
                        continue
                    row = run(plan, one, steps)
                    with out.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(row) + "\n")
                    typer.echo(
                        f"{name} {plan.design} seed {seed} {one.name}: {steps} steps, gap {row['gap']:.5f},"
                        f" skill {row['skill']:.4f}, {row['processor_seconds']:.0f} s"
                    )


if __name__ == "__main__":
    typer.run(main)
