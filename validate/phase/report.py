"""The page of a map: one self-contained HTML file, made from ``phase.json`` alone."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure

from theory import FAMILIES
from validate.experiment.folder import write_text
from validate.figures.style import POPULATIONS, house_style, save
from validate.phase.experiment import BASE, POLES, Kind
from validate.phase.figures import curves_figure, map_figure, threshold_figure
from validate.phase.found import ColumnResult
from validate.phase.results import Judged, PhaseResults, Threshold, read_map
from validate.phase.thresholds import grids, group_key
from validate.phase.variants import MEASURES, variants
from validate.report.wording import number

MIXTURES: dict[Kind, str] = {
    "minors": "majors and N minors",
    "pool": "a uniform pool of N tasks",
    "unequal": "a pool of N tasks of unequal weights",
}
CAPTIONS = {
    "map": "Means over seeds by training step and diversity. Phase: log₁₀ KL({0} ‖ network) / KL({1} ‖ network), blue"
    " nearer {0}, red nearer {1}; black line: where it changes sign, if it does in most seeds.",
    "curves": "Means over seeds, bands: all seeds. Exact predictors on the same sequences beside them.",
    "threshold": "The diversity at which the phase changes sign, by training step, and what is predicted"
    " for it from the other half of the seeds.",
}


@dataclass(frozen=True)
class Section:
    """What the page shows of one family, mixture and variant."""

    title: str
    poles: tuple[str, str]
    columns: int
    parameters: int
    training_seconds: float
    looking_seconds: float
    judged: Judged
    thresholds: list[Threshold]
    figures: dict[str, str]
    captions: dict[str, str]


def _picture(draw: Callable[[], Figure], path: Path) -> str:
    with house_style(path.stem):
        save(draw(), path)
    return base64.b64encode(path.read_bytes()).decode()


def title(family: str, mixture: Kind) -> str:
    """Return how a family and a mixture are called in headings."""
    return f"{FAMILIES[family].title}, {MIXTURES[mixture]}"


def section(results: PhaseResults, grid: list[ColumnResult], folder: Path) -> Section:
    """Draw the figures of one map and gather what its section shows."""
    first = grid[0]
    judged = next(one for one in results.judged if (one.family, one.mixture, one.variant) == group_key(first))
    name = f"{first.family}.{first.mixture}.{first.variant}"
    draw: dict[str, Callable[[], Figure]] = {"map": lambda: map_figure(grid), "curves": lambda: curves_figure(grid)}
    if judged.scores:
        draw["threshold"] = lambda: threshold_figure(grid, judged)
    poles = POLES[first.mixture]
    return Section(
        title=", ".join([title(first.family, first.mixture), *([] if first.variant == BASE else [first.variant])]),
        poles=poles,
        columns=len(grid),
        parameters=first.parameters,
        training_seconds=sum(column.training_seconds for column in grid) / len(grid),
        looking_seconds=sum(column.looking_seconds for column in grid) / len(grid),
        judged=judged,
        thresholds=[row for row in results.thresholds if (row.family, row.mixture, row.variant) == group_key(first)],
        figures={part: _picture(make, folder / "figures" / f"{name}.{part}.svg") for part, make in draw.items()},
        captions={part: CAPTIONS[part].format(*poles) for part in draw},
    )


def write_phase_report(folder: Path) -> Path:
    """Draw the figures of a map and write ``phase.html``; returns its path."""
    results = read_map(folder)
    (folder / "figures").mkdir(exist_ok=True)
    environment = Environment(
        loader=PackageLoader("validate.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["number"] = number
    html = environment.get_template("phase.html").render(
        results=results,
        experiment=results.experiment.to_toml(),
        populations=POPULATIONS,
        measures=list(MEASURES),
        variants={title(family, mixture): rows for (family, mixture), rows in variants(results.columns).items()},
        sections=[section(results, grid, folder) for grid in grids(results.columns)],
    )
    path = folder / "phase.html"
    write_text(path, html)
    return path
