"""Triangles whose corners are three tasks."""

from typing import Any

import mpltern  # noqa: F401  (registers the ternary projection)
from matplotlib.figure import Figure


def ternary(figure: Figure, n_rows: int, n_columns: int, place: int) -> Any:
    """Add ternary axes at a place of a grid, counted from 1."""
    return figure.add_subplot(n_rows, n_columns, place, projection="ternary")


def name_corners(axes: Any) -> None:
    """Name the corners on the axes that end in them."""
    axes.grid(visible=True, alpha=0.25)
    for corner, axis in enumerate((axes.taxis, axes.laxis, axes.raxis)):
        axis.set_label_text(f"weight of task {corner + 1}")
        axis.labelpad = 12
        axis.set_ticks([0.25, 0.5, 0.75])
