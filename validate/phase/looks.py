"""Looking at one network of a map at each of its snapshots.

    phase      log10( KL(first pole || network) / KL(second pole || network) )
    mix        the nearest (1 - w) first + w second, by KL(mix || network), and that distance over a grid of w
    skill      `capture.skill`, the exact predictions being the poles
    R2_OOD     share of fresh tasks' last states in the majors' span; R2_OOD* with the current symbol's vector removed

Populations: the training mixture, majors, minors, and fresh tasks, another for every sequence. The poles are M1 and M2,
of a pool M1 and the prior predictive. Columns of a seed share the sequences of majors and of fresh tasks, so
what differs between them is no luck of these.
"""

import time
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Float

from model import Transformer
from model.parameters import size
from theory import divergence, nats_per_loss, predicted_mean, retrieval, target_loss
from theory.unigram import unordered
from validate.capture.candidates import Arena, Arenas, phase_ratio
from validate.capture.skill import Skill
from validate.capture.sources import NetworkSource
from validate.experiment.sampling import predicted
from validate.phase.experiment import Column
from validate.phase.found import ColumnResult, Look, Mix, Poles
from validate.statistics.best_mixture import fit_mixture
from validate.training.metrics import last_row
from validate.training.snapshots import load_snapshot
from validate.training.span_course import SpanCourse

GRID = np.linspace(0, 1, 11)
"""Weights of the second pole at which the distance of a mix is kept, so that any prediction can be scored later."""

PLACED = ("training", "fresh")
"""Populations on which a network is placed between the poles."""

LEAST = 1e-9
"""Probabilities of the network below it are taken for it where they divide."""


class Scene:
    """The sequences on which a column's network is looked at, and what the poles say of them."""

    def __init__(self, column: Column) -> None:
        plan = column.plan
        self.column, self.family = column, plan.mixture.family
        self.kind, self.nats = self.family.target_kind, nats_per_loss(self.family)
        arenas = Arenas(plan.mixture, plan.seed_plan.setting)
        names = ("training", "majors", "minors", "fresh") if column.mixture == "minors" else ("training", "fresh")
        n = plan.seed_plan.setting.n_positions
        self.arenas = {name: Arena.of(plan.mixture, arenas.batches[name], n) for name in names}

    def pair(self, population: str) -> tuple[Float[np.ndarray, "B P D"], Float[np.ndarray, "B P D"]]:
        """Return what the poles predict."""
        first, second = (self.arenas[population].candidates[pole] for pole in self.column.poles)
        return first, second

    @cached_property
    def skill(self) -> Skill:
        """What the skill is measured by."""
        exact = dict(zip(self.column.poles, self.pair("training"), strict=True))
        arena, setting = self.arenas["training"], self.column.plan.seed_plan.setting
        return Skill(self.family, exact, setting.current(arena.batch))

    @cached_property
    def orders(self) -> dict[str, Float[np.ndarray, "B P D"]]:
        """What the predictors with and without order say of the training mixture; none where there is no order."""
        arena, plan = self.arenas["training"], self.column.plan
        dice = unordered(self.family, plan.mixture)
        if dice is None:
            return {}
        unigrams = {
            "retrieval": predicted_mean(retrieval, dice, arena.batch),
            "inference": dice.family.fresh_mean(arena.batch),
        }
        n = plan.seed_plan.setting.n_positions
        return {
            **{f"unigram {how}": predicted(mean, n) for how, mean in unigrams.items()},
            "bigram retrieval": arena.candidates["M1"],
            "bigram inference": arena.candidates["prior predictive"],
        }

    @cached_property
    def span(self) -> SpanCourse | None:
        """What R2_OOD is measured by: of pools, which have no majors, it is not."""
        plan = self.column.plan
        if self.column.mixture != "minors":
            return None
        return SpanCourse(plan.mixture, plan.seed_plan.seed, plan.seed_plan.plan.measurement)

    def distance(self, one: Float[np.ndarray, "B P D"], other: Float[np.ndarray, "B P D"]) -> float:
        """Return the mean divergence in nats."""
        return self.nats * float(divergence(self.kind, one, other).mean())

    def loss(self, mean: Float[np.ndarray, "B P D"], population: str) -> Float[np.ndarray, " B"]:
        """Return each sequence's mean loss in nats."""
        return self.nats * target_loss(self.kind, mean, self.arenas[population].targets).mean(axis=1)

    def symmetrised(self, one: Float[np.ndarray, "B P D"], other: Float[np.ndarray, "B P D"]) -> float:
        """Return the divergence there and back."""
        return self.distance(one, other) + self.distance(other, one)

    @cached_property
    def _apart(self) -> dict[str, float]:
        return {name: self.symmetrised(*self.pair(name)) for name in self.arenas}

    def relative(self, mean: Float[np.ndarray, "B P D"], population: str) -> float:
        """Return how far a prediction is on the way from the second pole, 0, to the first, 1."""
        first, second = self.pair(population)
        apart = 2 * self._apart[population]
        if not apart:
            return float("nan")
        return (self.symmetrised(mean, second) - self.symmetrised(mean, first)) / apart + 0.5

    def poles(self, population: str) -> Poles:
        """Return what the poles are on a population."""
        first, second = self.pair(population)
        return Poles(
            loss={
                pole: float(self.loss(mean, population).mean())
                for pole, mean in zip(self.column.poles, (first, second), strict=True)
            },
            apart=self.distance(first, second),
            symmetrised=self._apart[population],
            relative=[self.relative((1 - w) * first + w * second, population) for w in GRID],
        )

    def mix(self, mean: Float[np.ndarray, "B P D"], population: str) -> Mix:
        """Return where a prediction lies between the poles."""
        first, second = self.pair(population)
        mixes = [(1 - w) * first + w * second for w in GRID]
        weights, _ = fit_mixture(self.kind, mean, np.stack([first, second], axis=-1), np.zeros(2))
        nearest = weights[0] * first + weights[1] * second
        symbols = self.kind == "symbol"
        return Mix(
            weight=float(weights[1]),
            distance=self.distance(nearest, mean),
            grid=[self.distance(mix, mean) for mix in mixes],
            variation=[float(np.abs(mix - mean).sum(axis=-1).mean() / 2) for mix in mixes] if symbols else [],
            relative=self.relative(mean, population),
        )

    def look(self, network: Transformer, step: int) -> Look:
        """Look at a network."""
        source = NetworkSource(network, self.family)
        means = {name: self._predicted(source, name) for name in self.arenas}
        distance = {
            name: {
                pole: self.distance(exact, mean) for pole, exact in zip(self.column.poles, self.pair(name), strict=True)
            }
            for name, mean in means.items()
        }
        losses = {name: self.loss(mean, name) for name, mean in means.items()}
        inside = {} if self.span is None else self.span.shares(network)
        return Look(
            step=step,
            skill=self.skill(means["training"]),
            phase={name: phase_ratio(*to.values()) for name, to in distance.items()},
            distance=distance,
            loss={name: float(loss.mean()) for name, loss in losses.items()},
            fresh_halves=[float(losses["fresh"][half::2].mean()) for half in (0, 1)],
            mix={name: self.mix(means[name], name) for name in PLACED},
            inside={site: shares[0] for site, shares in inside.items()},
            inside_starred={site: shares[1] for site, shares in inside.items()},
            orders={name: self.distance(exact, means["training"]) for name, exact in self.orders.items()},
        )

    def _predicted(self, source: NetworkSource, population: str) -> Float[np.ndarray, "B P D"]:
        mean = source.mean(self.arenas[population].batch)
        return np.maximum(mean, LEAST) if self.kind == "symbol" else mean


def look_at(column: Column, folder: Path) -> ColumnResult:
    """Look at every snapshot of a column that is kept below a folder."""
    started, plan, home = time.process_time(), column.plan, folder / column.home
    scene = Scene(column)
    looks = [scene.look(load_snapshot(plan, home, step), step) for step in column.looked_at]
    trained = last_row(plan.metrics(home))
    return ColumnResult(
        **column.identity,
        parameters=size(plan.config),
        targets=plan.seed_plan.plan.training.batch * plan.seed_plan.setting.n_positions,
        poles={name: scene.poles(name) for name in scene.arenas},
        looks=looks,
        training_seconds=float("nan") if trained is None else trained.seconds,
        looking_seconds=time.process_time() - started,
    )
