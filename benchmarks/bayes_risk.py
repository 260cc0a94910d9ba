"""Time to the Bayes risk: how long until a network loses less than a given gap, here and in PyTorch.

    gap = KL(M1 || network), nats a target, on held-out sequences of the majors      (`validate.capture.skill`)

All train the majors-only network of the preset `minimal` on the same tasks, one thread each, in a process of its own:

    dual-modes           this package, with the preset's recipe
    dual-modes-triangle  the same network with the rate, beta2, schedule and batch that the presets had first
                         (`TRIANGLE`), a triangle of `TRIANGLE_STEPS` times the steps that the preset's recipe took
    torch-eager          PyTorch with the paper's recipe (AdamW, a triangle of 30 000 steps, its rate, decay and batch)

The rivals are given `PATIENCE` times the seconds that the preset's recipe took; one that does not arrive has needed
more. Where the preset's recipe does not arrive itself they are not run. Seconds are processor time from the first batch
on, which on one thread is what a quiet machine would take. The gap is looked at every `EVERY` steps; no look is timed.
"""

# mypy: disable-error-code="import-not-found, no-untyped-call"

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from model import TrainingConfig, Transformer, learning_rate, train
from theory import ModelArrays, stream
from validate.capture.skill import Skill
from validate.capture.sources import NetworkSource
from validate.experiment.network_plan import NetworkPlan, networks_of
from validate.experiment.schema import load_preset
from validate.experiment.seed_plan import SeedPlan

GAPS = {"dice": 0.002, "markov": 0.002, "regression": 0.005, "dyck": 0.005}
"""Nats a target."""

EVERY, N_SEQUENCES = 50, 512
"""Steps between two looks, and held-out sequences."""

ENGINES = ("dual-modes", "dual-modes-triangle", "torch-eager")

TRIANGLE: dict[str, Any] = {"peak_rate": 1e-3, "beta2": 0.999, "warmup": 0.5, "cooldown": None}
TRIANGLE_BATCH, TRIANGLE_STEPS, PATIENCE = 64, 4, 10.5


class Recipe(NamedTuple):
    """What the paper trains with."""

    batch: int
    peak_rate: float
    weight_decay: float
    clip_norm: float | None


PAPER = {"symbol": Recipe(64, 4e-4, 4e-4, None), "real": Recipe(256, 2e-4, 1e-4, 1.0)}
"""The paper's recipe by kind of target."""

PAPER_STEPS = 30_000


@dataclass(frozen=True)
class Reached:
    """When a network came below the gap; none if it did not within the steps and seconds it was given."""

    engine: str
    family: str
    seed: int
    gap: float
    steps: int | None
    seconds: float | None
    last_gap: float
    spent: float


class EnoughError(Exception):
    """The gap is reached, or the time is up."""


class Watch:
    """Looks at the gap of a network and stops its training."""

    def __init__(self, plan: NetworkPlan, limit: float) -> None:
        n_positions = plan.seed_plan.setting.n_positions
        batch = plan.mixture.sample(stream(plan.seed_plan.seed, "time to the Bayes risk"), N_SEQUENCES)
        self.batch, self.skill = batch, Skill.of_mixture(plan.mixture, batch, n_positions)
        self.target, self.limit = GAPS[plan.mixture.family.name], limit
        self.started, self.looking, self.gap = 0.0, 0.0, float("inf")

    def start(self) -> None:
        """Begin to count seconds."""
        self.started = time.process_time()

    @property
    def spent(self) -> float:
        """Seconds spent training."""
        return time.process_time() - self.started - self.looking

    def look(self, mean: Callable[[], np.ndarray]) -> None:
        """Measure the gap of a network's predictions; `EnoughError` once it is small, or the time is up."""
        before = time.process_time()
        self.gap = float(self.skill.moments(mean())[:, 0].mean())
        self.looking += time.process_time() - before
        if self.gap < self.target or self.spent > self.limit:
            raise EnoughError


def plan_of(family: str, seed: int) -> NetworkPlan:
    """Return the majors-only network of a family and seed."""
    return networks_of(SeedPlan.of(load_preset("minimal"), family, seed))[0]


def measure(engine: str, family: str, seed: int, limit: float, steps: int | None = None) -> dict[str, Any]:
    """Train until the gap is reached, for `limit` seconds at most; `steps` is the length of a triangle."""
    plan = plan_of(family, seed)
    watch = Watch(plan, limit)
    if engine == "torch-eager":
        made = _torch(plan, watch)
    elif engine == "dual-modes-triangle":
        made = _here(plan, replace(plan.training, steps=steps or plan.steps, **TRIANGLE), TRIANGLE_BATCH, watch)
    else:
        made = _here(plan, plan.training, None, watch)
    reached = watch.gap < watch.target
    return asdict(
        Reached(
            engine,
            family,
            seed,
            watch.target,
            made if reached else None,
            watch.spent if reached else None,
            watch.gap,
            watch.spent,
        )
    )


def _here(plan: NetworkPlan, training: TrainingConfig, batch: int | None, watch: Watch) -> int:
    network = Transformer(plan.config, seed=plan.initial_seed, threads=1)
    source, made = NetworkSource(network, plan.mixture.family), 0
    network.loss_and_gradients(plan.mixture.family.encode(plan.batch(0, batch)))  # compiled, or loaded
    watch.start()

    def arrays(step: int) -> ModelArrays:
        nonlocal made
        made = step
        if step and step % EVERY == 0:
            watch.look(lambda: source.mean(watch.batch))
        return plan.mixture.family.encode(plan.batch(step, batch))

    try:
        train(network, arrays, training)
        made = training.steps
        watch.look(lambda: source.mean(watch.batch))
    except EnoughError:
        pass
    return made


def _torch(plan: NetworkPlan, watch: Watch) -> int:
    import torch
    from scipy.special import softmax

    from benchmarks.torch_network import Network, batch_loss

    torch.manual_seed(plan.seed_plan.seed)
    torch.set_num_threads(1)
    family = plan.mixture.family
    recipe = PAPER[family.target_kind]
    schedule = TrainingConfig(steps=PAPER_STEPS, peak_rate=recipe.peak_rate)
    network = Network(plan.config)
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.0, weight_decay=recipe.weight_decay, fused=True)

    def mean() -> np.ndarray:
        arrays = family.encode(watch.batch)
        with torch.no_grad():
            outputs = network(torch.from_numpy(arrays.inputs), torch.from_numpy(arrays.positions)).numpy()
        return softmax(outputs.astype(np.float64), axis=-1) if family.target_kind == "symbol" else outputs

    watch.start()
    for step in range(PAPER_STEPS):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(schedule, step + 0.5)
        arrays = family.encode(plan.batch(step, recipe.batch))
        optimizer.zero_grad(set_to_none=True)
        batch_loss(network, plan.config, arrays).backward()
        if recipe.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(network.parameters(), recipe.clip_norm)
        optimizer.step()
        if (step + 1) % EVERY == 0:
            try:
                watch.look(mean)
            except EnoughError:
                return step + 1
    return PAPER_STEPS


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as text, with the ratios to each rival, of those seeds where the preset's recipe arrived."""
    lines = [f"{'engine':20} {'family':11} {'seed':>5} {'gap':>6} {'steps':>7} {'seconds':>9} {'last gap':>9}"]
    for row in rows:
        steps, seconds = (row["steps"], f"{row['seconds']:.1f}") if row["steps"] else ("-", f"> {row['spent']:.0f}")
        lines.append(
            f"{row['engine']:20} {row['family']:11} {row['seed']:>5} {row['gap']:>6} {steps:>7} {seconds:>9}"
            f" {row['last_gap']:>9.4f}"
        )
    here = {(row["family"], row["seed"]): row for row in rows if row["engine"] == ENGINES[0]}
    for family in dict.fromkeys(row["family"] for row in rows):
        n_seeds = sum(own == family for own, _ in here)
        for rival in ENGINES[1:]:
            own = [row for row in rows if (row["engine"], row["family"]) == (rival, family)]
            if own:
                ratio = sum(here[family, row["seed"]]["spent"] for row in own) / sum(row["spent"] for row in own)
                sign = "=" if all(row["steps"] for row in own) else "<"
                lines.append(
                    f"{family}: time of {ENGINES[0]} / {rival} {sign} {ratio:.3f}, {len(own)} of {n_seeds} seeds"
                )
    return "\n".join(lines)
