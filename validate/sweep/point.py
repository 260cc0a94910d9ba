"""One point and seed of a sweep: every statistic of its networks, beside theory, a rival and untrained networks.

Statistics of states are those of the network with minors. It chooses its layer like any subject (`judging.layer`);
R2_OOD alone is read at the layer chosen in the majors-only network, because it compares the two.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from model import Transformer
from theory import Mixture, divergence, nats_per_loss, target_loss
from theory.convex import TaskGeometry
from validate.capture.candidates import Arena, Arenas
from validate.capture.sources import NetworkSource, StateSource
from validate.claims.base import fresh_moments
from validate.claims.properties import Captured, Setting, late_design, properties, property_values
from validate.claims.rule import EXACT
from validate.claims.stability import stability_contrast
from validate.experiment.schema import network_config
from validate.experiment.seed_plan import SeedPlan
from validate.judging.ladder import rungs
from validate.judging.layer import chosen_site
from validate.statistics.intervals import Estimate, bootstrap
from validate.statistics.subspace import compare_shares, share_inside
from validate.sweep.quantities import QUANTITIES
from validate.sweep.shapes import References, edges, shape_estimates, shape_values
from validate.training.networks import untrained_networks

STATES = ("P0*", "P2*", "P3* TV")
POPULATIONS = ("training", "fresh")
COARSE = 100
"""Bootstrap replicates where only the value is kept."""


@dataclass(frozen=True)
class Reading:
    """One statistic at one point and seed (`validate.sweep.quantities`); nan where there is no such number."""

    measured: Estimate
    predicted: float
    baseline: float
    untrained: float


@dataclass(frozen=True)
class Findings:
    """Everything that is kept of a point and seed.

    Attributes
    ----------
    site : str
        The layer chosen in the network with minors.
    readings : dict
        By statistic.
    cosines : dict of K x K lists
        Cosines between the centred vertices: "network", "tasks" and, where there are any, "log-laws".
    """

    site: str
    readings: dict[str, Reading]
    cosines: dict[str, list[list[float]]]


@dataclass(frozen=True, eq=False)
class Subject:
    """A source with its states and the layer it chose."""

    source: StateSource
    setting: Setting
    site: str
    captured: Captured

    @classmethod
    def of(cls, source: StateSource, setting: Setting) -> "Subject":
        """Choose the layer and capture the states."""
        return cls(source, setting, chosen_site(source, setting), Captured.of(source, setting))

    def inside(self, site: str) -> Float[np.ndarray, "N 2"]:
        """Return the moments of R2_OOD at a site."""
        return fresh_moments(self.captured, self.setting, site)


@dataclass(frozen=True, eq=False)
class Pair:
    """What takes the place of the network with minors, and of the one without."""

    diverse: Subject
    plain: Subject
    mixture: Mixture

    def estimates(self, references: References) -> tuple[dict[str, Estimate], TaskGeometry]:
        """Estimate every statistic of states; returns them with the geometry of the task vectors."""
        subject, setting = self.diverse, self.diverse.setting
        found = properties(subject.captured, setting, subject.site)
        table = {name: found[name] for name in STATES}
        table["P0 contrast"] = stability_contrast(subject.source, self.mixture, setting)
        after, before = (side.inside(self.plain.site) for side in (subject, self.plain))
        n = setting.sizes.replicates
        for name, moments in (("R2_OOD", after), ("R2_OOD majors only", before)):
            table[name] = bootstrap(moments, share_inside, setting.stream("bootstrap/subspace"), n)
        table["R2_OOD ratio"], _ = compare_shares(before, after, setting.stream("bootstrap/subspace"), n)
        shape, geometry = shape_estimates(subject.captured, setting, subject.site, references)
        return table | shape, geometry

    def values(self, references: References) -> dict[str, float]:
        """Return the values of `estimates`."""
        subject, setting = self.diverse, self.diverse.setting
        found = property_values(subject.captured, setting, subject.site)
        table = {name: found[name] for name in STATES}
        coarse = replace(setting, sizes=setting.sizes.model_copy(update={"replicates": COARSE}))
        table["P0 contrast"] = stability_contrast(subject.source, self.mixture, coarse).value
        after, before = (
            share_inside(side.inside(self.plain.site).mean(axis=0, keepdims=True)).item()
            for side in (subject, self.plain)
        )
        table |= {"R2_OOD": after, "R2_OOD majors only": before, "R2_OOD ratio": after / before}
        effects = late_design(subject.captured, setting, subject.site).main_effects()
        return table | shape_values(effects, references, setting.family.target_kind == "symbol")


Predictor = Callable[[Arena], Float[np.ndarray, "B P D"]]


@dataclass(frozen=True, eq=False)
class Contest:
    """The populations on which predictions are compared, with M1 and M2 of the mixture."""

    arenas: Mapping[str, Arena]
    setting: Setting

    @classmethod
    def of(cls, mixture: Mixture, setting: Setting) -> "Contest":
        """Draw the sequences that the claims about predictions are judged on."""
        batches = Arenas(mixture, setting).batches
        return cls({name: Arena.of(mixture, batches[name], setting.n_positions) for name in POPULATIONS}, setting)

    def gaps(self, predict: Predictor) -> dict[str, Float[np.ndarray, "B P"]]:
        """Return, by statistic, a predictor's distances and its loss beyond a reference's, in nats."""
        kind, nats = self.setting.family.target_kind, nats_per_loss(self.setting.family)
        table = {}
        for (population, arena), benchmark in zip(self.arenas.items(), ("M1", "prior predictive"), strict=True):
            mean = predict(arena)
            for name in ("M1", "M2"):
                table[f"KL to {name}, {population}"] = nats * divergence(kind, mean, arena.candidates[name])
            loss, least = (target_loss(kind, m, arena.targets) for m in (mean, arena.candidates[benchmark]))
            table[f"excess loss, {population}"] = nats * (loss - least)
        return table

    def estimates(self, source: StateSource) -> dict[str, Estimate]:
        """Estimate the gaps of a source."""
        gaps = self.gaps(lambda arena: source.mean(arena.batch))
        return {name: self._mean(gap) for name, gap in gaps.items()}

    def _mean(self, gap: Float[np.ndarray, "B P"]) -> Estimate:
        """Estimate the mean over positions and sequences, with an interval over sequences."""
        rng, n = self.setting.stream("bootstrap/predictions"), self.setting.sizes.replicates
        return bootstrap(gap.mean(axis=1)[:, None], lambda moments: moments[:, 0], rng, n)

    def values(self, predict: Predictor) -> dict[str, float]:
        """Return the mean gaps of a predictor."""
        return {name: float(gap.mean()) for name, gap in self.gaps(predict).items()}

    def of_source(self, source: StateSource) -> dict[str, float]:
        """Return the mean gaps of a source."""
        return self.values(lambda arena: source.mean(arena.batch))

    def exact(self, name: str) -> dict[str, float]:
        """Return the mean gaps of M1 or M2."""
        return self.values(lambda arena: arena.candidates[name])


def examine_point(part: SeedPlan, diverse: Transformer, plain: Transformer) -> Findings:
    """Measure the two networks of a point and seed."""
    setting, mixture = part.setting, part.diverse
    if mixture is None:
        raise ValueError("a point of a sweep needs a design with minors")
    references = References.of(part.family, setting.majors)
    contest = Contest.of(mixture, setting)
    network, other = (Subject.of(NetworkSource(model, part.family), setting) for model in (diverse, plain))
    measured, geometry = Pair(network, other, mixture).estimates(references)
    measured |= contest.estimates(network.source)
    predicted = exact_values(part.plain, mixture, setting, references) | contest.exact("M1")
    baseline = _baselines(references, part.plan.network.width) | contest.exact("M2")
    untrained = untrained_values(part, mixture, references, contest)
    missing = float("nan")
    readings = {
        name: Reading(measured[name], predicted[name], baseline.get(name, missing), untrained.get(name, missing))
        for name in QUANTITIES
    }
    shapes = {"network": geometry, "tasks": references.tasks, "log-laws": references.log_laws}
    cosines = {name: shape.cosines.tolist() for name, shape in shapes.items() if shape is not None}
    return Findings(network.site, readings, cosines)


def exact_values(plain: Mixture, diverse: Mixture, setting: Setting, references: References) -> dict[str, float]:
    """Return the statistics of states made of exact-Bayes features."""
    rung = rungs(setting)[EXACT]
    after, before = (Subject.of(rung(mixture), setting) for mixture in (diverse, plain))
    return Pair(after, before, diverse).values(references)


def untrained_values(part: SeedPlan, mixture: Mixture, references: References, contest: Contest) -> dict[str, float]:
    """Return every statistic's mean over untrained networks, each compared with the next as its majors-only one."""
    config = network_config(part.family, part.plan.network)
    models = untrained_networks(part.kind, config, part.plan.measurement.untrained, part.seed)
    subjects = [Subject.of(NetworkSource(model, part.family), part.setting) for model in models]
    tables = [
        Pair(subject, subjects[(index + 1) % len(subjects)], mixture).values(references)
        | contest.of_source(subject.source)
        for index, subject in enumerate(subjects)
    ]
    return _means(tables)


def _means(tables: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([table[name] for table in tables])) for name in tables[0]}


def _baselines(references: References, width: int) -> dict[str, float]:
    """Return the levels of chance, and the references' own shape where it stands for the network's."""
    tasks = edges(references.tasks)
    n_tasks = len(references.tasks.gram)
    chance = (n_tasks - 1) / width
    return {
        "R2_OOD": chance,
        "R2_OOD majors only": chance,
        "R2_OOD ratio": 1.0,
        "edge length": float(tasks.mean()),
        "edge gain": 1.0,
        "edge spread": float(tasks.std() / tasks.mean()) if len(tasks) > 1 else float("nan"),
        "similarity to tasks": references.agreement,
        "similarity to log-laws": references.agreement,
    }
