"""The axes along which a sweep varies the training distribution, and the points on them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

AxisValue: TypeAlias = int | float
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
    value: AxisValue = 0.0

    @property
    def name(self) -> str:
        """How the point is called in files and sentences."""
        return "base" if self.axis is None else f"{self.axis}={self.value:g}"

    @property
    def plain(self) -> "Point":
        """The point whose majors-only network this one shares: minors that are not there have no mass."""
        return BASE if self.axis in ("minors", "minor_mass") else self


BASE = Point()
