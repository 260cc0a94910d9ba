"""Few directions cannot hold many tasks: the theory's packing bound, evaluated on a network's own last states.

`theory.packing` bounds from below the largest distance of N states h_i to the affine subspace m + S, if the read-out F
predicts within delta of answers m_i that are pairwise at least c apart. Here

    h_i    state of fresh task i in the last layer, averaged over sequences that end in the same symbol (or covariate)
    F(h)   the network's prediction with h in the place of the last state: exact, whatever the read-out
    m_i    the task's own prediction of the next target
    delta  the largest |F(h_i) - m_i| among the tasks that are kept
    L      the largest |F(h_i) - F(h_j)| / |h_i - h_j| among them, which is all that the proof uses of Lipschitz
           continuity; without a final norm it is at most the constant of softmax and read-out, stated beside it
    C      radius of a ball of S that holds their projections

Any choice of tasks and of a separation c gives a valid bound, and the largest is taken. Tasks are kept by their error
(a share of the most precise) and by their projection (a share of the nearest to the median: tasks that S hardly tells
apart), and as many as fit are packed greedily. Where no bound is positive the theorem says nothing, and the bits that
it would take are compared with those that there are. The states of earlier layers have no such L: what follows them is
not a function of the last state alone.

    distance over bound   log10 of the kept tasks' largest distance over their bound: at least 0, for it is a theorem.
                          A negative value is a fault of theory or code.

The interval of the statistic spans all choices of tasks and separation whose bound is positive: each is an instance of
the theorem.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import singledispatch
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial.distance import pdist
from scipy.special import softmax

from theory import Batch, Pool, RegressionBatch, SymbolBatch
from theory.packing import greedy_packing, packing_bound, softmax_lipschitz, task_bits_to_leave
from validate.capture.balanced import draw_natural, with_current_symbol
from validate.capture.sources import NetworkSource
from validate.claims.geometry import TaskStates
from validate.claims.properties import Setting
from validate.statistics.intervals import UNDEFINED, Estimate, ratio
from validate.statistics.subspace import ball_radius, distances_from

N_TASKS, N_EACH = 512, 4
"""Fresh tasks whose states are packed, and sequences of each."""

KEPT = (0.1, 0.25, 0.5, 1.0)
"""Shares of the most precise tasks, and of the nearest among them, in which the packing is sought."""

N_SEPARATIONS, N_HALVES = 24, 20
"""Separations tried, evenly spaced up to the largest distance of two answers; halves of the tasks in the interval."""


@dataclass(frozen=True, eq=False)
class TaskAnswers:
    """States of N tasks in the last layer, less the centre, with what they make the network answer.

    Attributes
    ----------
    states : ndarray, shape (N, W)
    span : ndarray, shape (W, k)
        Orthonormal basis of S.
    answers, truth : ndarray, shape (N, D)
        F(h_i) and m_i.
    """

    states: Float[np.ndarray, "N W"]
    span: Float[np.ndarray, "W k"]
    answers: Float[np.ndarray, "N D"]
    truth: Float[np.ndarray, "N D"]

    def some(self, tasks: Int[np.ndarray, " n"]) -> "TaskAnswers":
        """Return some of the tasks."""
        return TaskAnswers(self.states[tasks], self.span, self.answers[tasks], self.truth[tasks])

    def least(self, values: Float[np.ndarray, " N"], share: float) -> "TaskAnswers":
        """Return the share of the tasks with the least values, two at least."""
        return self.some(np.argsort(values, kind="stable")[: max(2, int(share * len(values)))])

    @property
    def eccentricity(self) -> Float[np.ndarray, " N"]:
        """Distance of each state's projection on S from the projections' median."""
        inside = self.states @ self.span
        return np.linalg.norm(inside - np.median(inside, axis=0), axis=1)

    @property
    def errors(self) -> Float[np.ndarray, " N"]:
        """|F(h_i) - m_i|."""
        return np.linalg.norm(self.answers - self.truth, axis=1)

    @property
    def slope(self) -> float:
        """The largest difference of two answers by the distance of their states; 0 of one task, or of equal states."""
        return float(np.fmax.reduce(ratio(pdist(self.answers), pdist(self.states)), initial=0.0))

    @property
    def largest_distance(self) -> float:
        """The largest distance of a state to S."""
        return float(distances_from(self.states, self.span).max())


@dataclass(frozen=True)
class Bound:
    """The packing bound of some tasks, and what it was made of.

    Attributes
    ----------
    distance, bound : float
        The tasks' largest distance to S and what it must be at least, in units of the state; the bound is 0 where the
        theorem says nothing.
    bits, bits_needed : float
        log2 of the number of packed tasks, and how many it takes before the theorem says anything.
    separation, error, slope, radius : float
        c, delta, L, C.
    """

    distance: float
    bound: float
    bits: float
    bits_needed: float
    separation: float
    error: float
    slope: float
    radius: float

    @classmethod
    def of(cls, tasks: TaskAnswers, separations: Sequence[float]) -> "list[Bound]":
        """Bound the largest distance of the tasks' states to S, for a packing at each separation."""
        rank, error, slope = tasks.span.shape[1], float(tasks.errors.max()), tasks.slope
        radius, distance = ball_radius(tasks.states @ tasks.span), tasks.largest_distance
        bounds = []
        for separation in separations:
            bits = float(np.log2(len(greedy_packing(tasks.truth, separation))))
            parts = slope, error, separation, radius
            bound = packing_bound(bits, rank, *parts) if slope > 0 else 0.0
            needed = task_bits_to_leave(0.0, rank, *parts) if slope > 0 else float("inf")
            bounds.append(cls(distance, bound, bits, needed, separation, error, slope, radius))
        return bounds


def all_bounds(tasks: TaskAnswers) -> list[Bound]:
    """Return the bound of every choice of tasks and separation, the best last; none if all have the same answer.

    The best is the largest bound, or the one nearest to saying anything.
    """
    widest = pdist(tasks.truth).max()
    separations = (widest * np.arange(1, N_SEPARATIONS + 1) / N_SEPARATIONS).tolist() if widest > 0 else []
    precise = [tasks.least(tasks.errors, share) for share in KEPT]
    subsets = [some.least(some.eccentricity, share) for some in precise for share in KEPT]
    bounds = [bound for subset in subsets for bound in Bound.of(subset, separations) if bound.bits > 0]
    return sorted(bounds, key=lambda bound: (bound.bound, bound.bits - bound.bits_needed))


def distance_over_bound(
    source: NetworkSource, states: TaskStates, setting: Setting
) -> tuple[dict[str, Estimate], dict[str, dict[str, Estimate]], dict[str, Any]]:
    """Hold a network's distance to the task subspace against the packing bound.

    Parameters
    ----------
    states : TaskStates
        Of the last site: S and the centre.

    Returns
    -------
    statistics, nulls : dict
        "distance over bound", undefined where the theorem says nothing. A theorem has no null.
    portrait : dict
        ``largest``: the largest distance, in units of the state, of ``tasks`` tasks. ``lipschitz``: the constant known
        of the whole read-out, None behind a final norm. ``best``: the best `Bound`, None if all tasks have the same
        answer.
    """
    tasks = task_answers(source, states, setting)
    bounds = all_bounds(tasks)
    portrait = {
        "largest": tasks.largest_distance,
        "tasks": len(tasks.states),
        "lipschitz": lipschitz(source),
        "best": asdict(bounds[-1]) if bounds else None,
    }
    return {"distance over bound": _excess(bounds)}, {}, portrait


def _excess(bounds: Sequence[Bound]) -> Estimate:
    """Return log10 of distance over bound for the largest bound, with its range over all positive ones."""
    excess = [float(np.log10(bound.distance / bound.bound)) for bound in bounds if bound.bound > 0]
    return Estimate(excess[-1], min(excess), max(excess)) if excess else UNDEFINED


def task_answers(source: NetworkSource, states: TaskStates, setting: Setting) -> TaskAnswers:
    """Average the last states of fresh tasks and let the network answer from them."""
    family, rng, site = setting.family, setting.stream("packing"), source.sites[-1]
    pool = family.sample_pool(rng, N_TASKS)
    batch = same_current(draw_natural(family, rng, pool, N_EACH), setting.n_positions - 1)
    averaged = source.states(batch, last=True)[site].reshape(N_TASKS, N_EACH, -1).mean(axis=1)
    one_each = batch[np.arange(0, len(batch), N_EACH)]
    each = [slice(task, task + 1) for task in range(N_TASKS)]
    truth = [family.task_mean(Pool(pool.parameters[task]), one_each[task])[0, -1, 0] for task in each]
    answers = read_out(source, one_each, averaged)
    return TaskAnswers(averaged - states.centre, states.span, answers, np.array(truth))


def read_out(source: NetworkSource, batch: Batch, states: Float[np.ndarray, "N W"]) -> Float[np.ndarray, "N D"]:
    """Return what a network predicts with these states in the place of its own last ones: one a sequence."""
    arrays = source.family.encode(batch)
    last = arrays.positions[-1]

    def replaced(captured: np.ndarray) -> np.ndarray:
        captured = captured.copy()
        captured[:, last] = states
        return captured

    outputs = source.model.forward(arrays.inputs, edit={source.sites[-1]: replaced})[0][:, last].astype(np.float64)
    return softmax(outputs, axis=-1) if source.family.target_kind == "symbol" else outputs


def lipschitz(source: NetworkSource) -> float | None:
    """Return a Lipschitz constant of the read-out from states to predictions; none is known behind a final norm."""
    if source.model.config.final_norm:
        return None
    weight = source.model.parameters["output.weight"].astype(np.float64)
    return softmax_lipschitz(weight) if source.family.target_kind == "symbol" else float(np.linalg.norm(weight, ord=2))


@singledispatch
def same_current(batch: Batch, position: int) -> Batch:
    """Give all sequences the same current symbol, 0, or covariate, all ones, at a position, and cut them there."""
    raise TypeError(f"what is current is known of symbols and of numbers; got {type(batch).__name__}")


@same_current.register
def _(batch: SymbolBatch, position: int) -> SymbolBatch:
    return with_current_symbol(batch, position, np.zeros(len(batch), dtype=np.int64))


@same_current.register
def _(batch: RegressionBatch, position: int) -> RegressionBatch:
    x = batch.x[:, : position + 1].copy()
    x[:, position] = 1.0
    return RegressionBatch(batch.tasks, x, batch.y[:, : position + 1])
