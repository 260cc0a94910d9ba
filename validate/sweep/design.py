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

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import tomli_w

from theory import overlapping
from validate.claims.catalogue import DIVERSE, MAJORS_ONLY
from validate.experiment.schema import Experiment, ExperimentError, FamilyPlan, parse_experiment
from validate.experiment.seed_plan import SeedPlan

PRESET = "sweep"

Number: TypeAlias = int | float
"""A value of an axis; numbers of tasks are whole."""


@dataclass(frozen=True)
class Axis:
    """How an axis is called in figures, and whether its scale is one of ratios."""

    label: str
    logarithmic: bool


AXES: Mapping[str, Axis] = {
    "minors": Axis("number N of minors", logarithmic=True),
    "minor_mass": Axis("mass q of the minors", logarithmic=True),
    "concentration": Axis("concentration a of the prior", logarithmic=True),
    "overlap": Axis("overlap o of the majors", logarithmic=False),
    "majors": Axis("number K of majors", logarithmic=False),
}
"""What can be varied, by the name a sweep file uses."""


@dataclass(frozen=True)
class Point:
    """The base with one axis set to another value; the base itself has no axis."""

    axis: str | None = None
    value: Number = 0.0

    @property
    def name(self) -> str:
        """How the point is called in files and sentences."""
        return "base" if self.axis is None else f"{self.axis}={self.value:g}"

    @property
    def plain(self) -> "Point":
        """The point whose majors-only network this one shares: minors that are not there have no mass."""
        return BASE if self.axis in ("minors", "minor_mass") else self


BASE = Point()


@dataclass(frozen=True)
class SweepExperiment:
    """A base experiment and the values each axis takes.

    Attributes
    ----------
    base : Experiment
        One family; one design without minors and one with.
    axes : mapping of str to tuple of numbers
        In the order in which they are run and shown.
    """

    base: Experiment
    axes: Mapping[str, tuple[Number, ...]]

    @property
    def name(self) -> str:
        """The experiment's name."""
        return self.base.name

    @property
    def kind(self) -> str:
        """Name of the family."""
        return next(iter(self.base.families))

    @property
    def plan(self) -> FamilyPlan:
        """The family's plan at the base."""
        return self.base.families[self.kind]

    @cached_property
    def base_values(self) -> dict[str, Number]:
        """Value of each axis at the base."""
        minors = max(design.minors for design in self.plan.designs)
        values: dict[str, Number] = {"minors": minors, "minor_mass": self.plan.minor_mass, "overlap": 0.0}
        values["majors"] = self.plan.majors
        prior = getattr(self.base.family(self.kind), "concentration", None)
        return values if prior is None else values | {"concentration": prior}

    def point(self, axis: str, value: Number) -> Point:
        """Return the point where an axis has a value."""
        return BASE if value == self.base_values[axis] else Point(axis, value)

    @property
    def points(self) -> tuple[Point, ...]:
        """Every point once, the base first whether or not an axis names its value."""
        named = (self.point(axis, value) for axis, values in self.axes.items() for value in values)
        return tuple(dict.fromkeys((BASE, *named)))

    def experiment(self, point: Point) -> Experiment:
        """Return the experiment of a point but for the overlap, which is no part of one."""
        if point.axis in (None, "overlap"):
            return self.base
        content = self.base.model_dump(exclude_none=True)
        plan = content["families"][self.kind]
        if point.axis == "minors":
            max(plan["designs"], key=lambda design: design["minors"])["minors"] = point.value
        else:
            (plan["tasks"] if point.axis == "concentration" else plan)[point.axis] = point.value
        return parse_experiment(tomli_w.dumps(content), point.name)

    def part(self, point: Point, seed: int) -> SeedPlan:
        """Draw the tasks of a point and seed."""
        part = SeedPlan.of(self.experiment(point), self.kind, seed)
        if point.axis != "overlap":
            return part
        majors = overlapping(part.setting.majors, point.value)
        mixtures = {design: replace(mixture, majors=majors) for design, mixture in part.mixtures.items()}
        return replace(part, mixtures=mixtures, setting=replace(part.setting, majors=majors))

    @property
    def work(self) -> list[tuple[int, Point]]:
        """Every (seed, point), in the order in which they are run."""
        return [(seed, point) for seed in self.plan.seeds for point in self.points]

    def to_dict(self) -> dict[str, Any]:
        """Return the sweep as plain tables, defaults spelled out."""
        content = self.base.model_dump(exclude_none=True)
        axes = {axis: list(values) for axis, values in self.axes.items()}
        return {"name": content.pop("name"), "axes": axes} | content

    def to_toml(self) -> str:
        """Write the sweep as TOML that reads back to the same sweep."""
        return tomli_w.dumps(self.to_dict())


def parse_sweep(text: str, origin: str) -> SweepExperiment:
    """Read a sweep from TOML text.

    Parameters
    ----------
    origin : str
        Where the text came from, named in errors.

    Raises
    ------
    ExperimentError
        One sentence: what `parse_experiment` refuses, at the base or at a point, or axes that make no sweep.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ExperimentError(f"{origin} is not valid TOML: {error}") from error
    axes = content.pop("axes", None)
    base = parse_experiment(tomli_w.dumps(content), origin)
    try:
        _require_two_designs(base)
        sweep = SweepExperiment(base, _axes(axes))
        for axis, values in sweep.axes.items():
            for value in values:
                _require_point(sweep, Point(axis, value))
    except ExperimentError as error:
        raise ExperimentError(f"{origin}: {error}") from error
    return sweep


def load_sweep(source: str | Path) -> SweepExperiment:
    """Read the shipped sweep, by its name "sweep", or a sweep file.

    Raises
    ------
    ExperimentError
        One sentence: the file cannot be read, or is no sweep.
    """
    if source == PRESET:
        text = resources.files("validate.experiment").joinpath("presets", f"{PRESET}.toml").read_text("utf-8")
        return parse_sweep(text, f"preset {PRESET}")
    try:
        text = Path(source).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ExperimentError(f"{source} cannot be read as a sweep: {error}") from error
    return parse_sweep(text, str(source))


def _require_two_designs(base: Experiment) -> None:
    if len(base.families) != 1:
        raise ExperimentError(f"a sweep is of one family; got {sorted(base.families)}")
    (kind,) = base.families
    minors = [design.minors for design in base.families[kind].designs]
    if len(minors) != 2 or min(minors) != 0:
        raise ExperimentError(f"families.{kind}.designs: a sweep needs minors = 0 and one other; got minors {minors}")


def _axes(table: Any) -> dict[str, tuple[Number, ...]]:
    if not isinstance(table, dict) or not table:
        raise ExperimentError(f"a sweep needs a table [axes] with some of {', '.join(AXES)}")
    for axis, values in table.items():
        if axis not in AXES:
            raise ExperimentError(f"axes.{axis} is not an axis; there are {', '.join(AXES)}")
        numbers = isinstance(values, list) and all(type(value) in (int, float) for value in values)
        if not numbers or len(set(values)) < max(2, len(values)):
            raise ExperimentError(f"axes.{axis} must be a list of two or more different numbers; got {values!r}")
    return {axis: tuple(sorted(values)) for axis, values in table.items()}


def _require_point(sweep: SweepExperiment, point: Point) -> None:
    """Refuse a point whose experiment cannot be built."""
    _require_two_designs(sweep.experiment(point))
    if point.axis != "overlap":
        return
    if not 0 <= point.value < 1:
        raise ExperimentError(f"axes.overlap must be at least 0 and less than 1; got {point.value}")
    tasks = sweep.base.family(sweep.kind).sample_pool(np.random.default_rng(0), 2)
    try:
        overlapping(tasks, point.value)
    except ValueError as error:
        raise ExperimentError(f"axes.overlap: {error}") from error


def networks_of(part: SeedPlan) -> tuple[str, str]:
    """Return the names of the designs without minors and with."""
    return part.designs[MAJORS_ONLY], part.designs[DIVERSE]
