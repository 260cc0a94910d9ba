"""The table of calibration on the console, and as files."""

from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from validate.experiment.folder import write_text
from validate.figures.calibration import calibration_figure
from validate.figures.style import house_style, save
from validate.judging.calibration.rows import COVERAGE, FALSE_SUPPORT, Calibration
from validate.judging.results import as_json
from validate.report.wording import short
from validate.statistics.intervals import LEVEL

COLUMNS = 80
"""The table is never wider."""

NAME = "calibration.json"


def print_calibration(console: Console, table: Calibration) -> None:
    """Print a line for each statistic, world and size; what misses its bounds is marked."""
    title = f"Calibration: {table.worlds} draws of each world, seed {table.seed}"
    lines = Table(title=title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    lines.add_column("world")
    lines.add_column("statistic")
    for heading in ("n", "truth", "bias", "cover", "power", "false"):
        lines.add_column(heading, justify="right", no_wrap=True)
    world = ""
    for row in table.rows:
        covers = COVERAGE[0] <= row.coverage <= COVERAGE[1]
        false = row.false_support
        lines.add_row(
            row.world if row.world != world else "",
            row.statistic,
            str(row.n),
            short(row.truth),
            short(row.bias),
            _marked(f"{row.coverage:.2f}", covers),
            "" if row.power is None else f"{row.power:.2f}",
            "" if false is None else _marked(f"{false:.2f}", false <= FALSE_SUPPORT),
        )
        world = row.world
    console.print(lines, width=min(console.width, COLUMNS))
    chance = 2 * (LEVEL * (1 - LEVEL) / table.worlds) ** 0.5
    console.print(
        f"cover: intervals that hold the truth, to be {COVERAGE[0]} to {COVERAGE[1]}; power and false: draws that are"
        f" supported where the truth meets the tolerance and where it does not, the latter at most {FALSE_SUPPORT}."
        f" Marked (!): outside. Chance alone moves a share of {LEVEL} by {chance:.2f}.",
        width=min(console.width, COLUMNS),
        highlight=False,
    )


def write_calibration(path: Path, table: Calibration) -> Path:
    """Write the rows as JSON and the figure beside them; a folder gets files of its own name. Return the first."""
    path = path / NAME if path.is_dir() else path
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, as_json(table))
    with house_style("calibration"):
        save(calibration_figure(table), path.with_suffix(".svg"))
    return path


def _marked(text: str, good: bool) -> str:
    return text if good else f"{text}!"
