"""The true task's weight over the sequence: fitted coordinates beside the exact posterior and the running average."""

import numpy as np
from matplotlib.figure import Figure

from validate.claims.trajectories import TrajectoriesShown
from validate.figures.group import GalleryFigure, Group
from validate.figures.style import BLACK, BLUE, ORANGE, RED, at_chosen, new_figure, position_axis

SERIES = {
    "posterior": (BLUE, "-", "exact posterior α"),
    "states": (RED, "--", "fitted to states β"),
    "averaging": (ORANGE, ":", "running average γ (median)"),
}


def alignment_bands(group: Group) -> Figure:
    """Draw the median and the 10 to 90 percent band of the true task's weight, a panel a network."""
    shown = group.showing(TrajectoriesShown)
    figure = new_figure(3.5 * len(shown) + 0.4, 3.6)
    grid = figure.subplots(1, len(shown), squeeze=False, sharey=True)[0]
    for axes, (network, along) in zip(grid, shown, strict=True):
        for name, (colour, dash, label) in SERIES.items():
            quantiles = np.array(along.alignment[name])
            read = np.arange(quantiles.shape[1]) + 1
            if name != "averaging":
                axes.fill_between(read, quantiles[0], quantiles[-1], color=colour, alpha=0.18, lw=0)
            axes.plot(read, quantiles[len(quantiles) // 2], color=colour, ls=dash, label=label)
        axes.axhline(1 / group.plan.majors, color=BLACK, lw=0.6)
        axes.set_title(at_chosen(network))
        axes.set_ylim(-0.02, 1.02)
        position_axis(axes, network.family)
    grid[0].set_ylabel("weight of the true task\n(median, 10–90 % of sequences)")
    figure.legend(*grid[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(SERIES))
    return figure


FIGURE = GalleryFigure(
    name="alignment",
    title="Simplex weights against the exact posterior",
    caption="Weight of the true task over held-out sequences of the majors, at the site found on other sequences;"
    " bands for the posterior and the states, the median alone for the running average. A network that infers the task"
    " follows the posterior; one that averages its context follows the running average.",
    draw=alignment_bands,
    needs=(TrajectoriesShown,),
    untrained=True,
)
