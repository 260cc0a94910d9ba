"""What figures over training steps share."""

import numpy as np
from matplotlib.figure import Figure

from validate.figures.style import POPULATIONS

EVALUATED = ("training", "fresh")
"""The populations on which networks are evaluated while they train."""


def finish(figure: Figure, grid: np.ndarray) -> None:
    """Name the columns by population and give the figure one legend."""
    for axes, population in zip(grid[0], EVALUATED, strict=False):
        axes.set_title(POPULATIONS[population])
    for axes in grid[-1]:
        axes.set_xlabel("training step")
    figure.legend(*grid[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
