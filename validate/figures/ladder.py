"""The analytic ladder as tables of values, one a scope: which rung meets which criterion."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from validate.claims.catalogue import CRITERIA
from validate.claims.rule import Criterion
from validate.figures.style import new_figure
from validate.statistics.intervals import Estimate

SHADES = {"inside": "#CFE8DF", "straddles": "#FBF3C4", "outside": "#F6D9C6", "undefined": "#EEEEEE"}
WORDS = {"inside": "met", "straddles": "open", "outside": "missed", "undefined": "—"}
JUDGES = {True: "yes", False: "no"}
BLANK = "#FFFFFF"
ROW, LABEL, COLUMN = 0.25, 2.5, 1.25
"""Height of a row, and widths of the first and the other columns, inches."""


def ladder_tables(ladder: dict[str, Any]) -> Figure:
    """Draw a table for each scope: rungs across, criteria down, and whether the criterion may judge claims.

    A cell says the value and whether the tolerance is met.
    """
    scopes = {scope: _criteria(ladder, scope) for scope in ladder["calibrated"]}
    scopes = {scope: criteria for scope, criteria in scopes.items() if criteria}
    rows = [len(criteria) + 2.7 for criteria in scopes.values()]
    figure = new_figure(LABEL + COLUMN * (len(ladder["rungs"]) + 1), ROW * sum(rows))
    grid = figure.subplots(len(scopes), 1, squeeze=False, height_ratios=rows)[:, 0]
    for axes, (scope, criteria) in zip(grid, scopes.items(), strict=True):
        axes.set_title(f"{ladder['family']}: {scope}", loc="left", pad=3)
        _table(axes, ladder, scope, criteria)
    return figure


def _criteria(ladder: dict[str, Any], scope: str) -> list[Criterion]:
    """Return the criteria that the ladder rules on in a scope; others need a network with altered states."""
    return [criterion for name, criterion in CRITERIA.items() if name in ladder["calibrated"][scope]]


def _table(axes: Axes, ladder: dict[str, Any], scope: str, criteria: list[Criterion]) -> None:
    axes.set_axis_off()
    cells, shades = [], []
    for criterion in criteria:
        found = [_cell(criterion, rung.get(scope, {}).get(criterion.statistic)) for rung in ladder["rungs"].values()]
        judges = ladder["calibrated"][scope][criterion.statistic]
        name = f"{criterion.statistic} {criterion.bound()}"
        cells.append([name, *(text for text, _ in found), JUDGES[judges]])
        shades.append([BLANK, *(SHADES[place] for _, place in found), BLANK])
    widths = np.array([LABEL, *[COLUMN] * (len(ladder["rungs"]) + 1)])
    table = axes.table(
        cellText=cells,
        cellColours=shades,
        colLabels=["criterion", *ladder["rungs"], "may judge?"],
        colWidths=(widths / widths.sum()).tolist(),
        cellLoc="center",
        bbox=Bbox.unit(),
    )
    table.auto_set_font_size(False)
    table.set_fontsize(8)
    for (row, column), cell in table.get_celld().items():
        cell.set_linewidth(0.4)
        if row == 0 or column == 0:
            cell.set_text_props(weight="bold")


def _cell(criterion: Criterion, estimate: dict[str, Any] | None) -> tuple[str, str]:
    if estimate is None or any(value is None for value in estimate.values()):
        return WORDS["undefined"], "undefined"
    place = criterion.place(Estimate(**estimate))
    return f"{round(estimate['value'], 3) + 0.0:.3f} {WORDS[place]}", place
