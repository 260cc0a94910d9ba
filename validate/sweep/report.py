"""The report of a sweep: one self-contained HTML file, made from ``sweep.json`` alone."""

import base64
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from validate.experiment.folder import inside, write_text
from validate.figures.style import house_style, save
from validate.report.wording import number
from validate.sweep.axes import AXES, AxisValue
from validate.sweep.figure import axis_figure
from validate.sweep.quantities import QUANTITIES
from validate.sweep.results import Pooled, ShapeRow, SweepResults, read_sweep

CHANGE_MEANING = {
    "supported": "the change lies on the expected side of 0 and beyond that of untrained networks",
    "unspecific": "the change lies on the expected side of 0, but untrained networks show as much",
    "refuted": "the change lies on the other side of 0",
    "inconclusive": "the interval of the change holds 0",
    "not tested": "the change, or that of untrained networks, is not defined",
}


@dataclass(frozen=True)
class Section:
    """What the page shows of one axis: the figure as base64, each statistic by value, and the first seed's shapes."""

    axis: str
    figure: str
    values: list[AxisValue]
    table: dict[str, list[Pooled]]
    shapes: list[ShapeRow]

    @classmethod
    def of(cls, results: SweepResults, axis: str, path: Path) -> "Section":
        """Draw an axis' figure to a file and gather what its section shows."""
        with house_style(f"sweep.{axis}"):
            save(axis_figure(results, axis, AXES[axis]), path)
        table = {name: results.along(axis, name) for name in QUANTITIES}
        seed = min(results.experiment.plan.seeds)
        shapes = [row for row in results.shapes_along(axis) if row.seed == seed]
        figure = base64.b64encode(path.read_bytes()).decode()
        return cls(axis, figure, results.experiment.axes[axis], table, shapes)


def write_sweep_report(folder: Path) -> Path:
    """Draw the figures of a sweep and write ``sweep.html``; returns its path."""
    results = read_sweep(folder)
    figures = inside(folder, "figures")
    figures.mkdir(exist_ok=True)
    sections = [Section.of(results, axis, figures / f"{axis}.svg") for axis in results.experiment.axes]
    environment = Environment(
        loader=PackageLoader("validate.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["number"] = number
    verdicts = [row.verdict for row in results.hypotheses]
    html = environment.get_template("sweep.html").render(
        sweep=results,
        experiment=results.experiment.to_toml(),
        sections=sections,
        quantities=QUANTITIES,
        axes=AXES,
        counts={verdict: verdicts.count(verdict) for verdict in CHANGE_MEANING if verdict in verdicts},
        meaning=CHANGE_MEANING,
    )
    path = folder / "sweep.html"
    write_text(path, html)
    return path
