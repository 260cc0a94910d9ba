"""Numbers of neighbouring papers beside ours, by the same statistic where they gave one.

Raventos et al. (2023), regression: the risk of ridge on y at d = 8, 16 points, sigma = .5, which theory has exactly
(the covariates are drawn); and the number of tasks at which the network changes from the pool's posterior mean to
ridge.

Wurgaft et al. (2025), dice: the total variation between the network and the mix of the poles that the rational account
predicts, and the correlation of their places between the poles (`found.Mix.relative`), over diversities and steps. The
account is fitted to the other half of the seeds; the steps are those of the later half in log, when a network has left
its initial state.

Park et al. (2024), Markov chains: four phases, by whether order is seen and whether tasks are remembered
(`theory.unigram`); counted are the predictors that are the nearest one to the network, on its training mixture, at some
look of some pool.

A number *agrees* if theirs lies in our interval over seeds, or, of a distance or correlation, if ours is as good. It is
*open* if theirs lies in an interval that is wider than theirs is large, of a correlation: than what theirs lacks to 1.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from theory import BiasedDice, MarkovChains, NoisyLinearRegression, stream
from theory.regret import ridge_risk
from theory.thresholds import told_by_sequence
from validate.phase.experiment import BASE, Kind, PhaseExperiment
from validate.phase.found import ColumnResult
from validate.phase.predictions import Half, at_weights, halves_of
from validate.phase.results import NeighbourRow, Threshold
from validate.phase.thresholds import grids, group_key, seeds_of
from validate.statistics.intervals import Estimate, over_seeds

THEIR_REGRESSION = NoisyLinearRegression(dimension=8, points=16, noise=0.5)
N_TABLES = 10_000
"""Tables of covariates over which the risk of ridge is averaged."""

Sense = Literal["equal", "at most", "at least", "correlation"]


WIDE = "our interval over seeds is wider than their number is large: more seeds are needed"


def agrees(theirs: float, ours: Estimate, sense: Sense) -> str:
    """Say whether a number agrees."""
    least = sense in ("at least", "correlation")
    if (sense == "at most" and ours.value <= theirs) or (least and ours.value >= theirs):
        return "agrees"
    if not ours.low <= theirs <= ours.high:
        return "differs"
    return "open" if ours.high - ours.low > abs(theirs - (sense == "correlation")) else "agrees"


def row(source: str, number: str, theirs: float, ours: Estimate, sense: Sense, reason: str) -> NeighbourRow:
    """Return a row; the reason is given where the number differs."""
    verdict = agrees(theirs, ours, sense)
    return NeighbourRow(
        source=source,
        number=number,
        theirs=theirs,
        ours=ours,
        verdict=verdict,
        reason={"agrees": "", "open": WIDE}.get(verdict, reason),
    )


@dataclass(frozen=True)
class Pools:
    """The pools of one family and kind: their columns, what they were, and their threshold on fresh tasks."""

    columns: Sequence[ColumnResult]
    experiment: PhaseExperiment
    threshold: Threshold


def ridge(pools: Pools) -> list[NeighbourRow]:
    """Return the risks of ridge beside theirs; intervals are those of the average over covariates, four errors."""
    risk = ridge_risk(THEIR_REGRESSION, stream(0, "neighbours/ridge"), N_TABLES)
    found = {
        "mean over points": (3.009, float(risk.mean.mean()), float(risk.standard_error.mean())),
        "first point": (8.25, float(risk.mean[0]), float(risk.standard_error[0])),
        "last point": (0.551, float(risk.mean[-1]), float(risk.standard_error[-1])),
    }
    return [
        row(
            "Raventos et al. 2023",
            f"ridge, squared error, {where}",
            theirs,
            # Theirs are rounded to three decimals.
            Estimate(ours, ours - 4 * error - 5e-4, ours + 4 * error + 5e-4),
            "equal",
            "the same formula over other covariates",
        )
        for where, (theirs, ours, error) in found.items()
    ]


def change(pools: Pools) -> list[NeighbourRow]:
    """Return the number of tasks at which regression changes its mode beside theirs."""
    reason = "a smaller network, trained on fewer sequences, remembers fewer tasks"
    name = "log2 of the tasks at which the network changes to ridge"
    return [row("Raventos et al. 2023", name, 14.5, pools.threshold.estimate, "equal", reason)]


def places(fitted: Half, scored: Half) -> list[dict[str, tuple[float, float]]]:
    """Return by seed and population the total variation from the predicted mix and the correlation of places."""
    weights = fitted.rational.weight(scored.shown, scored.excess, scored.code)
    late = slice(scored.n_looks // 2, None)
    found = []
    for own in scored.seeds.values():
        table = {}
        for population in ("training", "fresh"):
            looks = [[column.looks[s].mix[population] for column in own] for s in range(scored.n_looks)]
            variation = at_weights(np.array([[mix.variation for mix in line] for line in looks]), weights)
            curve = np.array([[column.poles[population].relative for column in own]] * scored.n_looks)
            predicted = at_weights(curve, weights)[late].ravel()
            network = np.array([[mix.relative for mix in line] for line in looks])[late].ravel()
            with np.errstate(divide="ignore", invalid="ignore"):  # of one that stays where it is there is none
                correlation = float(np.corrcoef(predicted, network)[0, 1])
            table[population] = float(variation[late].mean()), correlation
        found.append(table)
    return found


def places_rows(pools: Pools) -> list[NeighbourRow]:
    """Return what Wurgaft et al. report of dice beside ours."""
    [family] = {pools.experiment.family(column.family) for column in pools.columns}
    halves = halves_of(pools.columns, told_by_sequence(family, stream(0, f"{family.name}/told")))
    if halves is None:
        return []
    one, other = halves
    found = [*places(one, other), *places(other, one)]
    theirs = {"training": (0.032, 0.993), "fresh": (0.058, 0.981)}
    rows = []
    for population, (distance, correlation) in theirs.items():
        words = "in distribution" if population == "training" else "out of distribution"
        numbers: tuple[tuple[str, float, int, Sense], ...] = (
            ("total variation of network and predicted mix", distance, 0, "at most"),
            ("correlation of places between the poles", correlation, 1, "correlation"),
        )
        for name, value, index, sense in numbers:
            ours = over_seeds([Estimate.of_value(table[population][index]) for table in found])
            reason = "shorter training and a schedule with a warm-up; fitted on other seeds, theirs on the same"
            rows.append(row("Wurgaft et al. 2025", f"{name}, {words}", value, ours, sense, reason))
    return rows


def orders_rows(pools: Pools) -> list[NeighbourRow]:
    """Return how many of Park et al.'s four phases are met: the predictors that are the nearest one at some look."""
    counts = []
    for own in seeds_of(pools.columns).values():
        nearest = [min(look.orders, key=look.orders.__getitem__) for column in own for look in column.looks]
        counts.append(Estimate.of_value(float(len(set(nearest)))))
    reason = "fewer states and a shorter context: less time in which order is not seen yet"
    weights = "unequal weights" if pools.columns[0].mixture == "unequal" else "equal weights, theirs are not"
    number = f"phases met: unigram or bigram, retrieval or inference ({weights})"
    return [row("Park et al. 2024", number, 4.0, over_seeds(counts), "at least", reason)]


NEIGHBOURS: tuple[tuple[str, Kind, Callable[[Pools], list[NeighbourRow]]], ...] = (
    (NoisyLinearRegression.name, "pool", ridge),
    (NoisyLinearRegression.name, "pool", change),
    (BiasedDice.name, "pool", places_rows),
    (MarkovChains.name, "pool", orders_rows),
    (MarkovChains.name, "unequal", orders_rows),
)
"""Whose numbers are held against the pools of which family, and of which kind."""


def neighbour_rows(
    experiment: PhaseExperiment, columns: Sequence[ColumnResult], thresholds: Sequence[Threshold]
) -> list[NeighbourRow]:
    """Return every number that the pools of a map can be held against."""
    rows = []
    for grid in grids(columns):
        first = grid[0]
        makers = [make for family, kind, make in NEIGHBOURS if (family, kind) == (first.family, first.mixture)]
        if not makers or first.variant != BASE:
            continue
        key = (*group_key(first), "fresh")
        own = next(t for t in thresholds if (t.family, t.mixture, t.variant, t.population) == key)
        pools = Pools(grid, experiment, own)
        rows += [found for make in makers for found in make(pools)]
    return rows
