"""How much of the states of fresh tasks lies in the span of the task vectors, by layer."""

import numpy as np
from matplotlib.figure import Figure

from validate.claims.fresh_states import FreshStatesShown, Shares
from validate.figures.group import GalleryFigure, Group
from validate.figures.style import BLACK, intervals, layer_axis, new_figure, series
from validate.statistics.intervals import Estimate


def subspace_shares(group: Group) -> Figure:
    """Draw R2_OOD with intervals over fresh tasks: a panel for each kind of states, a series a network."""
    figure = new_figure(12.0, 3.0)
    panels = {
        "single sequences": _single,
        "the same, what is current removed": _rest,
        "states averaged over a task's sequences": _averaged,
    }
    for axes, (title, share) in zip(figure.subplots(1, 3, sharey=True), panels.items(), strict=True):
        for network, states, (colour, marker, dash), shift in series(group, FreshStatesShown):
            shares = [share(shares) for shares in states.subspace.values()]
            look = {"color": colour, "marker": marker, "ls": dash, "label": network.design}
            intervals(axes, np.arange(len(shares)) + shift, shares, **look)
            layer_axis(axes, list(states.subspace))
        chance = [
            shares.chance.value for _, states in group.showing(FreshStatesShown) for shares in states.subspace.values()
        ]
        axes.axhline(np.mean(chance), color=BLACK, ls=":", lw=1, label="random subspace")
        axes.set_title(title)
        axes.set_ylim(0, 1)
    figure.axes[0].set_ylabel("R²_OOD on the span of task vectors\n(share of squares)")
    figure.legend(*figure.axes[1].get_legend_handles_labels(), loc="outside right center")
    return figure


def _single(shares: Shares) -> Estimate:
    return shares.single


def _rest(shares: Shares) -> Estimate:
    return shares.rest


def _averaged(shares: Shares) -> Estimate:
    return shares.averaged


FIGURE = GalleryFigure(
    name="subspace",
    title="Fresh tasks and the span of the task vectors",
    caption="Share of the variance of fresh tasks' last states inside the span of the task vectors, with intervals over"
    " tasks, and the same once the vector of what is current is removed."
    " The untrained network shows the level that needs no learning.",
    draw=subspace_shares,
    needs=(FreshStatesShown,),
    untrained=True,
)
