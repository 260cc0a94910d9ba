"""Coverage of every interval, and support by the size of the effect, from the table of calibration."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from validate.claims.catalogue import CRITERIA
from validate.figures.style import BLACK, BLUE, GREEN, RED, new_figure
from validate.judging.calibration.rows import COVERAGE, FALSE_SUPPORT, Calibration, CalibrationRow
from validate.statistics.intervals import LEVEL

MARKERS = ((BLUE, "o"), (GREEN, "s"), (RED, "^"))
"""Colour and marker by size of the sample, the smallest first."""


def calibration_figure(table: Calibration) -> Figure:
    """Draw a line for each statistic: coverage in all worlds at the left, the share of supported draws at the right.

    At the right a filled marker is power (the truth meets the tolerance), an empty one false support.
    """
    names = [name for name in CRITERIA if any(row.statistic == name for row in table.rows)]
    sizes = sorted({row.n for row in table.rows})
    figure = new_figure(8.0, 1.2 + 0.22 * len(names))
    left, right = figure.subplots(1, 2, sharey=True)
    for index, n in enumerate(sizes):
        colour, marker = MARKERS[index % len(MARKERS)]
        rows = [row for row in table.rows if row.n == n]
        _points(left, names, [(row, row.coverage, True) for row in rows], index, colour, marker, f"n = {n}")
        supported = [(row, _supported(row), row.power is not None) for row in rows]
        _points(right, names, supported, index, colour, marker, None)
    left.axvspan(*COVERAGE, color=BLACK, alpha=0.1, lw=0)
    tail = stats.binom.ppf(0.025, table.worlds, LEVEL) / table.worlds
    left.axvline(tail, color=BLACK, ls=":", lw=1, label=f"chance in {table.worlds} draws")
    left.axvline(LEVEL, color=BLACK, lw=0.8)
    right.axvline(FALSE_SUPPORT, color=BLACK, ls="--", lw=0.8)
    left.set_yticks(range(len(names)), names)
    left.invert_yaxis()
    left.set_xlabel("share of draws whose interval holds the truth")
    right.set_xlabel("share of draws supported\n(filled: rightly; empty: falsely, at most .05)")
    figure.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=len(sizes) + 1)
    return figure


def _supported(row: CalibrationRow) -> float:
    share = row.false_support if row.power is None else row.power
    return float("nan") if share is None else share


def _points(
    axes: Axes,
    names: list[str],
    points: list[tuple[CalibrationRow, float, bool]],
    index: int,
    colour: str,
    marker: str,
    label: str | None,
) -> None:
    for filled in (True, False):
        own = [(value, names.index(row.statistic)) for row, value, full in points if full == filled]
        if own:
            x, y = np.array(own).T
            face = colour if filled else "none"
            axes.scatter(x, y + 0.2 * (index - 1), s=14, c=face, edgecolors=colour, marker=marker, label=label)
