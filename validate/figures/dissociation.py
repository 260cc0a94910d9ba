"""Double dissociation, what V carries, and where history is needed, one row a network."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from validate.claims.causal.carrying import CarryingShown
from validate.claims.causal.dissociation import DissociationShown
from validate.claims.causal.filtered import EXPLAINED, VARIATION
from validate.claims.causal.history import HistoryShown
from validate.claims.causal.rises import CONTROL, THETA, V
from validate.claims.causal.samples import FRESH, MAJORS, MINORS
from validate.figures.group import GalleryFigure, Group
from validate.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    POPULATIONS,
    PURPLE,
    RED,
    SKY,
    judged_layer,
    layer_axis,
    new_figure,
)
from validate.statistics.intervals import Estimate, percentile_range

COLOURS = {MAJORS: BLUE, MINORS: ORANGE, FRESH: RED}
BANDS = {"equal rank": ("#BBBBBB", "random, equal rank"), "equal norm": ("#E3E3E3", "random, equal norm")}
REMOVED = {THETA: "span{θ} removed", V: "V removed"}
PARTS = {EXPLAINED: GREEN, "unexplained": PURPLE, "shift": SKY}
CARRIED = {
    "V": "V, running\nstatistics",
    "V on plain averages": "V, plain\naverages",
    "span of theta": "span{θ}, running\nstatistics",
    "random subspaces": "random, running\nstatistics",
}


def dissociation_bars(group: Group) -> Figure:
    """Draw rises of the loss with random bands, parts of V, what it carries, and history by layer."""
    figure = new_figure(14.0, 3.0 * len(group.networks) + 0.4)
    grid = figure.subplots(len(group.networks), 5, squeeze=False)
    shown = zip(
        grid,
        group.showing(DissociationShown),
        group.showing(CarryingShown),
        group.showing(HistoryShown),
        strict=True,
    )
    for row, (network, dissociation), (_, carrying), (_, history) in shown:
        for axes, name in zip(row, REMOVED, strict=False):
            _rises(axes, dissociation, name)
        _parts(row[2], carrying.filtered)
        _carries(row[3], carrying.carries)
        _history(row[4], history.history)
        row[0].set_ylabel(f"{network.design}, layer {judged_layer(network)}\nrise of the loss (nats)")
    figure.legend(*_once(grid[0][0], grid[0][1]), loc="outside lower left", ncols=3)
    return figure


def _rises(axes: Axes, dissociation: DissociationShown, name: str) -> None:
    """Draw a bar a population over the bands that random subspaces span; a diamond is the removal along covariance."""
    removal, control = dissociation.removals[name], dissociation.removals[CONTROL].rises
    tops, bottoms = [], []
    for place, (population, colour) in enumerate(COLOURS.items()):
        if population not in removal.rises:
            continue
        for match, (shade, label) in reversed(BANDS.items()):
            low, high = percentile_range(np.array(removal.random[match][population]))
            axes.fill_between([place - 0.48, place + 0.48], low, high, color=shade, lw=0, label=label, zorder=1)
        rise = removal.rises[population]
        axes.bar(place, rise.value, 0.5, color=colour, yerr=_ends(rise), capsize=3, zorder=2)
        tops.append(rise.high)
        bottoms.append(rise.low)
        if name == V:
            value = control[population].value
            axes.plot(place, value, "D", mfc="white", mec=BLACK, ms=5, ls="none", zorder=3, label="along covariance")
            tops.append(value)
    axes.axhline(0, color=BLACK, lw=0.8)
    axes.set_xticks(range(len(COLOURS)), [POPULATIONS[population] for population in COLOURS])
    axes.set_ylim(min(-0.25 * max(tops), 1.2 * min(bottoms)), 1.35 * max(tops))
    axes.set_title(REMOVED[name])


def _parts(axes: Axes, filtered: dict[str, Estimate]) -> None:
    for place, (name, colour) in enumerate(PARTS.items()):
        axes.bar(place, filtered[name].value, 0.5, color=colour, yerr=_ends(filtered[name]), capsize=3)
    both = filtered[VARIATION].value
    axes.axhline(both, color=BLACK, ls="--", lw=1, label=VARIATION)
    axes.axhline(0, color=BLACK, lw=0.8)
    axes.set_xticks(range(len(PARTS)), PARTS)
    axes.set_ylim(top=1.3 * max(both, *(filtered[name].high for name in PARTS)))
    axes.set_title("parts of V removed, fresh tasks")
    axes.legend(fontsize=7, loc="upper right")


def _carries(axes: Axes, carries: dict[str, Estimate]) -> None:
    for place, name in enumerate(CARRIED):
        colour = GREEN if name == "V" else "#AAAAAA"
        axes.barh(place, carries[name].value, 0.55, color=colour, xerr=_ends(carries[name]), capsize=3)
    axes.set_yticks(range(len(CARRIED)), CARRIED.values(), fontsize=7)
    axes.invert_yaxis()
    axes.set_xlim(min(0, axes.get_xlim()[0]), 1)
    axes.set_xlabel("held-out R²")
    axes.set_title("what is carried")


def _history(axes: Axes, by_site: dict[str, Estimate]) -> None:
    rises = list(by_site.values())
    errors = np.concatenate([_ends(rise) for rise in rises], axis=1)
    axes.errorbar(range(len(rises)), [rise.value for rise in rises], yerr=errors, color=BLUE, marker="o", capsize=3)
    axes.axhline(0, color=BLACK, lw=0.8)
    layer_axis(axes, list(by_site))
    axes.set_ylabel("rise of the loss (nats)")
    axes.set_title("history swapped, majors")


def _ends(estimate: Estimate) -> np.ndarray:
    """Return how far the interval reaches below and above the value, shape (2, 1)."""
    return np.maximum([[estimate.value - estimate.low], [estimate.high - estimate.value]], 0)


def _once(*panels: Axes) -> tuple[list[Any], list[str]]:
    """Return one handle for each label of some panels."""
    table = {label: handle for axes in panels for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    return list(table.values()), list(table)


FIGURE = GalleryFigure(
    name="dissociation",
    title="Double dissociation, what V carries, and history",
    caption="Rise of the loss when the span of the task vectors, or V, is removed from the states, by population, with"
    " intervals over sequences; bands: random subspaces of equal rank and of equal removed norm. Then the parts of V's"
    " effect that running statistics of the context explain, how well these predict the coordinates on V, and the rise"
    " when earlier positions' states are swapped for another sequence's, by layer.",
    draw=dissociation_bars,
    needs=(DissociationShown, CarryingShown, HistoryShown),
)
