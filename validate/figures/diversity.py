"""R2_OOD, angles and dimensions against the number of minors, at the layer chosen in the majors-only network."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from validate.figures.style import BLACK, BLUE, GREEN, ORANGE, RED, UNTRAINED_LOOK, intervals, layer_of, new_figure

Network = dict[str, Any]


def diversity(networks: list[Network]) -> Figure:
    """Draw one point a design: R2_OOD, the angles, the shares in the minors' directions, and effective dimensions.

    Parameters
    ----------
    networks : list
        Of one family and seed; untrained ones give the level that needs no learning.
    """
    trained = sorted((n for n in networks if n["design"] != "untrained"), key=n_minors)
    untrained = [network for network in networks if network["design"] == "untrained"]
    site = trained[0]["chosen"]
    figure = new_figure(12.5, 4.2)
    row = figure.subplots(1, 4)
    for axes, draw in zip(row, (_shares, _angles, _minors, _dimensions), strict=True):
        draw(axes, trained, untrained, site)
        axes.set_xscale("symlog", linthresh=1, linscale=0.4)
        counts = [n_minors(network) for network in trained]
        axes.set_xticks(counts, [str(count) for count in counts])
        axes.minorticks_off()
        axes.set_xlim(-0.4, 2 * max(1, *counts))
        axes.set_xlabel("minor tasks in training")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), fontsize=7.5)
    figure.suptitle(f"{trained[0]['family']}: layer {layer_of(site)}, last position", fontsize=10)
    return figure


def n_minors(network: Network) -> int:
    """Return how many minors a design has, from its name."""
    return int(network["design"].partition("minors=")[2].split(",")[0])


def _shares(axes: Axes, trained: list[Network], untrained: list[Network], site: str) -> None:
    for kind, colour, marker in (("averaged", BLUE, "o"), ("single", ORANGE, "s")):
        look = {"color": colour, "marker": marker}
        intervals(axes, _counts(trained), [n["subspace"][site][kind] for n in trained], label=kind, **look)
        for network in untrained:
            _level(axes, network["subspace"][site][kind]["value"], colour, f"{kind}, untrained")
    chance = np.mean([network["subspace"][site]["chance"]["value"] for network in trained])
    axes.axhline(chance, color=BLACK, ls=":", lw=1, label="random subspace")
    axes.set(ylim=(0, 1), ylabel="R²_OOD (share of squares)", title="inside the task span")


def _angles(axes: Axes, trained: list[Network], untrained: list[Network], site: str) -> None:
    for which, colour, marker in (("smallest", BLUE, "o"), ("largest", ORANGE, "s")):
        found = [network["orthogonality"][site]["angles"]["fresh"][which] for network in trained]
        intervals(axes, _counts(trained), found, label=which, color=colour, marker=marker)
        for network in untrained:
            angle = network["orthogonality"][site]["angles"]["fresh"][which]["value"]
            _level(axes, angle, colour, f"{which}, untrained")
    level = trained[0]["orthogonality"][site]["angles"]["random subspace"]["smallest"]
    axes.axhspan(level["low"], level["high"], color="#BBBBBB", alpha=0.4, lw=0, label="smallest, random subspaces")
    axes.set(ylim=(0, 92), ylabel="principal angle (degrees)", title="fresh tasks to the task span")


def _minors(axes: Axes, trained: list[Network], untrained: list[Network], site: str) -> None:
    kinds = (
        ("minors' directions", RED, "o", "three directions of the minors"),
        ("own directions", GREEN, "s", "three of their own"),
    )
    for kind, colour, marker, label in kinds:
        having = [network for network in trained if kind in network["orthogonality"][site]["shares"]["fresh"]]
        shares = [network["orthogonality"][site]["shares"]["fresh"][kind] for network in having]
        axes.plot(_counts(having), shares, color=colour, marker=marker, label=label)
        for network in untrained:
            if kind in network["orthogonality"][site]["shares"]["fresh"]:
                _level(axes, network["orthogonality"][site]["shares"]["fresh"][kind], colour, f"{label}, untrained")
    axes.set(ylim=(0, 1.02), ylabel="share of squares", title="fresh tasks inside")


def _dimensions(axes: Axes, trained: list[Network], untrained: list[Network], site: str) -> None:
    for population, colour, marker in (("fresh", BLUE, "o"), ("minors", RED, "D"), ("majors", ORANGE, "s")):
        having = [network for network in trained if population in network["orthogonality"][site]["dimension"]]
        ratios = [network["orthogonality"][site]["dimension"][population]["averaged"] for network in having]
        axes.plot(_counts(having), ratios, color=colour, marker=marker, label=population)
    for network in untrained:
        _level(axes, network["orthogonality"][site]["dimension"]["fresh"]["averaged"], BLUE, "fresh, untrained")
    axes.set(ylabel="participation ratio", title="effective dimension of mean states")
    axes.set_ylim(bottom=0)


def _counts(networks: list[Network]) -> list[int]:
    return [n_minors(network) for network in networks]


def _level(axes: Axes, value: float, colour: str, label: str) -> None:
    """Draw the level of an untrained network."""
    axes.axhline(value, color=colour, ls=UNTRAINED_LOOK[2], lw=1.2, alpha=0.8, label=label)
