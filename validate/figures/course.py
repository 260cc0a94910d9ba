"""R2_OOD by training step: a panel a network, a line a layer."""

import numpy as np
from matplotlib.figure import Figure

from validate.claims.fresh_states import FreshStatesShown
from validate.figures.group import GalleryFigure, Group
from validate.figures.style import BLACK, heading, judged_layer, layer_bar, layer_colours, new_figure


def span_course(group: Group) -> Figure:
    """Draw the share inside the span of the task vectors against the training step; dotted: a random subspace."""
    shown = group.showing(FreshStatesShown)
    sites = max((list(states.subspace) for _, states in shown), key=len)
    figure = new_figure(1.2 + 3.4 * len(shown), 3.1)
    grid = figure.subplots(1, len(shown), squeeze=False, sharey=True)
    for axes, (network, states) in zip(grid[0], shown, strict=True):
        own = [row for row in group.rows_of(network) if row.inside]
        steps = [row.step + 1 for row in own]
        for site, colour in zip(states.subspace, layer_colours(len(sites)), strict=False):
            shares = np.array([row.inside.get(site, np.nan) for row in own])
            chosen = site == network.site
            look = {"lw": 2.2, "marker": "o", "ms": 3.5} if chosen else {"lw": 1.2}
            label = f"layer {judged_layer(network)}, found on other sequences" if chosen else None
            axes.plot(steps, shares, color=colour, label=label, **look)
        chance = np.mean([share.chance.value for share in states.subspace.values()])
        axes.axhline(chance, color=BLACK, ls=":", lw=1, label="random subspace")
        axes.set(xscale="log", xlabel="training step", ylim=(0, 1), title=heading(network))
        axes.legend(fontsize=7.5, loc="upper left")
    grid[0][0].set_ylabel("R²_OOD, single sequences\n(share of squares)")
    layer_bar(figure, grid, sites)
    return figure


FIGURE = GalleryFigure(
    name="course",
    title="Fresh tasks and the span of the task vectors, while training",
    caption="The share of the variance of fresh tasks' last states inside the span of the task vectors, of single"
    " sequences, by training step and layer, with task vectors estimated anew at each step from a few sequences. If"
    " the second mode is learned, states of fresh tasks leave the span in the network with minors and stay in the one"
    " without.",
    draw=span_course,
    needs=(FreshStatesShown,),
    qualifies=lambda network, group: any(row.inside for row in group.rows_of(network)),
)
