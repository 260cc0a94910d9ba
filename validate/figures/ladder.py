"""The analytic ladder as a table of values: which rung meets which criterion."""

from typing import Any

from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from validate.claims import CRITERIA
from validate.figures.style import new_figure
from validate.intervals import Estimate
from validate.judgement import Criterion

SHADES = {"inside": "#CFE8DF", "straddles": "#FBF3C4", "outside": "#F6D9C6", "undefined": "#EEEEEE"}
WORDS = {"inside": "met", "straddles": "open", "outside": "missed", "undefined": "—"}


def ladder_table(ladder: dict[str, Any]) -> Figure:
    """Draw rungs across and criteria down; a cell says the value and whether the tolerance is met."""
    criteria = list(CRITERIA.values())
    rungs = ladder["rungs"]
    figure = new_figure(1.9 + 1.35 * len(rungs), 0.36 * (len(criteria) + 2))
    axes = figure.add_subplot()
    axes.set_axis_off()
    cells, shades = [], []
    for criterion in criteria:
        found = [_cell(criterion, statistics.get(criterion.statistic)) for statistics in rungs.values()]
        cells.append([text for text, _ in found])
        shades.append([SHADES[place] for _, place in found])
    table = axes.table(
        cellText=cells,
        cellColours=shades,
        rowLabels=[f"{criterion.statistic} {criterion.bound()}" for criterion in criteria],
        colLabels=list(rungs),
        cellLoc="center",
        bbox=Bbox.unit(),
    )
    table.auto_set_font_size(False)
    table.set_fontsize(8)
    for (row, column), cell in table.get_celld().items():
        cell.set_linewidth(0.4)
        if row == 0 or column == -1:
            cell.set_text_props(weight="bold")
    return figure


def _cell(criterion: Criterion, estimate: dict[str, float] | None) -> tuple[str, str]:
    if estimate is None or any(value is None for value in estimate.values()):
        return WORDS["undefined"], "undefined"
    place = criterion.place(Estimate(**estimate))
    return f"{estimate['value']:.3f} {WORDS[place]}", place
