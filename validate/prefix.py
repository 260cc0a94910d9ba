"""The boundary case: do states of planted Dyck paths keep the prefix, the steps of the path shown so far?

At one position, cells of task k and current symbol a hold equally many sequences, drawn given both
(`theory.prefix.sample_in_cells`); j is the number of steps shown. With squared lengths summed over held-out states,

    Dyck residual               1 - R2_cell = SS(h - mean_ka) / SS(h - mean)             what P0 leaves
    Dyck residual*              1 - P0* = SS(h - mean_ka) / SS(h - mean_a)               the same, symbol left out
    Dyck residual given prefix  SS(h - mean_kaj) / SS(h - mean)                          0 if h = f(prefix, symbol)
    prefix effect               [SS(h - mean_ka) - SS(h - mean_kaj)] / SS(h - mean_a)    of what the symbol leaves

and for a linear probe, ridge regression of y on the state after a baseline was removed from both,

    R2 = 1 - SS(y - baseline - probe) / SS(y - baseline)

    prefix R2                   y = j                       baseline: the mean
    prefix R2 beyond task       y = j                       baseline: cells (task, symbol)
    prefix R2 beyond counts     y = which prefix, one-hot   baseline: cells; counts of ups and of downs, by task
    prefix accuracy             y = which prefix, one-hot   share of sequences whose prefix scores highest

At a given position j is a linear function of symbol counts, and attention with random weights averages symbols: "beyond
task" says that the prefix can be read, not that this was learnt. Which prefix it is, beyond counts, is no linear
function of an average.

Half of every cell is fitted on and the other half scored, both ways round. Cells of three labels are uneven, so
mean_kaj is drawn towards an additive fit of (task, j) and symbol as if that were one more state.

Source: arXiv:2605.03780, boundary case E4; Golub, Heath and Wahba (1979) for the ridge penalty.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from model.blas import libraries
from theory import Batch, LatentTasks, Mixture, PlantedDyck, Pool, SymbolBatch
from theory.prefix import (
    Cells,
    heights,
    informative_positions,
    judged_position,
    predicted_residuals,
    prefix_index,
    sample_in_cells,
    steps_shown,
)
from validate.effects import Halves, cell_r2, task_share
from validate.intervals import Estimate, Statistic, bootstrap, explained_share, ratio
from validate.measure import Setting
from validate.sources import FeatureFunction, StateSource, bayes_features

N_FITS = 20
"""Resampled fits over which intervals run."""

PENALTIES = np.logspace(1, -8, 19)
"""Ridge penalties tried, strongest first, in units of the largest variance along a direction."""

MOST_FREEDOM = 1 / 3
"""Degrees of freedom a probe may use for each row: with more, cross-validation is fooled by rows drawn twice."""

N_POSITIONS, N_POINTS = 9, 600
"""Positions of the portrait, and states on its map."""

States = Float[np.ndarray, "N W"]
Rows = Int[np.ndarray, " F"]


def _first_share(moments: Float[np.ndarray, "R 2"]) -> Float[np.ndarray, " R"]:
    return ratio(moments[..., 0], moments[..., 1])


RESIDUALS: dict[str, Callable[[Halves], Float[np.ndarray, " R"]]] = {
    "Dyck residual": lambda halves: 1 - cell_r2(halves),
    "Dyck residual*": lambda halves: 1 - task_share(halves),
}
"""The statistics of the two-way analysis of variance; prefixes play no part in them."""

PREFIX_STATISTICS: dict[str, Statistic] = {
    "Dyck residual given prefix": _first_share,
    "prefix effect": _first_share,
    "prefix R2": explained_share,
    "prefix R2 beyond task": explained_share,
    "prefix R2 beyond counts": explained_share,
    "prefix accuracy": _first_share,
    "prefix accuracy of cells": _first_share,
}
"""The others, as functions of the sequences' mean moments. The last is the accuracy of task and symbol alone."""


def planted(family: LatentTasks) -> PlantedDyck:
    """Return the family if it has prefixes, else raise TypeError."""
    if not isinstance(family, PlantedDyck):
        raise TypeError(f"prefixes need planted Dyck paths; got {type(family).__name__}")
    return family


def _dummies(labels: Int[np.ndarray, " N"]) -> Float[np.ndarray, "N G"]:
    return (labels[:, None] == np.unique(labels)).astype(np.float64)


@dataclass(frozen=True, eq=False)
class PrefixDesign:
    """Sequences whose state at one position is measured, in order of task, current symbol and number.

    Attributes
    ----------
    n : int
        Sequences of a cell, an even number.
    tasks, symbols, steps : ndarray of int, shape (N,)
        Task, current symbol, and steps shown.
    """

    family: PlantedDyck
    majors: Pool
    n: int
    batch: SymbolBatch
    tasks: Int[np.ndarray, " N"]
    symbols: Int[np.ndarray, " N"]
    steps: Int[np.ndarray, " N"]

    @classmethod
    def at(cls, setting: Setting, position: int | None = None) -> "PrefixDesign":
        """Draw the sequences of a position, the judged one unless told."""
        family, majors = planted(setting.family), setting.majors
        position = judged_position(family, majors) if position is None else position
        n = setting.sizes.cell_sequences // 2 * 2
        tasks, symbols = (index.ravel() for index in np.indices((len(majors), family.background + 2, n))[:2])
        rng = setting.stream("prefix/cells", position)
        batch = sample_in_cells(family, rng, majors, tasks, symbols, position)
        return cls(family, majors, n, batch, tasks, symbols, steps_shown(family, batch)[:, -1])

    def states(self, source: StateSource) -> dict[str, States]:
        """Capture a source's states, by site."""
        return {site: states[:, 0] for site, states in source.states(self.batch, last=True).items()}

    def shuffled(self, rng: np.random.Generator) -> "PrefixDesign":
        """Give the steps shown away at random among the sequences of a cell: states then tell nothing of them."""
        return replace(self, steps=rng.permuted(self.steps.reshape(-1, self.n), axis=1).ravel())

    def grid(self, states: States) -> Float[np.ndarray, "K V n W"]:
        """Arrange states by cell."""
        return states.reshape(len(self.majors), self.family.background + 2, self.n, -1)

    @property
    def halves(self) -> Int[np.ndarray, "2 F"]:
        """Rows of the first and of the second half of every cell, cell by cell."""
        rows = np.arange(len(self.tasks)).reshape(-1, 2, self.n // 2)
        return rows.swapaxes(0, 1).reshape(2, -1)

    @property
    def cells(self) -> Int[np.ndarray, " N"]:
        """Number of each sequence's (task, symbol) cell."""
        return np.arange(len(self.tasks)) // self.n

    @property
    def prefixes(self) -> Int[np.ndarray, " N"]:
        """Number of each sequence's prefix."""
        return prefix_index(self.majors)[self.tasks, self.steps]

    @property
    def counts(self) -> Float[np.ndarray, "N G"]:
        """Numbers of ups and of downs shown, each in a column of its task."""
        ups = (self.steps + heights(self.majors)[self.tasks, self.steps]) / 2
        own = _dummies(self.tasks)
        return np.hstack([own * ups[:, None], own * (self.steps - ups)[:, None]])


def regression(design: Float[np.ndarray, "N G"], values: States, fit: Rows) -> States:
    """Predict values from the columns of a design, by least squares on the rows `fit`."""
    return design @ np.linalg.lstsq(design[fit], values[fit])[0]


def prefix_means(states: States, design: PrefixDesign, fit: Rows) -> States:
    """Predict states by the means mean_kaj of the rows `fit`, drawn towards the additive fit."""
    by_steps = design.tasks * (2 * design.family.pairs + 1) + design.steps
    centre = states[fit].mean(axis=0)
    additive = np.hstack([_dummies(by_steps), _dummies(design.symbols)])
    expected = centre + regression(additive, states - centre, fit)
    cells = np.unique(by_steps * (design.symbols.max() + 1) + design.symbols, return_inverse=True)[1]
    sums = np.zeros((cells.max() + 1, states.shape[1]))
    np.add.at(sums, cells[fit], (states - expected)[fit])
    sizes = np.bincount(cells[fit], minlength=len(sums))
    return expected + (sums / (sizes + 1)[:, None])[cells]


def ridge(states: Float[np.ndarray, "F W"], target: Float[np.ndarray, "F Q"], spent: int) -> Float[np.ndarray, "W Q"]:
    """Return ridge coefficients of centred targets on centred states, the penalty by generalised cross-validation.

    `spent` is the number of degrees of freedom that were fitted before. States that do not vary get coefficients 0.
    """
    n = len(states)
    variances, directions = np.linalg.eigh(states.T @ states / n)
    variances = np.maximum(variances, 0)
    if not variances.any():
        return np.zeros((states.shape[1], target.shape[1]))
    cross = directions.T @ (states.T @ target) / n
    shrunk = 1 / (variances + variances.max() * PENALTIES[:, None])
    explained = (2 * shrunk - variances * np.square(shrunk)) @ np.square(cross).sum(axis=1)
    used = (spent + (variances * shrunk).sum(axis=1)) / n
    error = np.square(target).sum() / n - explained
    best = np.where(used <= MOST_FREEDOM, error / np.square(1 - np.minimum(used, MOST_FREEDOM)), np.inf).argmin()
    coefficients: Float[np.ndarray, "W Q"] = directions @ (shrunk[best][:, None] * cross)
    return coefficients


def probe(
    states: States, target: Float[np.ndarray, "N Q"], baseline: Float[np.ndarray, "N G"], fit: Rows
) -> tuple[Float[np.ndarray, "N Q"], Float[np.ndarray, "N Q"]]:
    """Predict the target from baseline and states, and from the baseline alone, fitted on the rows `fit`."""
    removed = regression(baseline, np.hstack([target, states]), fit)
    alone, remainder = removed[:, : target.shape[1]], states - removed[:, target.shape[1] :]
    return alone + remainder @ ridge(remainder[fit], (target - alone)[fit], baseline.shape[1]), alone


def prefix_moments(
    states: States, design: PrefixDesign, resample: np.random.Generator | None = None
) -> dict[str, Float[np.ndarray, "N 2"]]:
    """Return each sequence's held-out moments by statistic of `PREFIX_STATISTICS`.

    With `resample`, the rows fitted on are drawn again with replacement, each half of a cell by itself.
    """
    moments = {name: np.empty((len(states), 2)) for name in PREFIX_STATISTICS}
    for fit, test in (design.halves, design.halves[::-1]):
        if resample is not None:
            parts = fit.reshape(-1, design.n // 2)
            fit = np.take_along_axis(parts, resample.integers(parts.shape[1], size=parts.shape), axis=1).ravel()
        with libraries().limit(limits=1, user_api="blas"):  # small matrices: threads would wait for each other
            scores = _scores(states, design, fit)
        for name, pair in scores.items():
            moments[name][test] = np.stack(pair, axis=-1)[test]
    return moments


def _scores(states: States, design: PrefixDesign, fit: Rows) -> dict[str, tuple[np.ndarray, ...]]:
    """Return the two moments of every sequence, the rows `fit` fitted on."""
    ones, cells = np.ones((len(states), 1)), _dummies(design.cells)
    steps, prefixes = design.steps[:, None].astype(np.float64), _dummies(design.prefixes)

    def squares(target: np.ndarray, *predictions: np.ndarray) -> tuple[np.ndarray, ...]:
        return tuple(np.square(target - prediction).sum(axis=1) for prediction in predictions)

    def hits(scores: np.ndarray) -> tuple[np.ndarray, ...]:
        return scores.argmax(axis=1) == prefixes.argmax(axis=1), ones[:, 0]

    means = (regression(by, states, fit) for by in (ones, _dummies(design.symbols), cells))
    grand, symbol, task, prefix = squares(states, *means, prefix_means(states, design, fit))
    beyond_counts = np.hstack([cells, design.counts])
    return {
        "Dyck residual given prefix": (prefix, grand),
        "prefix effect": (task - prefix, symbol),
        "prefix R2": squares(steps, *probe(states, steps, ones, fit)),
        "prefix R2 beyond task": squares(steps, *probe(states, steps, cells, fit)),
        "prefix R2 beyond counts": squares(prefixes, *probe(states, prefixes, beyond_counts, fit)),
        "prefix accuracy": hits(probe(states, prefixes, ones, fit)[0]),
        "prefix accuracy of cells": hits(regression(cells, prefixes, fit)),
    }


def prefix_values(states: States, design: PrefixDesign) -> dict[str, float]:
    """Return every statistic of states of a design, without intervals."""
    halves = Halves.of(design.grid(states))
    values = {name: statistic(halves).item() for name, statistic in RESIDUALS.items()}
    for name, moments in prefix_moments(states, design).items():
        values[name] = PREFIX_STATISTICS[name](moments.mean(axis=0, keepdims=True)).item()
    return values


def residual_estimates(states: States, design: PrefixDesign, setting: Setting) -> dict[str, Estimate]:
    """Estimate the statistics in which prefixes play no part; intervals are over the sequences of each cell."""
    point, rng = Halves.of(design.grid(states)), setting.stream("prefix/bootstrap cells")
    replicates = Halves.resampled(design.grid(states), rng, setting.sizes.replicates)
    return {
        name: Estimate.of_replicates(statistic(point).item(), statistic(replicates))
        for name, statistic in RESIDUALS.items()
    }


def prefix_estimates(states: States, design: PrefixDesign, setting: Setting) -> dict[str, Estimate]:
    """Estimate the others; intervals are over the sequences fitted on and those scored."""
    own, rng = prefix_moments(states, design), setting.stream("prefix/bootstrap")
    fits = [prefix_moments(states, design, setting.stream("prefix/fits", index)) for index in range(N_FITS)]
    return {
        name: bootstrap(own[name], statistic, rng, setting.sizes.replicates, np.stack([fit[name] for fit in fits]))
        for name, statistic in PREFIX_STATISTICS.items()
    }


def prefix_statistics(source: StateSource, setting: Setting, site: str | None = None) -> dict[str, Estimate]:
    """Estimate every statistic of a source at the judged position and one site, the last unless told.

    Returns
    -------
    dict
        By name. Shares are of squares; R2 is at most 1 and may be negative.
    """
    design = PrefixDesign.at(setting)
    states = design.states(source)[site or source.sites[-1]]
    return residual_estimates(states, design, setting) | prefix_estimates(states, design, setting)


def shuffled_prefixes(source: StateSource, setting: Setting, site: str | None = None) -> dict[str, Estimate]:
    """Estimate the statistics in which prefixes play a part with prefixes that tell nothing: a null."""
    design = PrefixDesign.at(setting)
    states = design.states(source)[site or source.sites[-1]]
    return prefix_estimates(states, design.shuffled(setting.stream("prefix/shuffled")), setting)


def prefix_features(mixture: Mixture, batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """Return exact-Bayes features beside the majors' prefix as one-hot, 0 where it is none of theirs."""
    features, mean = bayes_features(mixture, batch)
    family, index = planted(mixture.family), prefix_index(mixture.majors)
    agrees = np.isfinite(family.log_likelihood(mixture.majors, batch))
    prefix = index[agrees.argmax(axis=-1), steps_shown(family, batch)]
    one_hot = np.eye(index.max() + 1)[prefix] * agrees.any(axis=-1, keepdims=True)
    return np.concatenate([features, one_hot], axis=-1), mean


def count_features(mixture: Mixture, batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """Return the frequencies of the symbols seen, as attention with random weights holds them, and the fresh mean."""
    return mixture.family.running_average(batch), mixture.family.fresh_mean(batch)


PREFIX_RUNGS: dict[str, FeatureFunction] = {"prefix": prefix_features, "symbol counts": count_features}
"""Rungs of the ladder for planted Dyck paths alone; "exact Bayes" holds the task and no prefix."""


def prefix_portrait(source: StateSource, setting: Setting) -> dict[str, Any]:
    """Describe a source for the figures, by position and site.

    Returns
    -------
    dict
        ``positions``; ``predicted``, the residuals of exact states by name, and ``sites``, statistics by site and name:
        a number for each position; ``informative``, the first and last such position; ``judged``; and ``map``.
    """
    family, majors = planted(setting.family), setting.majors
    judged, informative = judged_position(family, majors), informative_positions(family)
    frequent = [i for i in range(family.length - 1) if Cells.at(family, majors, i).frequent]
    spread = np.linspace(frequent[0], frequent[-1], N_POSITIONS)
    # The judged position takes the place of the one nearest to it.
    spread[np.abs(spread - judged).argmin()] = judged
    positions = sorted({min(frequent, key=lambda i: abs(i - place)) for place in spread.tolist()})
    sites: dict[str, dict[str, list[float]]] = {site: {} for site in source.sites}
    shown: dict[str, Any] = {}
    for position in positions:
        design = PrefixDesign.at(setting, position)
        states = design.states(source)
        for site, table in sites.items():
            for name, value in prefix_values(states[site], design).items():
                table.setdefault(name, []).append(value)
        if position == judged:
            shown = {"site": source.sites[-1]} | prefix_map(states[source.sites[-1]], design)
    residuals = [predicted_residuals(family, majors, position) for position in positions]
    return {
        "positions": positions,
        "informative": [informative[0], informative[-1]],
        "judged": judged,
        "predicted": {name: [residual[name] for residual in residuals] for name in residuals[0]},
        "sites": sites,
        "map": shown,
    }


def prefix_map(states: States, design: PrefixDesign) -> dict[str, list[Any]]:
    """Return coordinates of states on the two directions in which their means by steps shown differ most.

    The symbol's mean state is removed first. It and the directions come from the first half of every cell, the states
    shown from the second; ``steps`` and ``tasks`` say what they have seen.
    """
    first, second = design.halves
    rest = states - regression(_dummies(design.symbols), states, first)
    means = regression(_dummies(design.steps), rest, first)[first]
    directions = np.linalg.svd(means - means.mean(axis=0), full_matrices=False)[2][:2]
    rows = second[np.linspace(0, len(second) - 1, min(N_POINTS, len(second))).astype(int)]
    return {
        "points": (rest[rows] @ directions.T).round(4).tolist(),
        "steps": design.steps[rows].tolist(),
        "tasks": design.tasks[rows].tolist(),
    }
