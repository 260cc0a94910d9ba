"""P0 of majors and of minors by layer: does the state stay a function of (task, current)?

The paper's values stand beside those of the same layout. Networks of other depth are compared at the same share of
their depth, layer / (layers - 1).
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from validate.claims.paper import R2_CELL, READ_AT
from validate.claims.stability import StabilityShown
from validate.figures.group import GalleryFigure, Group
from validate.figures.style import BLUE, RED, heading, intervals, new_figure
from validate.judging.layer import layer_of
from validate.judging.results import NetworkResult

GROUPS = {"majors": (BLUE, "o", "-"), "minors": (RED, "s", "--")}


def has_minors(network: NetworkResult, group: Group) -> bool:
    """Tell whether the stability of minors was measured in a network."""
    shown = network.show(StabilityShown)
    return shown is not None and any(np.isfinite(row["minors"].value) for row in shown.stability.values())


def depths(sites: Sequence[str]) -> list[float]:
    """Return the depth of each site; after attention is half a layer before the layer's MLP."""
    places = [layer_of(site, sites) - (0.5 if site.startswith("post_attention.") else 0.0) for site in sites]
    return [place / (places[-1] or 1.0) for place in places]


def stability_by_layer(group: Group) -> Figure:
    """Draw P0 at the last position by depth: a panel a network with minors."""
    shown = group.showing(StabilityShown)
    figure = new_figure(5.2 * len(shown) + 1.8, 3.4)
    grid = figure.subplots(1, len(shown), squeeze=False, sharey=True)[0]
    for axes, (network, measured) in zip(grid, shown, strict=True):
        rows, depth = list(measured.stability.values()), depths(list(measured.stability))
        for name, (colour, marker, dash) in GROUPS.items():
            estimates = [row[name] for row in rows]
            intervals(axes, depth, estimates, color=colour, marker=marker, ls=dash, label=f"{name}, this run")
            paper = R2_CELL.get(network.family)
            if paper is not None:
                look = {"color": colour, "marker": marker, "mfc": "white", "ls": ":", "lw": 1}
                last = len(paper[name]) - 1
                theirs = [f"{READ_AT}{layer}" for layer in range(last + 1)]
                axes.plot(depths([*theirs, f"post_mlp.{last}"])[:-1], paper[name], label=f"{name}, paper", **look)
        axes.set_title(heading(network))
        axes.set_xlabel("depth: layer / (layers − 1)")
    grid[0].set_ylabel("P0: R² of task and current\n(share of squares, last position)")
    figure.legend(*grid[0].get_legend_handles_labels(), loc="outside right center")
    return figure


FIGURE = GalleryFigure(
    name="stability",
    title="Majors and minors: is the state a function of task and current?",
    caption="P0 of the majors and of groups of as many minors, by depth of the network, beside the values of the paper"
    " for the same layout (hollow; other sizes, one seed, after attention). The paper finds that late layers hold a"
    " function of task and current for majors and not for minors.",
    draw=stability_by_layer,
    needs=(StabilityShown,),
    qualifies=has_minors,
)
