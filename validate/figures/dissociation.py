"""Double dissociation, what V carries, and where history is needed, one column a network."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from validate.figures.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, RED, SKY, new_figure

POPULATIONS = {"majors": BLUE, "minors": ORANGE, "fresh": RED}
BANDS = {"equal rank": ("#BBBBBB", "random, equal rank"), "equal norm": ("#E3E3E3", "random, equal norm")}
REMOVED = {"theta": "span{θ} removed", "V": "V removed"}
PARTS = {"explained": GREEN, "unexplained": PURPLE, "shift": SKY}
CARRIED = {
    "V": "V, running\nstatistics",
    "V on plain averages": "V, plain\naverages",
    "span of theta": "span{θ}, running\nstatistics",
    "random subspaces": "random, running\nstatistics",
}


def dissociation_bars(networks: list[dict[str, Any]]) -> Figure:
    """Draw rises of the loss with random bands, parts of V, what it carries, and history by layer.

    Each network has "design" and "causal", the portrait of `claims.causal.tests`; those without a second
    mode are left out.
    """
    shown = [network for network in networks if "dissociation" in network["causal"]]
    figure = new_figure(14.0, 3.0 * len(shown) + 0.4)
    grid = figure.subplots(len(shown), 5, squeeze=False)
    for row, network in zip(grid, shown, strict=True):
        causal = network["causal"]
        for axes, name in zip(row, REMOVED, strict=False):
            _rises(axes, causal, name)
        _parts(row[2], causal)
        _carries(row[3], causal["carries"])
        _history(row[4], causal)
        row[0].set_ylabel(f"{network['design']}, {causal['site']}\nrise of the loss (nats)")
    figure.legend(*_once(grid[0][0], grid[0][1]), loc="outside lower left", ncols=3)
    return figure


def _rises(axes: Axes, causal: dict[str, Any], name: str) -> None:
    """Draw a bar a population over the bands that random subspaces span; a diamond is the removal along covariance."""
    entry, control = causal["dissociation"][name], causal["dissociation"]["V along covariance"]["rises"]
    tops, bottoms = [], []
    for place, (population, colour) in enumerate(POPULATIONS.items()):
        if population not in entry["rises"]:
            continue
        for kind, (shade, label) in reversed(BANDS.items()):
            low, high = np.percentile(entry["random"][kind][population], [2.5, 97.5])
            axes.fill_between([place - 0.48, place + 0.48], low, high, color=shade, lw=0, label=label, zorder=1)
        rise = entry["rises"][population]
        axes.bar(place, rise["value"], 0.5, color=colour, yerr=_ends(rise), capsize=3, zorder=2)
        tops.append(rise["high"])
        bottoms.append(rise["low"])
        if name == "V":
            value = control[population]["value"]
            axes.plot(place, value, "D", mfc="white", mec=BLACK, ms=5, ls="none", zorder=3, label="along covariance")
            tops.append(value)
    axes.axhline(0, color=BLACK, lw=0.8)
    axes.set_xticks(range(len(POPULATIONS)), ["majors", "minors", "fresh tasks"])
    axes.set_ylim(min(-0.25 * max(tops), 1.2 * min(bottoms)), 1.35 * max(tops))
    axes.set_title(REMOVED[name])


def _parts(axes: Axes, causal: dict[str, Any]) -> None:
    for place, (name, colour) in enumerate(PARTS.items()):
        rise = causal["filtered"][name]
        axes.bar(place, rise["value"], 0.5, color=colour, yerr=_ends(rise), capsize=3)
    both = causal["filtered"]["explained and unexplained"]["value"]
    axes.axhline(both, color=BLACK, ls="--", lw=1, label="explained and unexplained")
    axes.axhline(0, color=BLACK, lw=0.8)
    axes.set_xticks(range(len(PARTS)), PARTS)
    axes.set_ylim(top=1.3 * max(both, *(causal["filtered"][name]["high"] for name in PARTS)))
    axes.set_title("parts of V removed, fresh tasks")
    axes.legend(fontsize=7, loc="upper right")


def _carries(axes: Axes, carries: dict[str, Any]) -> None:
    for place, name in enumerate(CARRIED):
        share = carries[name]
        value, interval = [share["value"]], _ends(share)
        axes.barh(place, value, 0.55, color=GREEN if name == "V" else "#AAAAAA", xerr=interval, capsize=3)
    axes.set_yticks(range(len(CARRIED)), CARRIED.values(), fontsize=7)
    axes.invert_yaxis()
    axes.set_xlim(min(0, axes.get_xlim()[0]), 1)
    axes.set_xlabel("held-out R²")
    axes.set_title("what is carried")


def _history(axes: Axes, causal: dict[str, Any]) -> None:
    rises = list(causal["history"].values())
    values = np.array([rise["value"] for rise in rises])
    errors = np.concatenate([_ends(rise) for rise in rises], axis=1)
    axes.errorbar(range(len(rises)), values, yerr=errors, color=BLUE, marker="o", capsize=3)
    axes.axhline(0, color=BLACK, lw=0.8)
    axes.set_xticks(range(len(rises)))
    axes.set_xlabel("layer")
    axes.set_ylabel("rise of the loss (nats)")
    axes.set_title("history swapped, majors")


def _ends(estimate: dict[str, float]) -> np.ndarray:
    """Return how far the interval reaches below and above the value, shape (2, 1)."""
    value = estimate["value"]
    return np.maximum([[value - estimate["low"]], [estimate["high"] - value]], 0)


def _once(*panels: Axes) -> tuple[list[Any], list[str]]:
    """Return one handle for each label of some panels."""
    table = {label: handle for axes in panels for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    return list(table.values()), list(table)
