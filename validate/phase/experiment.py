"""What a phase map varies: task diversity, at several seeds, and whatever else is an axis of the training distribution.

A map file is an experiment file whose families have one design, with the most minors of all, and

    diversities        N, the numbers of tasks that are varied, in ascending order
    mixtures           "minors": majors and N minors, the paper's; "pool": N tasks alike, no majors;
                       "unequal": the same tasks, their weights drawn from the flat Dirichlet distribution
    mixtures_of        by family, other ones in place of these
    looks              numbers of updates at which a network is looked at, evenly spaced in log
    axes               of `sweep.axes`: further variants, one axis at a time, at `few` diversities
    layouts            further layouts of the same sequences (`theory.layouts`), each a variant at `few` diversities
    few                the diversities of arms and axes; all unless given

A *column* is one network: a family, a mixture, a variant ("base", an arm such as another optimizer, or a point of an
axis), a diversity and a seed. Tasks of one seed are draws of one sequence, so a column of fewer tasks has the first of
those of a column of more.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from theory import FAMILIES, LatentTasks, Layout, Mixture, Pool, stream
from validate.experiment.network_plan import NetworkPlan
from validate.experiment.schema import (
    Arm,
    Design,
    Experiment,
    ExperimentError,
    FamilyPlan,
    load_experiment,
    load_shipped,
    parse_experiment,
)
from validate.experiment.seed_plan import SeedPlan
from validate.sweep.axes import AxisValue, Point
from validate.sweep.experiment import SweepExperiment
from validate.training.snapshots import spaced_steps

Kind = Literal["minors", "pool", "unequal"]
"""What the diversity counts."""

PRESETS = ("quick", "minimal", "paper", "neighbours", "axes")
BASE = "base"
FEW_TASKS = 8
"""Tasks of a pool that stand for it where the corners of a simplex are asked for."""

POLES: dict[Kind, tuple[str, str]] = {
    "minors": ("M1", "M2"),
    "pool": ("M1", "prior predictive"),
    "unequal": ("M1", "prior predictive"),
}
"""What remembers the tasks, and what does not: of a pool the latter knows the prior alone."""

Diversities = list[Annotated[int, Field(ge=1, le=1_000_000)]]


@dataclass(frozen=True)
class Column:
    """One network of a map.

    Attributes
    ----------
    plan : NetworkPlan
    home : str
        The folder, below the map's, in which it is kept.
    looked_at : tuple of int
        Numbers of updates.
    """

    family: str
    mixture: Kind
    variant: str
    diversity: int
    seed: int
    plan: NetworkPlan
    home: str
    looked_at: tuple[int, ...]

    @property
    def identity(self) -> dict[str, Any]:
        """How it is called in results."""
        names = ("family", "mixture", "variant", "diversity", "seed")
        return {name: getattr(self, name) for name in names}

    @property
    def poles(self) -> tuple[str, str]:
        """The exact predictors it is between."""
        return POLES[self.mixture]


class PhaseExperiment(Experiment):
    """An experiment over task diversity; the attributes are described above."""

    diversities: Annotated[Diversities, Field(min_length=2)]
    mixtures: Annotated[list[Kind], Field(min_length=1, default=["minors"])]
    mixtures_of: Annotated[dict[str, Annotated[list[Kind], Field(min_length=1)]], Field(default={})]
    looks: Annotated[int, Field(ge=2, le=200)] = 20
    axes: Annotated[dict[str, list[AxisValue]], Field(default={})]
    layouts: Annotated[list[Layout], Field(default=[])]
    few: Annotated[Diversities, Field(default=[])]

    @model_validator(mode="after")
    def _can_be_built(self) -> "PhaseExperiment":
        for name, numbers in (("diversities", self.diversities), ("few", self.few)):
            if sorted(set(numbers)) != numbers:
                raise ValueError(f"{name} must be different numbers in ascending order; got {numbers}")
        if not set(self.few) <= set(self.diversities):
            raise ValueError(f"few must be among the diversities {self.diversities}; got {self.few}")
        if len(self.few) == 1:
            raise ValueError(f"few must be two or more diversities, or none; got {self.few}")
        if unknown := sorted(set(self.mixtures_of) - set(self.families)):
            raise ValueError(f"mixtures_of must be of families of the map, {', '.join(self.families)}; got {unknown}")
        if "minors" in self.axes:
            raise ValueError("axes: minors is not an axis of a map; it has diversities")
        for kind, plan in self.families.items():
            designs = [design.minors for design in plan.designs]
            if designs != [self.diversities[-1]]:
                wanted = f"one design, with as many minors as the most diverse column, {self.diversities[-1]}"
                raise ValueError(f"families.{kind}.designs: a map needs {wanted}; got minors {designs}")
        if self.axes:
            for kind in self.families:
                self._sweep(kind)
        return self

    def _sweep(self, kind: str) -> SweepExperiment:
        """Return the sweep that holds the points of the axes; its base is the base of the map."""
        plan = self.families[kind]
        designs = [Design.model_validate({"minors": 0, "steps": 1}), *plan.designs]
        arms_aside = plan.model_copy(update={"designs": designs, "arms": []})
        return SweepExperiment(name=self.name, families={kind: arms_aside}, axes=self.axes)

    def seeded(self, kind: str, seed: int) -> Iterator[tuple[str, SeedPlan, int, str]]:
        """Yield the variants of one seed: name, plan with the most minors, number of updates, and home."""
        plan = self.families[kind]
        yield BASE, SeedPlan.of(self, kind, seed), plan.designs[0].steps, ""
        for arm in plan.arms:
            if seed in arm.seeds:
                own = SeedPlan.of(self, kind, seed, arm)
                yield arm.name, own, own.plan.designs[0].steps, ""
        for layout in self.layouts:
            own = _laid_out(SeedPlan.of(self, kind, seed), FAMILIES[kind](**plan.tasks, layout=layout))
            yield f"layout={layout}", own, plan.designs[0].steps, f"points/layout={layout}"
        if self.axes:
            sweep = self._sweep(kind)
            for point in sweep.points[1:]:
                yield point.name, self._at(sweep, point, seed), plan.designs[0].steps, f"points/{point.name}"

    def _at(self, sweep: SweepExperiment, point: Point, seed: int) -> SeedPlan:
        plan = sweep.seed_plan(point, seed)
        diverse = plan.plan.designs[-1]
        return replace(
            plan,
            plan=plan.plan.model_copy(update={"designs": [diverse]}),
            mixtures={diverse.name: plan.mixtures[diverse.name]},
        )

    def of_mixtures(self, mixtures: Collection[str]) -> "PhaseExperiment":
        """Return the map with some of its mixtures, all unless named, or with others in their place."""
        for name in mixtures:
            if name not in POLES:
                raise ExperimentError(f"mixture must be one of {', '.join(POLES)}; got {name!r}")
        chosen = _in_order(mixtures)
        if not chosen or all(chosen == self._mixtures(kind) for kind in self.families):
            return self
        name = f"{self.name}.{'-'.join(chosen)}"
        return self.model_copy(update={"name": name, "mixtures": chosen, "mixtures_of": {}})

    def _mixtures(self, kind: str) -> list[Kind]:
        return self.mixtures_of.get(kind, self.mixtures)

    def columns(self) -> list[Column]:
        """Return every network: seed by seed, so that a whole map of one seed is there first."""
        return [
            column
            for kind, plan in self.families.items()
            for seed in plan.seeds
            for mixture in self._mixtures(kind)
            for column in self._columns(kind, mixture, seed)
        ]

    def _columns(self, kind: str, mixture: Kind, seed: int) -> Iterator[Column]:
        for variant, seed_plan, steps, home in self.seeded(kind, seed):
            if mixture != "minors" and home:
                continue  # axes vary the paper's mixture
            for diversity in self.diversities if variant == BASE else self.few or self.diversities:
                own = (
                    with_minors(seed_plan, diversity)
                    if mixture == "minors"
                    else with_pool(seed_plan, diversity, mixture)
                )
                plan = NetworkPlan(own, next(iter(own.mixtures)), steps)
                yield Column(kind, mixture, variant, diversity, seed, plan, home, spaced_steps(steps, self.looks))

    def joined(self, other: "PhaseExperiment") -> "PhaseExperiment":
        """Return the map that holds both: their families, seeds, diversities, mixtures, arms and axes.

        Raises
        ------
        ExperimentError
            If what the networks of both have in common is not the same.
        """
        families = dict(self.families)
        for kind, plan in other.families.items():
            families[kind] = _joined_plans(kind, families[kind], plan) if kind in families else plan
        if self.looks != other.looks:
            raise ExperimentError(f"{self.name} has {self.looks} looks and {other.name} {other.looks}")
        diversities = sorted({*self.diversities, *other.diversities})
        few = sorted({*(self.few or self.diversities), *(other.few or other.diversities)})
        most = {kind: _with_most(plan, diversities[-1]) for kind, plan in families.items()}
        return PhaseExperiment(
            name=self.name,
            families=most,
            diversities=diversities,
            mixtures=_in_order(self.mixtures, other.mixtures),
            mixtures_of={
                kind: _in_order(*(each._mixtures(kind) for each in (self, other) if kind in each.families))
                for kind in families
                if kind in self.mixtures_of or kind in other.mixtures_of
            },
            looks=self.looks,
            axes={
                axis: sorted({*self.axes.get(axis, []), *other.axes.get(axis, [])})
                for axis in dict.fromkeys((*self.axes, *other.axes))
            },
            layouts=list(dict.fromkeys((*self.layouts, *other.layouts))),
            few=[] if few == diversities else few,
        )


def _in_order(*several: Collection[str]) -> list[Kind]:
    return [kind for kind in POLES if any(kind in mixtures for mixtures in several)]


def _laid_out(seed_plan: SeedPlan, family: LatentTasks) -> SeedPlan:
    """Return the plan with the same family in another layout."""
    return replace(
        seed_plan,
        family=family,
        mixtures={name: replace(mixture, family=family) for name, mixture in seed_plan.mixtures.items()},
        setting=replace(seed_plan.setting, family=family),
    )


def _joined_plans(kind: str, one: FamilyPlan, other: FamilyPlan) -> FamilyPlan:
    arms = {arm.name: arm for arm in one.arms}
    for arm in other.arms:
        mine = arms.setdefault(arm.name, arm)
        if _steps(mine) != _steps(arm) or mine.training != arm.training or mine.initialisation != arm.initialisation:
            raise ExperimentError(f"families.{kind}: the arm {arm.name} is another one in the folder")
        arms[arm.name] = mine.model_copy(update={"seeds": sorted({*mine.seeds, *arm.seeds})})
    there, here = comparable(one), comparable(other)
    for key, value in here.items():
        if there[key] != value:
            raise ExperimentError(f"families.{kind}: {key} is {there[key]!r} in the folder, and asked for is {value!r}")
    return one.model_copy(update={"seeds": sorted({*one.seeds, *other.seeds}), "arms": list(arms.values())})


def _steps(arm: Arm) -> list[int]:
    return [design.steps for design in arm.designs or ()]


def _with_most(plan: FamilyPlan, minors: int) -> FamilyPlan:
    """Return the plan, and its arms, with more minors in its one design."""

    def more(designs: list[Design]) -> list[Design]:
        return [design.model_copy(update={"minors": minors}) for design in designs]

    arms = [arm.model_copy(update={"designs": more(arm.designs) if arm.designs else None}) for arm in plan.arms]
    return plan.model_copy(update={"designs": more(plan.designs), "arms": arms})


def comparable(plan: FamilyPlan) -> dict[str, Any]:
    """Return what of a plan every column depends on."""
    content = plan.model_dump(exclude={"seeds", "arms", "designs"})
    return content | {"steps": plan.designs[0].steps}


def with_minors(seed_plan: SeedPlan, n_minors: int) -> SeedPlan:
    """Return the plan with the first of its minors."""
    [most] = seed_plan.mixtures.values()
    assert most.minors is not None
    own = replace(most, minors=Pool(most.minors.parameters[:n_minors]))
    return replace(seed_plan, mixtures={f"minors={n_minors}": own})


def with_pool(seed_plan: SeedPlan, n_tasks: int, kind: Kind) -> SeedPlan:
    """Return the plan with a pool in place of majors and minors: the first draws of its own sequence.

    Shares of an unequal one are draws of the exponential distribution, so that weights are flat Dirichlet for any
    number of tasks, and tasks of a smaller pool weigh the same beside each other in a larger one.
    """
    family = seed_plan.family
    pool = family.sample_pool(stream(seed_plan.seed, f"{family.name}/pool"), max(n_tasks, FEW_TASKS))
    few = Pool(pool.parameters[: max(2, min(n_tasks, FEW_TASKS))])
    shares = None
    if kind == "unequal":
        shares = stream(seed_plan.seed, f"{family.name}/pool shares").standard_exponential(n_tasks)
    own = Mixture(family, Pool(pool.parameters[:n_tasks]), None, seed_plan.plan.minor_mass, shares)
    return replace(seed_plan, mixtures={f"{kind}={n_tasks}": own}, setting=replace(seed_plan.setting, majors=few))


def parse_map(text: str, origin: str) -> PhaseExperiment:
    """Read a map from TOML text; an `ExperimentError` of one sentence, which names the origin, if it is none."""
    return parse_experiment(text, origin, PhaseExperiment)


def load_map(source: str | Path) -> PhaseExperiment:
    """Read one of the shipped maps, by its name, or a map file.

    Raises
    ------
    ExperimentError
        One sentence: the file cannot be read, or is no map.
    """
    if isinstance(source, Path):
        return load_experiment(source, PhaseExperiment)
    if source not in PRESETS:
        raise ExperimentError(f"preset must be one of {', '.join(PRESETS)}; got {source!r}")
    return load_shipped(f"phase-{source}", source, PhaseExperiment)
