"""Where states of fresh tasks lie, by layer: share in the span of the task vectors, angles, dimension, distance."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from validate.figures.style import BLACK, intervals, layer_axis, network_looks, new_figure

KINDS = {"single": "single sequences", "averaged": "states averaged over a task's sequences"}
FAINT = "#BBBBBB"

Network = dict[str, Any]


def subspace_shares(networks: list[Network]) -> Figure:
    """Draw R2_OOD with intervals over fresh tasks: a panel for single and averaged states, a series a network."""
    figure = new_figure(9.5, 3.0)
    for axes, (kind, label) in zip(figure.subplots(1, 2, sharey=True), KINDS.items(), strict=True):
        for network, (colour, marker, dash), shift in _series(networks):
            shares = list(network["subspace"].values())
            layers = np.arange(len(shares)) + shift
            look = {"color": colour, "marker": marker, "ls": dash, "label": network["design"]}
            intervals(axes, layers, [share[kind] for share in shares], **look)
        chance = np.mean([share["chance"]["value"] for network in networks for share in network["subspace"].values()])
        axes.axhline(chance, color=BLACK, ls=":", lw=1, label="random subspace")
        axes.set_title(label)
        layer_axis(axes, len(networks[0]["subspace"]))
        axes.set_ylim(0, 1)
    figure.axes[0].set_ylabel("R²_OOD on the span of task vectors\n(share of squares)")
    figure.legend(*figure.axes[1].get_legend_handles_labels(), loc="outside right center")
    return figure


def fresh_directions(networks: list[Network]) -> Figure:
    """Draw smallest angle, share in the minors' directions, effective dimension and distance by layer."""
    figure = new_figure(11.5, 5.4)
    grid = figure.subplots(2, 2)
    for axes, panel in zip(grid.flat, (_angles, _shares, _dimensions, _distances), strict=True):
        for network, (colour, marker, dash), shift in _series(networks):
            layers = np.arange(len(network["orthogonality"])) + shift
            panel(axes, network, layers, {"color": colour, "marker": marker, "ls": dash, "label": network["design"]})
        layer_axis(axes, max(len(network["orthogonality"]) for network in networks))
    _random_angles(grid[0][0], networks[0])
    grid[0][0].set(ylabel="degrees", ylim=(0, 92), title="smallest angle, fresh tasks to task span")
    title = "fresh tasks in three directions of the minors\n(thin: of their own)"
    grid[0][1].set(ylabel="share of squares", ylim=(0, 1.02), title=title)
    grid[1][0].set(ylabel="participation ratio", title="effective dimension of fresh tasks' mean states")
    grid[1][1].set(
        ylabel="distance / radius inside", title="distance of fresh tasks to the task span, root mean square"
    )
    for axes in grid[1]:
        axes.set_ylim(bottom=0)
    figure.legend(*grid[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=6)
    return figure


def _series(networks: Sequence[Network]) -> "list[tuple[Network, tuple[str, str, str], float]]":
    """Return each network with its look and a shift that keeps intervals apart."""
    shifts = 0.12 * (np.arange(len(networks)) - (len(networks) - 1) / 2)
    return list(zip(networks, network_looks(networks), shifts.tolist(), strict=True))


def _angles(axes: Axes, network: Network, layers: np.ndarray, look: dict[str, Any]) -> None:
    intervals(axes, layers, [site["angles"]["fresh"]["smallest"] for site in network["orthogonality"].values()], **look)


def _random_angles(axes: Axes, network: Network) -> None:
    """Shade where the angles to random subspaces lie."""
    level = [site["angles"]["random subspace"]["smallest"] for site in network["orthogonality"].values()]
    low, high = ([estimate[end] for estimate in level] for end in ("low", "high"))
    axes.fill_between(range(len(level)), low, high, color=FAINT, alpha=0.4, lw=0, label="random subspaces, 95 %")


def _shares(axes: Axes, network: Network, layers: np.ndarray, look: dict[str, Any]) -> None:
    """Draw the share inside the minors' directions, and faintly that inside the fresh tasks' own."""
    shares = [site["shares"]["fresh"] for site in network["orthogonality"].values()]
    if "minors' directions" in shares[0]:
        axes.plot(layers, [share["minors' directions"] for share in shares], **look)
    axes.plot(layers, [share["own directions"] for share in shares], color=look["color"], lw=0.8, ls=look["ls"])


def _dimensions(axes: Axes, network: Network, layers: np.ndarray, look: dict[str, Any]) -> None:
    axes.plot(layers, [site["dimension"]["fresh"]["averaged"] for site in network["orthogonality"].values()], **look)


def _distances(axes: Axes, network: Network, layers: np.ndarray, look: dict[str, Any]) -> None:
    distance = [site["distance"] for site in network["orthogonality"].values()]
    axes.plot(layers, [one["rms"] / one["radius"] for one in distance], **look)
