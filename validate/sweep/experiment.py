"""What a sweep varies: one axis of the training distribution at a time, around a base.

A sweep file is an experiment file of one family, with one design without minors and one with, and a table of axes:

    minors          N, the number of minors                     more tasks of the same sequence of draws
    minor_mass      q, the mass of the minors                   changes the mixture alone
    concentration   a, of the Dirichlet prior of the tasks      changes majors, minors and fresh tasks
    overlap         o, how far the majors are drawn together    p_k -> (1 - o) p_k + o p_mean; 0 at the base
    majors          K, their number                             more tasks of the same sequence of draws

Everything else, the seeds of tasks, sequences and parameters included, is the same at every point, so points differ by
what is varied and not by the luck of the draw. An axis value that is the base's own is the base.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w
from pydantic import Field, field_validator, model_validator

from theory import overlapping
from validate.experiment.network_plan import NetworkPlan, networks_of
from validate.experiment.schema import (
    Experiment,
    ExperimentError,
    FamilyPlan,
    load_experiment,
    load_shipped,
    parse_experiment,
)
from validate.experiment.seed_plan import SeedPlan
from validate.sweep.axes import AXES, BASE, AxisValue, Point

PRESET = "sweep"


class SweepExperiment(Experiment):
    """An experiment of one family, with one design without minors and one with, and the values each axis takes.

    Attributes
    ----------
    axes : dict
        In the order in which they are run and shown; values in ascending order.
    """

    axes: dict[str, list[AxisValue]] = Field(default={}, validate_default=True)

    @field_validator("axes", mode="before")
    @classmethod
    def _known_axes(cls, table: Any) -> Any:
        if not isinstance(table, dict) or not table:
            raise ValueError(f"a sweep needs a table [axes] with some of {', '.join(AXES)}")
        for axis, values in table.items():
            if axis not in AXES:
                raise ValueError(f"{axis} is not an axis; there are {', '.join(AXES)}")
            numbers = isinstance(values, list) and all(type(value) in (int, float) for value in values)
            if not numbers or len(set(values)) < max(2, len(values)):
                raise ValueError(f"{axis} must be a list of two or more different numbers; got {values!r}")
        return {axis: sorted(values) for axis, values in table.items()}

    @model_validator(mode="after")
    def _points_can_be_built(self) -> "SweepExperiment":
        _require_two_designs(self)
        for axis, values in self.axes.items():
            for value in values:
                _require_point(self, Point(axis, value))
        return self

    @property
    def base(self) -> Experiment:
        """The experiment at the base."""
        return Experiment(name=self.name, families=self.families)

    @property
    def family_name(self) -> str:
        """Name of the family."""
        return next(iter(self.families))

    @property
    def plan(self) -> FamilyPlan:
        """The family's plan at the base."""
        return self.families[self.family_name]

    @property
    def base_values(self) -> dict[str, AxisValue]:
        """Value of each axis at the base."""
        minors = max(design.minors for design in self.plan.designs)
        values: dict[str, AxisValue] = {"minors": minors, "minor_mass": self.plan.minor_mass, "overlap": 0.0}
        values["majors"] = self.plan.majors
        prior = getattr(self.family(self.family_name), "concentration", None)
        return values if prior is None else values | {"concentration": prior}

    def point(self, axis: str, value: AxisValue) -> Point:
        """Return the point where an axis has a value."""
        return BASE if value == self.base_values[axis] else Point(axis, value)

    @property
    def points(self) -> tuple[Point, ...]:
        """Every point once, the base first whether or not an axis names its value."""
        named = (self.point(axis, value) for axis, values in self.axes.items() for value in values)
        return tuple(dict.fromkeys((BASE, *named)))

    @property
    def work(self) -> list[tuple[Point, int]]:
        """Every point and seed, in the order in which they are run."""
        return [(point, seed) for seed in self.plan.seeds for point in self.points]

    def at(self, point: Point) -> Experiment:
        """Return the experiment of a point but for the overlap, which is no part of one."""
        if point.axis in (None, "overlap"):
            return self.base
        content = self.base.model_dump(exclude_none=True)
        plan = content["families"][self.family_name]
        if point.axis == "minors":
            max(plan["designs"], key=lambda design: design["minors"])["minors"] = point.value
        else:
            (plan["tasks"] if point.axis == "concentration" else plan)[point.axis] = point.value
        return parse_experiment(tomli_w.dumps(content), point.name)

    def seed_plan(self, point: Point, seed: int) -> SeedPlan:
        """Draw the tasks of a point and seed."""
        plan = SeedPlan.of(self.at(point), self.family_name, seed)
        if point.axis != "overlap":
            return plan
        majors = overlapping(plan.setting.majors, point.value)
        mixtures = {design: replace(mixture, majors=majors) for design, mixture in plan.mixtures.items()}
        return replace(plan, mixtures=mixtures, setting=replace(plan.setting, majors=majors))

    def networks(self, point: Point, seed: int) -> dict[str, tuple[Point, NetworkPlan]]:
        """Return the networks of a point and seed by design, each with the point at which it is trained and kept."""
        plan = self.seed_plan(point, seed)
        found = {}
        for network in networks_of(plan):
            home = point if network.mixture.n_minors else point.plain
            found[network.design] = home, replace(network, seed_plan=self.seed_plan(home, seed))
        return found


def parse_sweep(text: str, origin: str) -> SweepExperiment:
    """Read a sweep from TOML text; an `ExperimentError` of one sentence, which names the origin, if it is none."""
    return parse_experiment(text, origin, SweepExperiment)


def load_sweep(source: str | Path) -> SweepExperiment:
    """Read the shipped sweep, by its name "sweep", or a sweep file.

    Raises
    ------
    ExperimentError
        One sentence: the file cannot be read, or is no sweep.
    """
    if source == PRESET:
        return load_shipped(PRESET, PRESET, SweepExperiment)
    return load_experiment(Path(source), SweepExperiment)


def _require_two_designs(experiment: Experiment) -> None:
    if len(experiment.families) != 1:
        raise ExperimentError(f"a sweep is of one family; got {sorted(experiment.families)}")
    [(family, plan)] = experiment.families.items()
    minors = [design.minors for design in plan.designs]
    if len(minors) != 2 or min(minors) != 0:
        raise ExperimentError(f"families.{family}.designs: a sweep needs minors = 0 and one other; got minors {minors}")


def _require_point(sweep: SweepExperiment, point: Point) -> None:
    """Refuse a point whose experiment cannot be built."""
    _require_two_designs(sweep.at(point))
    if point.axis != "overlap":
        return
    if not 0 <= point.value < 1:
        raise ExperimentError(f"axes.overlap must be at least 0 and less than 1; got {point.value}")
    tasks = sweep.family(sweep.family_name).sample_pool(np.random.default_rng(0), 2)
    try:
        overlapping(tasks, point.value)
    except ValueError as error:
        raise ExperimentError(f"axes.overlap: {error}") from error
