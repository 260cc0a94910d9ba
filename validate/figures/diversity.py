"""R2_OOD, angles and dimensions against the number of minors, at the layer chosen in the majors-only network."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from validate.claims.fresh_states import Directions, FreshStatesShown, Shares
from validate.figures.group import GalleryFigure, Group
from validate.figures.style import BLACK, BLUE, GREEN, ORANGE, RED, UNTRAINED_LOOK, intervals, judged_layer, new_figure


@dataclass(frozen=True)
class Point:
    """One network at the layer that all are shown at."""

    n_minors: int
    subspace: Shares
    directions: Directions


def diversity(group: Group) -> Figure:
    """Draw one point a design: R2_OOD, the angles, the shares in the minors' directions, and effective dimensions.

    Untrained networks give the level that needs no learning.
    """
    shown = group.showing(FreshStatesShown)
    fewest = min(group.trained, key=lambda network: group.minors[network.design])
    points = [
        Point(group.minors.get(network.design, 0), states.subspace[fewest.site], states.directions[fewest.site])
        for network, states in shown
    ]
    n_trained = len(group.trained)
    trained, untrained = sorted(points[:n_trained], key=lambda point: point.n_minors), points[n_trained:]
    figure = new_figure(12.5, 4.2)
    counts = [point.n_minors for point in trained]
    for axes, draw in zip(figure.subplots(1, 4), (_shares, _angles, _minors, _dimensions), strict=True):
        draw(axes, trained, untrained)
        axes.set_xscale("symlog", linthresh=1, linscale=0.4)
        axes.set_xticks(counts, [str(count) for count in counts])
        axes.minorticks_off()
        axes.set_xlim(-0.4, 2 * max(1, *counts))
        axes.set_xlabel("minor tasks in training")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), fontsize=7.5)
    figure.suptitle(f"{group.family}: layer {judged_layer(fewest)}, last position", fontsize=10)
    return figure


def _shares(axes: Axes, trained: list[Point], untrained: list[Point]) -> None:
    counts, levels = _counts(trained), [point.subspace for point in untrained]
    shares = [point.subspace for point in trained]
    intervals(axes, counts, [share.averaged for share in shares], label="averaged", color=BLUE, marker="o")
    _levels(axes, [share.averaged.value for share in levels], BLUE, "averaged")
    intervals(axes, counts, [share.single for share in shares], label="single", color=ORANGE, marker="s")
    _levels(axes, [share.single.value for share in levels], ORANGE, "single")
    chance = float(np.mean([share.chance.value for share in shares]))
    axes.axhline(chance, color=BLACK, ls=":", lw=1, label="random subspace")
    axes.set(ylim=(0, 1), ylabel="R²_OOD (share of squares)", title="inside the task span")


def _angles(axes: Axes, trained: list[Point], untrained: list[Point]) -> None:
    counts, levels = _counts(trained), [point.directions.angles["fresh"] for point in untrained]
    angles = [point.directions.angles["fresh"] for point in trained]
    intervals(axes, counts, [angle.smallest for angle in angles], label="smallest", color=BLUE, marker="o")
    _levels(axes, [angle.smallest.value for angle in levels], BLUE, "smallest")
    intervals(axes, counts, [angle.largest for angle in angles], label="largest", color=ORANGE, marker="s")
    _levels(axes, [angle.largest.value for angle in levels], ORANGE, "largest")
    chance = trained[0].directions.angles["random subspace"].smallest
    axes.axhspan(chance.low, chance.high, color="#BBBBBB", alpha=0.4, lw=0, label="smallest, random subspaces")
    axes.set(ylim=(0, 92), ylabel="principal angle (degrees)", title="fresh tasks to the task span")


def _minors(axes: Axes, trained: list[Point], untrained: list[Point]) -> None:
    kinds = (
        ("minors' directions", RED, "o", "three directions of the minors"),
        ("own directions", GREEN, "s", "three of their own"),
    )
    for kind, colour, marker, label in kinds:
        having = [point for point in trained if kind in point.directions.shares["fresh"]]
        shares = [point.directions.shares["fresh"][kind] for point in having]
        axes.plot(_counts(having), shares, color=colour, marker=marker, label=label)
        others = [point.directions.shares["fresh"] for point in untrained]
        _levels(axes, [share[kind] for share in others if kind in share], colour, label)
    axes.set(ylim=(0, 1.02), ylabel="share of squares", title="fresh tasks inside")


def _dimensions(axes: Axes, trained: list[Point], untrained: list[Point]) -> None:
    for population, colour, marker in (("fresh", BLUE, "o"), ("minors", RED, "D"), ("majors", ORANGE, "s")):
        having = [point for point in trained if population in point.directions.dimension]
        ratios = [point.directions.dimension[population].averaged for point in having]
        axes.plot(_counts(having), ratios, color=colour, marker=marker, label=population)
    _levels(axes, [point.directions.dimension["fresh"].averaged for point in untrained], BLUE, "fresh")
    axes.set(ylabel="participation ratio", title="effective dimension of mean states")
    axes.set_ylim(bottom=0)


def _counts(points: list[Point]) -> list[int]:
    return [point.n_minors for point in points]


def _levels(axes: Axes, values: list[float], colour: str, label: str) -> None:
    """Draw the levels of untrained networks."""
    for value in values:
        axes.axhline(value, color=colour, ls=UNTRAINED_LOOK[2], lw=1.2, alpha=0.8, label=f"{label}, untrained")


FIGURE = GalleryFigure(
    name="diversity",
    title="Where states of fresh tasks go as minors are added",
    caption="At the layer chosen in the majors-only network: variance inside the span of the task vectors, angles to"
    " it, variance inside three directions of the minors (and of half of the fresh tasks themselves), and effective"
    " dimensions. Dotted: an untrained network.",
    draw=diversity,
    needs=(FreshStatesShown,),
    untrained=True,
)
