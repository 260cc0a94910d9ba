"""The first picture of a report: do states follow the posterior, what does that look like, and what does diversity do?

Three panels of one family: the distance of each sequence's coordinates to its own posterior and to its own running
average, by position; one sequence in the task simplex; and, against the number of minors, how much of fresh tasks'
states lies in the task span and which mode the predictions are nearer to.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from validate.claims.fresh_states import FreshStatesShown
from validate.claims.modes import ModesShown
from validate.claims.trajectories import TrajectoriesShown
from validate.figures.style import (
    BLACK,
    BLUE,
    ORANGE,
    RED,
    UNTRAINED_LOOK,
    judged_layer,
    position_axis,
)
from validate.figures.ternary import name_corners, ternary
from validate.judging.results import NetworkResult, Results

RIVALS = {"posterior": (BLUE, "-", "to its posterior α"), "averaging": (ORANGE, "--", "to its running average γ")}


@dataclass(frozen=True)
class Overview:
    """What the picture shows: the networks of one family, of all seeds, trained on majors only and with most minors."""

    family: str
    trained: Sequence[NetworkResult]
    control: NetworkResult | None
    minors: dict[str, int]

    @property
    def first(self) -> NetworkResult:
        """The network of the first two panels: of the first seed, with the fewest minors."""
        return min(self.trained, key=lambda network: self.minors[network.design])

    @classmethod
    def of(cls, results: Results) -> "Overview | None":
        """Return that of the first family whose networks have all of it; None if there is none."""
        for family, plan in results.experiment.families.items():
            needed = (TrajectoriesShown, FreshStatesShown, ModesShown)
            trained = [
                network
                for network in results.networks
                if network.family == family and all(network.show(model) is not None for model in needed)
            ]
            control = [one for one in results.untrained if one.family == family and one.show(TrajectoriesShown)]
            if trained and plan.majors == 3:
                minors = {design.name: design.minors for design in plan.designs}
                return cls(family, trained, control[0] if control else None, minors)
        return None


def draw_overview(overview: Overview) -> Figure:
    """Draw the three panels."""
    figure = Figure(figsize=(12.6, 3.9))
    figure.subplots_adjust(left=0.055, right=0.945, bottom=0.2, top=0.86, wspace=0.38)
    _distances(figure.add_subplot(1, 3, 1), overview)
    _sequence(figure, overview)
    _diversity(figure.add_subplot(1, 3, 3), overview)
    return figure


def _distances(axes: Axes, overview: Overview) -> None:
    for network, weight in ((overview.first, 1.0), (overview.control, 0.45)):
        along = None if network is None else network.show(TrajectoriesShown)
        if network is None or along is None:
            continue
        for name, (colour, dash, label) in RIVALS.items():
            quantiles = np.array(along.distance[name])
            read = np.arange(quantiles.shape[1]) + 1
            marker = UNTRAINED_LOOK[1] if network is overview.control else ""
            if network is overview.first:
                axes.fill_between(read, quantiles[1], quantiles[-2], color=colour, alpha=0.15, lw=0)
            axes.plot(
                read, quantiles[len(quantiles) // 2], color=colour, ls=dash, alpha=weight, marker=marker, markevery=5,
                label=f"{'untrained' if marker else 'trained'}, {label}",
            )  # fmt: skip
    axes.set(
        ylim=(0, None), ylabel="total variation of a sequence's β", title="(a) states against posterior and average"
    )
    position_axis(axes, overview.family)
    axes.legend(fontsize=7)


def _sequence(figure: Figure, overview: Overview) -> None:
    along = overview.first.show(TrajectoriesShown)
    assert along is not None
    axes = ternary(figure, 1, 3, 2)
    paths = along.trajectories["majors"]
    for side, marker, colour, label in (("posterior", "o", BLUE, "α"), ("states", "x", RED, "β")):
        weights = np.array(paths[side][0])
        top, left, right = weights.T
        axes.plot(top, left, right, color=colour, lw=0.8, alpha=0.7)
        filled = {"facecolors": "none", "edgecolors": colour} if marker == "o" else {"color": colour}
        axes.scatter(top, left, right, s=np.linspace(6, 46, len(weights)), marker=marker, lw=0.8, label=label, **filled)
    name_corners(axes)
    axes.legend(loc="upper left", fontsize=8, bbox_to_anchor=(-0.12, 1.0))
    axes.set_title("(b) one sequence; marks grow as it is read", pad=16)


def _diversity(axes: Axes, overview: Overview) -> None:
    other = axes.twinx()
    other.grid(visible=False)
    seeds = sorted({network.seed for network in overview.trained})
    for index, seed in enumerate(seeds):
        own = sorted(
            (one for one in overview.trained if one.seed == seed), key=lambda network: overview.minors[network.design]
        )
        counts = [overview.minors[network.design] for network in own]
        site = own[0].site
        shares, modes = [], []
        for network in own:
            states, contest = network.show(FreshStatesShown), network.show(ModesShown)
            assert states is not None
            assert contest is not None
            shares.append(states.subspace[site].rest.value)
            distance = contest.populations["fresh"].distance
            modes.append(np.log10(distance["M1"].mean.value / distance["M2"].mean.value))
        told = index == 0
        axes.plot(counts, shares, color=BLUE, marker="o", lw=1, label="R²_OOD*" if told else None)
        other.plot(counts, modes, color=RED, marker="s", ls="--", lw=1, label="mode" if told else None)
    other.axhline(0, color=BLACK, lw=0.5)
    axes.set_xscale("symlog", linthresh=1, linscale=0.4)
    ticks = sorted(set(overview.minors.values()))
    axes.set_xticks(ticks, [str(count) for count in ticks])
    axes.minorticks_off()
    axes.set(xlabel="minor tasks in training", ylim=(0, 1), title="(c) fresh tasks, a line a seed")
    axes.set_ylabel("R²_OOD* inside the task span", color=BLUE)
    other.set_ylabel("log₁₀ KL(M1 ‖ net) / KL(M2 ‖ net)", color=RED)


def caption(overview: Overview) -> str:
    """Tell what is drawn."""
    first = overview.first
    control = "; paler, with triangles, an untrained network" if overview.control else ""
    return (
        f"{overview.family}. (a) Total variation between the coordinates β fitted to a sequence's states and its own"
        " exact posterior α, or its own running average γ: median and quartiles over held-out sequences, network"
        f" trained on {first.design}, layer {judged_layer(first)}{control}. (b) One held-out sequence of it in"
        " the simplex of the majors. (c) Left axis: share of fresh tasks' states, without what is current, inside the"
        " span of the task vectors. Right axis: below 0 predictions on fresh tasks are nearer to retrieval (M1), above"
        " 0 to extrapolation (M2)."
    )
