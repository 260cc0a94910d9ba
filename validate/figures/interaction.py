"""Measured interaction of task and current by layer, beside the share the read-out forces (`claims.forced`)."""

import numpy as np
from matplotlib.figure import Figure

from validate.claims.catalogue import CRITERIA
from validate.claims.properties import PropertiesShown
from validate.claims.trajectories import TrajectoriesShown
from validate.figures.group import GalleryFigure, Group
from validate.figures.style import BLACK, ORANGE, intervals, layer_axis, new_figure, series, small_share_axis

LABELS = {
    "P1": "P1: share of all cells (η²)",
    "P1*": "P1*: interaction / (interaction + task)",
}


def interaction_by_layer(group: Group) -> Figure:
    """Draw P1 and P1* at the last position with intervals, a series a network, and the forced share as a line."""
    figure = new_figure(10.0, 3.4)
    (_, along), *_ = group.showing(TrajectoriesShown)
    forced = None if along.forced is None else {"P1": along.forced.of_cells, "P1*": along.forced.of_task}
    drawn: list[float] = []
    for axes, (name, label) in zip(figure.subplots(1, len(LABELS), sharey=True), LABELS.items(), strict=True):
        for network, properties, (colour, marker, dash), shift in series(group, PropertiesShown):
            estimates = [statistics[name] for statistics in properties.properties.values()]
            drawn += [end for estimate in estimates for end in (estimate.value, estimate.low)]
            places = np.arange(len(estimates)) + shift
            intervals(axes, places, estimates, color=colour, marker=marker, ls=dash, label=network.design)
            layer_axis(axes, list(properties.properties))
        if forced is not None:
            text = "share the read-out forces on the states it reads"
            axes.axhline(forced[name], color=ORANGE, lw=2.5, alpha=0.8, zorder=1, label=text)
        axes.axhline(CRITERIA[name].tolerance, color=BLACK, ls="--", lw=1, label="tolerance")
        axes.set_title(label)
    # The axes share their scale.
    small_share_axis(figure.axes[0], drawn)
    figure.axes[0].set_ylabel("share of squares, last position")
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


FIGURE = GalleryFigure(
    name="interaction",
    title="Measured interaction beside what the read-out forces",
    caption="Interaction of task and current by layer, at the last position, with intervals. The thick line is the"
    " interaction of what a linear read-out must produce (centred log-laws, or means): states that are additive in the"
    " last layer cannot give the right predictions unless it is 0. States also vary in directions that the read-out"
    " does not see, so their own share may be smaller.",
    draw=interaction_by_layer,
    needs=(PropertiesShown, TrajectoriesShown),
    untrained=True,
)
