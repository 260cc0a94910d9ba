"""Predictions of the map, scored on seeds that they were not fitted to.

Each is a weight w of the second pole at every step and diversity, and with it a diversity at which w passes 1/2:

    indifference   w = 1 where KL(first || second) on the training mixture is less than the network's own error, the
                   distance of its nearest mix there; no parameter
    rational       `theory.thresholds.Rational` with its three parameters fitted
    count          w = 1 for more tasks than the parameters can hold; no parameter
    same step      the null: w a function of the step alone, fitted; its threshold does not depend on N, so that at each
                   step it lies below or above the grid
    same threshold a second null: one diversity for all steps, the mean of those measured at the end

Seeds are split into two halves; what is fitted (the network's error too) is taken from one half and scored on the
other, both ways. Scores, on the training mixture and on fresh tasks: mean KL(mix of weight w || network) over steps and
diversities, nats a target, beside that of the nearest mix; and the mean distance in log2 N from the measured threshold,
at the end and over the steps at which one is measured inside the grid. The rational account is fitted to both
populations at once, the nulls to each by itself. Predicted thresholds outside the grid are taken for its end.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize
from scipy.special import expit, logit

from theory import LatentTasks, stream
from theory.thresholds import Rational, countable_tasks, crossing, told_by_sequence
from validate.phase.found import ColumnResult
from validate.phase.looks import GRID, PLACED
from validate.phase.results import Score
from validate.phase.thresholds import seeds_of, threshold_at

LEAST = 1e-12
"""Smaller distances are taken for it in logarithms."""

STARTS = ((1.0, 0.3, 0.7), (0.1, 0.1, 0.5), (10.0, 0.5, 0.9), (0.01, 0.01, 0.4))
"""(gamma, alpha, beta) from which the rational account is fitted; the best fit counts."""

Weights = Float[np.ndarray, "S N"]


@dataclass(frozen=True, eq=False)
class Half:
    """Some seeds of one map; arrays run over seeds, looks and diversities."""

    seeds: dict[int, list[ColumnResult]]
    told: float

    @cached_property
    def first(self) -> list[ColumnResult]:
        """The columns of one seed: what does not depend on it."""
        return next(iter(self.seeds.values()))

    @property
    def diversities(self) -> list[int]:
        """In ascending order."""
        return [column.diversity for column in self.first]

    @property
    def n_looks(self) -> int:
        """Number of looks."""
        return len(self.first[0].looks)

    @cached_property
    def shown(self) -> Weights:
        """n, the targets seen."""
        return np.array([[look.step * column.targets for column in self.first] for look in self.first[0].looks], float)

    @cached_property
    def code(self) -> Weights:
        """N I, nats."""
        return np.tile(np.array(self.diversities) * self.told, (self.n_looks, 1))

    @cached_property
    def excess(self) -> Weights:
        """KL(first || second) on the training mixture, mean over seeds."""
        apart = [[column.poles["training"].apart for column in own] for own in self.seeds.values()]
        return np.tile(np.maximum(np.mean(apart, axis=0), LEAST), (self.n_looks, 1))

    @cached_property
    def error(self) -> Weights:
        """The networks' own error on the training mixture, mean over seeds."""
        tables = [
            [[column.looks[look].mix["training"].distance for column in own] for look in range(self.n_looks)]
            for own in self.seeds.values()
        ]
        return np.maximum(np.mean(tables, axis=0), LEAST)

    @cached_property
    def curves(self) -> Float[np.ndarray, "populations seeds S N G"]:
        """KL(mix || network) over the grid of weights, by `PLACED` population."""
        return np.array(
            [
                [
                    [[column.looks[look].mix[name].grid for column in own] for look in range(self.n_looks)]
                    for own in self.seeds.values()
                ]
                for name in PLACED
            ]
        )

    @cached_property
    def rational(self) -> Rational:
        """The rational account fitted to these seeds."""
        return fit_rational(self)

    def curves_of(self, population: str) -> Float[np.ndarray, "seeds S N G"]:
        """Return the curves of one population."""
        return self.curves[PLACED.index(population)]

    def nearest(self, population: str) -> list[float]:
        """Return each seed's mean KL of the nearest mix: what no prediction of weights can be better than."""
        return [
            float(np.mean([[look.mix[population].distance for look in column.looks] for column in own]))
            for own in self.seeds.values()
        ]

    def measured(self, population: str, look: int) -> list[tuple[float, str]]:
        """Return the threshold of each seed at a look, and whether it is censored."""
        return [threshold_at(own, population, look) for own in self.seeds.values()]


def at_weights(curves: Float[np.ndarray, "*batch S N G"], weights: Weights) -> Float[np.ndarray, "*batch S N"]:
    """Interpolate curves over `GRID` at one weight for each step and diversity."""
    place = np.clip(weights, 0, 1) * (len(GRID) - 1)
    below = np.minimum(place.astype(int), len(GRID) - 2)
    share = place - below
    index = np.broadcast_to(below[..., None], (*curves.shape[:-1], 1))
    low, high = (np.take_along_axis(curves, index + step, axis=-1)[..., 0] for step in (0, 1))
    return (1 - share) * low + share * high


Prediction = Callable[[Half, Half, str], tuple[Weights, Float[np.ndarray, " S"]]]
"""From the half it is fitted to, the one it is scored on, and the population: weights, and log2 thresholds by look."""


def thresholds_of(diversities: Sequence[int], weights: Weights) -> Float[np.ndarray, " S"]:
    """Return the diversity, log2, at which the weight passes 1/2 at each look."""
    return np.array([crossing(diversities, row - 0.5) for row in weights])


def indifference(fitted: Half, scored: Half, population: str) -> tuple[Weights, Float[np.ndarray, " S"]]:
    """Predict the second pole where the poles are nearer each other than the network is to anything."""
    lead = np.log(fitted.error) - np.log(scored.excess)
    return (lead > 0).astype(float), np.array([crossing(scored.diversities, row) for row in lead])


def fit_rational(half: Half) -> Rational:
    """Fit the rational account to the networks of a half, by the KL of its mixes from them."""

    def learner(free: np.ndarray) -> Rational:
        gamma, alpha, beta = np.clip(free, -30, 30)
        return Rational(float(np.exp(gamma)), float(0.999 * expit(alpha)), float(np.exp(min(beta, 1.0))))

    def cost(free: np.ndarray) -> float:
        return float(at_weights(half.curves, learner(free).weight(half.shown, half.excess, half.code)).mean())

    starts = [np.array([np.log(g), logit(a), np.log(b)]) for g, a, b in STARTS]
    fits = [minimize(cost, start, method="Nelder-Mead", options={"maxiter": 400}) for start in starts]
    return learner(min(fits, key=lambda fit: float(fit.fun)).x)


def rational(fitted: Half, scored: Half, population: str) -> tuple[Weights, Float[np.ndarray, " S"]]:
    """Predict by posterior odds."""
    weights = fitted.rational.weight(scored.shown, scored.excess, scored.code)
    return weights, thresholds_of(scored.diversities, weights)


def count(fitted: Half, scored: Half, population: str) -> tuple[Weights, Float[np.ndarray, " S"]]:
    """Predict the second pole for more tasks than the parameters can hold."""
    most = countable_tasks(scored.first[0].parameters, scored.told)
    weights = np.tile((np.array(scored.diversities) > most).astype(float), (scored.n_looks, 1))
    return weights, np.full(scored.n_looks, np.log2(most))


def same_step(fitted: Half, scored: Half, population: str) -> tuple[Weights, Float[np.ndarray, " S"]]:
    """Predict one weight for all diversities of a step."""
    by_grid = fitted.curves_of(population).mean(axis=(0, 2))
    weights = np.tile(GRID[by_grid.argmin(axis=-1)][:, None], (1, len(scored.diversities)))
    return weights, np.where(weights[:, 0] > 0.5, -np.inf, np.inf)


def same_threshold(fitted: Half, scored: Half, population: str) -> tuple[Weights, Float[np.ndarray, " S"]]:
    """Predict one diversity for all steps."""
    place = float(np.mean([value for value, _ in fitted.measured(population, -1)]))
    weights = np.tile((np.log2(scored.diversities) > place).astype(float), (scored.n_looks, 1))
    return weights, np.full(scored.n_looks, place)


PREDICTIONS: dict[str, Prediction] = {
    "indifference": indifference,
    "rational": rational,
    "count": count,
    "same step": same_step,
    "same threshold": same_threshold,
}


def halves_of(grid: Sequence[ColumnResult], told: float) -> tuple[Half, Half] | None:
    """Split the seeds of a map into two halves, every other seed; None if there is one seed only."""
    seeds = seeds_of(grid)
    one = {seed: seeds[seed] for seed in list(seeds)[::2]}
    other = {seed: seeds[seed] for seed in list(seeds)[1::2]}
    return (Half(one, told), Half(other, told)) if other else None


def score(name: str, population: str, halves: tuple[Half, Half]) -> Score:
    """Score a prediction on either half, fitted to the other."""
    one, other = halves
    divergence: list[float] = []
    at_end: list[float] = []
    along: list[float] = []
    places: list[list[float]] = []
    for fitted, scored in ((one, other), (other, one)):
        weights, thresholds = PREDICTIONS[name](fitted, scored, population)
        ends = np.log2(scored.diversities)[[0, -1]]
        inside = np.clip(thresholds, *ends)
        divergence += at_weights(scored.curves_of(population), weights).mean(axis=(1, 2)).tolist()
        places.append(inside.tolist())
        at_end += [abs(value - inside[-1]) for value, _ in scored.measured(population, -1)]
        for look in range(scored.n_looks):
            along += [abs(value - inside[look]) for value, how in scored.measured(population, look) if not how]
    return Score(
        prediction=name,
        population=population,
        divergence=float(np.mean(divergence)),
        at_end=float(np.mean(at_end)),
        along=float(np.mean(along)) if along else float("nan"),
        thresholds=np.mean(places, axis=0).tolist(),
    )


def scores(grid: Sequence[ColumnResult], family: LatentTasks) -> list[Score]:
    """Score every prediction on one map; of one seed nothing can be scored."""
    told = told_by_sequence(family, stream(0, f"{family.name}/told"))
    halves = halves_of(grid, told)
    if halves is None:
        return []
    return [
        one
        for population in PLACED
        for one in (*(score(name, population, halves) for name in PREDICTIONS), floor(population, halves))
    ]


def floor(population: str, halves: tuple[Half, Half]) -> Score:
    """Return what no prediction of weights can be better than."""
    nearest = float(np.mean([value for half in halves for value in half.nearest(population)]))
    nan = float("nan")
    return Score(
        prediction="nearest mix", population=population, divergence=nearest, at_end=nan, along=nan, thresholds=[]
    )
