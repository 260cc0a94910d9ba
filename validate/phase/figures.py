"""The figures of a map: heat maps over (step, N), curves with bands over seeds, and the threshold by step."""

from collections.abc import Callable, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from validate.capture.skill import LEARNED
from validate.figures.style import BLACK, BLUE, GREEN, ORANGE, POPULATIONS, PURPLE, RED, SKY, new_figure
from validate.phase.experiment import POLES
from validate.phase.found import ColumnResult, Look
from validate.phase.looks import PLACED
from validate.phase.results import Judged
from validate.phase.thresholds import seeds_of, threshold_at

Value = Callable[[ColumnResult, Look], float]
Grid = Sequence[ColumnResult]

PREDICTION_LOOKS = {
    "indifference": (BLUE, "--"),
    "rational": (RED, "-"),
    "count": (GREEN, "-."),
    "same step": ("#777777", ":"),
    "same threshold": (ORANGE, (0, (1, 1))),
}
POPULATION_COLOURS = {"training": BLUE, "majors": SKY, "minors": GREEN, "fresh": ORANGE}
"""Colour and dash of predictions; colours of populations."""


def decades() -> LogLocator:
    """Return where a logarithmic scale has its numbers."""
    return LogLocator(subs=(1.0, 2.0, 5.0))


def table(grid: Grid, value: Value) -> np.ndarray:
    """Return a value by seed, look and diversity."""
    return np.array(
        [
            [[value(column, column.looks[look]) for column in own] for look in range(len(own[0].looks))]
            for own in seeds_of(grid).values()
        ]
    )


def steps_of(grid: Grid) -> np.ndarray:
    """Return the numbers of updates looked at."""
    return np.array([look.step for look in grid[0].looks])


def diversities_of(grid: Grid) -> np.ndarray:
    """Return the diversities."""
    return np.array([column.diversity for column in next(iter(seeds_of(grid).values()))])


def phase(population: str) -> Value:
    """Return the phase on a population."""
    return lambda column, look: look.phase[population]


def loss_on(population: str) -> Value:
    """Return the network's loss on a population."""
    return lambda column, look: look.loss[population]


def loss_of(pole: str, population: str) -> Value:
    """Return a pole's loss on a population."""
    return lambda column, look: column.poles[population].loss[pole]


def above_poles(population: str) -> Value:
    """Return the network's loss on a population less that of the better pole."""
    return lambda column, look: look.loss[population] - min(column.poles[population].loss.values())


def weight_on(population: str) -> Value:
    """Return the weight of the second pole in the nearest mix."""
    return lambda column, look: look.mix[population].weight


def panels(grid: Grid) -> list[tuple[str, Value, str]]:
    """Return title, value and scale of each heat map."""
    populations = [name for name in ("training", "majors", "fresh") if name in grid[0].looks[0].phase]
    shown: list[tuple[str, Value, str]] = [
        (f"phase, {POPULATIONS[name]}", phase(name), "phase") for name in populations
    ]
    shown.append(("weight of the second pole, fresh tasks", lambda _, look: look.mix["fresh"].weight, "share"))
    shown.append(("1 − skill", lambda _, look: max(1 - look.skill, 1e-4), "lack"))
    shown.append(("nearest mix to network, fresh, nats", lambda _, look: max(look.mix["fresh"].distance, 1e-5), "lack"))
    if grid[0].looks[0].inside:
        shown.append(("R²_OOD, middle layer", lambda _, look: look.inside[look.middle_site], "share"))
        shown.append(("R²_OOD*, symbol removed", lambda _, look: look.inside_starred[look.middle_site], "share"))
    return shown


SCALES: dict[str, tuple[str, Callable[[np.ndarray], Normalize]]] = {
    "phase": ("RdBu_r", lambda values: TwoSlopeNorm(0, -_reach(values), _reach(values))),
    "share": ("viridis", lambda _: Normalize(0, 1)),
    "lack": ("magma_r", lambda values: LogNorm(np.nanmin(values), np.nanmax(values))),
}


def _reach(values: np.ndarray) -> float:
    return max(0.3, float(np.nanmax(np.abs(values))))


def map_figure(grid: Grid) -> Figure:
    """Draw the heat maps: means over seeds, and on phases the measured threshold where it lies inside the grid."""
    shown = panels(grid)
    n_columns = 4 if len(shown) > 6 else 3
    n_rows = -(-len(shown) // n_columns)
    figure = new_figure(3.4 * n_columns, 2.7 * n_rows)
    axes_grid = figure.subplots(n_rows, n_columns, squeeze=False)
    steps, log_n = steps_of(grid), np.log2(diversities_of(grid))
    for axes, (title, value, scale) in zip(axes_grid.flat, shown, strict=False):
        means = table(grid, value).mean(axis=0)
        palette, norm = SCALES[scale]
        mesh = axes.pcolormesh(
            _edges(np.log(steps)),
            _edges(log_n),
            means.T,
            cmap=mpl.colormaps[palette],
            norm=norm(means),
            rasterized=True,
        )
        ticks = decades() if scale == "lack" else None
        bar = figure.colorbar(mesh, ax=axes, fraction=0.06, aspect=18, ticks=ticks, format=StrMethodFormatter("{x:g}"))
        bar.ax.minorticks_off()
        axes.set_title(title)
        axes.grid(visible=False)
        step_ticks(axes, steps)
        diversity_ticks(axes.yaxis, log_n)
        if scale == "phase":
            population = title.removeprefix("phase, ")
            name = next(key for key, words in POPULATIONS.items() if words == population)
            places = [_inside(grid, name, look) for look in range(len(steps))]
            axes.plot(np.log(steps), places, color=BLACK, lw=1.4, marker=".", ms=4)
    for axes in axes_grid.flat[len(shown) :]:
        axes.set_axis_off()
    for axes in axes_grid[:, 0]:
        axes.set_ylabel(counted(grid))
    for axes in axes_grid[-1]:
        axes.set_xlabel("updates")
    return figure


def counted(grid: Grid) -> str:
    """Return what the diversity of a map counts."""
    return "minors N" if grid[0].mixture == "minors" else "tasks N of the pool"


def _inside(grid: Grid, population: str, look: int) -> float:
    found = [threshold_at(own, population, look) for own in seeds_of(grid).values()]
    inside = [value for value, how in found if not how]
    return float(np.mean(inside)) if 2 * len(inside) > len(found) else float("nan")


def _edges(centres: np.ndarray) -> np.ndarray:
    middle = (centres[1:] + centres[:-1]) / 2
    return np.concatenate([[2 * centres[0] - middle[0]], middle, [2 * centres[-1] - middle[-1]]])


def step_ticks(axes: Axes, steps: np.ndarray) -> None:
    """Label an axis of log steps with numbers of updates."""
    shown = [step for step in (10, 30, 100, 300, 1000, 3000, 10000, 30000) if steps[0] <= step <= steps[-1]]
    axes.set_xticks(np.log(shown), [str(step) for step in shown])


def diversity_ticks(axis: mpl.axis.Axis, log_n: np.ndarray) -> None:
    """Label an axis of log2 N with numbers of tasks."""
    shown = log_n if len(log_n) <= 7 else log_n[::2]
    axis.set_ticks(shown, [f"{2**value:.0f}" for value in shown])


def band(axes: Axes, x: np.ndarray, values: np.ndarray, colour: object, label: str, dash: str = "-") -> None:
    """Draw the mean over seeds with the band they span."""
    axes.plot(x, values.mean(axis=0), color=colour, ls=dash, label=label)
    axes.fill_between(x, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.18, lw=0)


def curves_figure(grid: Grid) -> Figure:
    """Draw losses, places and R2_OOD at the end by diversity, and the loss on fresh tasks by step."""
    figure = new_figure(11.5, 6.0)
    losses, places, phases, by_step, inside, excess = figure.subplots(2, 3).flat
    log_n, steps = np.log2(diversities_of(grid)), steps_of(grid)
    poles = POLES[grid[0].mixture]
    for name in grid[0].looks[0].loss:
        loss = table(grid, loss_on(name))[:, -1]
        band(losses, log_n, loss, POPULATION_COLOURS[name], POPULATIONS[name])
        for pole, dash in zip(poles, (":", "--"), strict=True):
            exact = table(grid, loss_of(pole, name))[:, -1]
            losses.plot(log_n, exact.mean(axis=0), color=POPULATION_COLOURS[name], ls=dash, lw=1)
        band(phases, log_n, table(grid, phase(name))[:, -1], POPULATION_COLOURS[name], POPULATIONS[name])
        least = table(grid, above_poles(name))
        band(excess, np.log(steps), least.mean(axis=2), POPULATION_COLOURS[name], POPULATIONS[name])
    for name in grid[0].looks[0].mix:
        weight = table(grid, weight_on(name))[:, -1]
        band(places, log_n, weight, POPULATION_COLOURS[name], POPULATIONS[name])
    fresh = table(grid, lambda _, look: look.loss["fresh"])
    for index in np.unique(np.linspace(0, len(log_n) - 1, 6).round().astype(int)):
        colour = mpl.colormaps["viridis"](0.9 * index / max(len(log_n) - 1, 1))
        band(by_step, np.log(steps), fresh[:, :, index], colour, f"N = {2 ** log_n[index]:.0f}")
    late = fresh[:, len(steps) // 3 :]
    by_step.set_ylim(late.min() - 0.02, late.max() + 0.02)
    if grid[0].looks[0].inside:
        for label, value, colour in (
            ("R²_OOD", lambda _, look: look.inside[look.middle_site], BLUE),
            ("R²_OOD*", lambda _, look: look.inside_starred[look.middle_site], PURPLE),
        ):
            band(inside, log_n, table(grid, value)[:, -1], colour, f"{label}, end")
            band(inside, log_n, table(grid, value)[:, 0], colour, f"{label}, first look", ":")
        inside.set_ylim(0, 1)
        inside.set_title("fresh states in the majors' span")
    else:
        lack = table(grid, lambda _, look: 1 - look.skill)[:, -1]
        band(inside, log_n, lack, BLACK, "network")
        inside.axhline(1 - LEARNED, color=RED, ls=":", label="learned")
        inside.set_title("1 − skill at the end")
    phases.axhline(0, color=BLACK, lw=0.8)
    excess.set_yscale("log")
    excess.yaxis.set_major_locator(decades())
    excess.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    excess.yaxis.set_minor_locator(NullLocator())
    for axes, title in (
        (losses, f"loss at the end, nats (dotted {poles[0]}, dashed {poles[1]})"),
        (places, f"weight of {poles[1]} in the nearest mix"),
        (phases, f"phase: below 0 nearer {poles[0]}"),
        (by_step, "loss on fresh tasks, nats"),
        (excess, "loss above the better pole, mean over N"),
    ):
        axes.set_title(title)
    for axes in (losses, places, phases, inside):
        diversity_ticks(axes.xaxis, log_n)
        axes.set_xlabel(counted(grid))
    for axes in (by_step, excess):
        step_ticks(axes, steps)
        axes.set_xlabel("updates")
    for axes in (losses, places, phases, by_step, inside, excess):
        axes.legend(fontsize=7)
    return figure


def threshold_figure(grid: Grid, judged: Judged) -> Figure:
    """Draw the measured threshold by step, a dot a seed, beside the predicted ones: a panel a population."""
    figure = new_figure(10.0, 3.6)
    panels = figure.subplots(1, len(PLACED), sharey=True)
    for axes, population in zip(panels, PLACED, strict=True):
        _thresholds(axes, grid, judged, population)
    panels[0].set_ylabel(f"threshold, {counted(grid)}")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right center")
    return figure


def _thresholds(axes: Axes, grid: Grid, judged: Judged, population: str) -> None:
    steps, log_n = steps_of(grid), np.log2(diversities_of(grid))
    for own in seeds_of(grid).values():
        found = [threshold_at(own, population, look) for look in range(len(steps))]
        inside = [value if not how else float("nan") for value, how in found]
        outside = [value if how else float("nan") for value, how in found]
        axes.plot(np.log(steps), inside, color=BLACK, ls="", marker="o", ms=4)
        axes.plot(np.log(steps), outside, color=BLACK, ls="", marker="x", ms=4, alpha=0.5)
    for score in judged.scores:
        if score.thresholds and score.population == population:
            colour, dash = PREDICTION_LOOKS[score.prediction]
            axes.plot(np.log(steps), score.thresholds, color=colour, ls=dash, label=score.prediction)
    axes.plot([], [], color=BLACK, ls="", marker="o", label="measured, a seed")
    axes.plot([], [], color=BLACK, ls="", marker="x", alpha=0.5, label="beyond the grid")
    axes.set_title(POPULATIONS[population])
    step_ticks(axes, steps)
    diversity_ticks(axes.yaxis, log_n)
    axes.set_xlabel("updates")
