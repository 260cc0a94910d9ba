"""The analytic ladder as tables of values, one a scope: which rung meets which criterion."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from validate.claims.catalogue import CRITERIA
from validate.claims.rule import Criterion, Where
from validate.experiment.scopes import Scope
from validate.figures.group import GalleryFigure, Group
from validate.figures.style import new_figure
from validate.judging.results import LadderResult
from validate.statistics.intervals import UNDEFINED, Estimate

SHADES: dict[Where, str] = {
    "inside": "#CFE8DF",
    "straddles": "#FBF3C4",
    "outside": "#F6D9C6",
    "undefined": "#EEEEEE",
}
WORDS: dict[Where, str] = {"inside": "met", "straddles": "open", "outside": "missed", "undefined": "—"}
JUDGES = {True: "yes", False: "no"}
BLANK = "#FFFFFF"
ROW, LABEL, COLUMN = 0.25, 2.5, 1.25
"""Height of a row, and widths of the first and the other columns, inches."""


def ladder_tables(group: Group) -> Figure:
    """Draw a table for each scope: rungs across, criteria down, and whether the criterion may judge claims.

    A cell says the value and whether the tolerance is met.
    """
    ladder = group.ladder
    scopes = {scope: criteria for scope in ladder.calibrated if (criteria := _criteria(ladder, scope))}
    rows = [len(criteria) + 2.7 for criteria in scopes.values()]
    figure = new_figure(LABEL + COLUMN * (len(ladder.rungs) + 1), ROW * sum(rows))
    grid = figure.subplots(len(scopes), 1, squeeze=False, height_ratios=rows)[:, 0]
    for axes, (scope, criteria) in zip(grid, scopes.items(), strict=True):
        axes.set_title(f"{ladder.family}: {scope}", loc="left", pad=3)
        _table(axes, ladder, scope, criteria)
    return figure


def _criteria(ladder: LadderResult, scope: Scope) -> list[Criterion]:
    """Return the criteria that the ladder rules on in a scope; others need a network with altered states."""
    return [criterion for name, criterion in CRITERIA.items() if name in ladder.calibrated[scope]]


def _table(axes: Axes, ladder: LadderResult, scope: Scope, criteria: list[Criterion]) -> None:
    axes.set_axis_off()
    cells, shades = [], []
    for criterion in criteria:
        name = criterion.statistic
        found = [_cell(criterion, rung.get(scope, {}).get(name, UNDEFINED)) for rung in ladder.rungs.values()]
        cells.append(
            [f"{name} {criterion.bound()}", *(text for text, _ in found), JUDGES[ladder.calibrated[scope][name]]]
        )
        shades.append([BLANK, *(SHADES[place] for _, place in found), BLANK])
    widths = np.array([LABEL, *[COLUMN] * (len(ladder.rungs) + 1)])
    table = axes.table(
        cellText=cells,
        cellColours=shades,
        colLabels=["criterion", *ladder.rungs, "may judge?"],
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


def _cell(criterion: Criterion, estimate: Estimate) -> tuple[str, Where]:
    place = criterion.place(estimate)
    if place == "undefined":
        return WORDS[place], place
    return f"{round(estimate.value, 3) + 0.0:.3f} {WORDS[place]}", place


FIGURE = GalleryFigure(
    name="ladder",
    title="The analytic ladder",
    caption="The statistics of the claims on states whose content is known, by scope of the claims. A statistic may"
    " judge only if the states that hold what its claim is about meet its tolerance, and nothing it must tell from them"
    " could be taken for them: random states, and for some statistics more. Other rungs may meet a tolerance too, so a"
    " statistic that judges need not tell its claim from everything here. Causal tests are not here: they need a"
    " network that is run with altered states.",
    draw=ladder_tables,
)
