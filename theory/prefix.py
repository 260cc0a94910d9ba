"""What a state must keep of a planted Dyck path: the prefix, that is the steps x_1 .. x_j shown so far.

The law of what comes next depends on the past through the prefix alone (`theory.dyck`); for path k it is m_k(j). State
i, which has read symbols 0 .. i, stands beside target t = i + 1. Here is what theory says of a state that keeps less.

Height and steps left. With r = x_1 + ... + x_j, k = 2 n - j, the next symbol S_t and path w,

    I(prefix; S_t | r, k) = rho sum_{j < 2n} P(j steps shown before t) [H(w_{j+1} | r, j) - H(w_{j+1} | prefix)]   nats:

whether a step comes, and which background symbol if none, is independent of the prefix, so only the step tells. It is
positive as soon as two prefixes of one height and length lead to different steps. Position adds nothing, because the
law of the next symbol given the prefix does not depend on t. For the prior it is exactly 0: of the paths that
begin with x_1 .. x_j, N(r, k) in number whatever the steps were, N(r - 1, k - 1) go down next, so

    P(down | prefix) = N(r - 1, k - 1) / N(r, k) = P(down | r, k).

A fresh path asks for two numbers; a known one for its prefix.

Task and current symbol. Cell (k, a) of state i holds the sequences of path k whose symbol s_i is a. In it j is random:
with J steps before symbol i, J binomial and cut off at 2 n,

    P(j | k, a)  proportional to  P(J) m_k(J)[a],     j = J + 1 if a is a step, else J.

A predictor whose state is a function of task and current symbol at each position loses at least

    I(j; S_t | task, s_i) = sum_k pi_k sum_a P(a | k) [H(mean of m_k(j) in the cell) - mean of H(m_k(j))]      nats,

of which part says whether the path is used up, and at most rho log 2 which way the next step goes. And a state f that
follows the prefix varies within cells. If all cells count alike its residual is

    1 - R2_cell = sum over cells of Var(f | cell) / sum over cells of E |f - mean f|^2.

f may be the read-out m_k(j), or the posterior over paths. The posterior is a function of the prefix too: its residual
is what doubt about the task leaves, and is gone when the path is known. That of the read-out is not.

Source: arXiv:2605.03780, boundary case E4; Cover and Thomas, Elements of Information Theory (2006), chapter 2.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import entr
from scipy.stats import binom

from theory.bayes import posterior
from theory.categorical import draw
from theory.dyck import PlantedDyck
from theory.exposure import common_steps, steps_shown_law
from theory.notation import Batch, LatentTasks, Pool, SymbolBatch
from theory.symbols import symbols_of

CONSTANT = 1e-15
"""Variance, per cell, below which a state of size 1 is taken not to vary."""

RARE = 0.01
"""A cell that is less probable than this, given the task, is hardly ever met in training."""


def planted(family: LatentTasks) -> PlantedDyck:
    """Return the family if its state is a prefix.

    Raises
    ------
    TypeError
        If it is not.
    """
    if not isinstance(family, PlantedDyck):
        raise TypeError(f"prefixes need planted Dyck paths; got {type(family).__name__}")
    return family


def steps_shown(family: PlantedDyck, batch: Batch) -> Int[np.ndarray, "B T"]:
    """Return j, how many steps were shown before each target, at most 2 pairs."""
    steps = (symbols_of(batch, family.background + 2) >= family.background).astype(np.int64)
    return np.minimum(np.cumsum(steps, axis=1) - steps, 2 * family.pairs)


def heights(pool: Pool) -> Int[np.ndarray, "K C"]:
    """Return r, the unmatched ups of each path after j = 0 .. 2 pairs steps."""
    return np.pad(np.cumsum(pool.parameters, axis=1), ((0, 0), (1, 0))).astype(np.int64)


def prefix_index(pool: Pool) -> Int[np.ndarray, "K C"]:
    """Number the prefixes of a pool from 0: entry [k, j] is the number of the first j = 0 .. 2 pairs steps of path k.

    Two paths have the same number at j exactly if they share their first j steps.
    """
    steps = np.arange(pool.parameters.shape[1] + 1)
    # The first path that shares the prefix stands for all that do.
    first = (common_steps(pool)[:, :, None] >= steps).argmax(axis=1)
    numbers: Int[np.ndarray, "K C"] = np.unique(first * len(steps) + steps, return_inverse=True)[1]
    return numbers.reshape(first.shape)


def laws_by_steps(family: PlantedDyck, pool: Pool) -> Float[np.ndarray, "K C V"]:
    """Return the read-out m_k(j): the law of the next symbol for path k after j = 0 .. 2 pairs steps."""
    # A sequence of nothing but ups has shown t steps before target t, which is all that a known path asks for.
    ups = np.full((1, 2 * family.pairs + 1), family.background)
    return family.task_mean(pool, SymbolBatch(np.zeros(1, dtype=np.int64), ups))[0].swapaxes(0, 1)


def posterior_by_steps(pool: Pool, weights: Float[np.ndarray, " K"]) -> Float[np.ndarray, "K C K"]:
    """Return the posterior over the pool after the first j steps of path k: the prior, cut to the paths that agree."""
    steps = np.arange(pool.parameters.shape[1] + 1)
    agree = common_steps(pool)[:, None, :] >= steps[:, None]
    return posterior(np.where(agree, 0.0, -np.inf), weights)


def informative_positions(family: PlantedDyck) -> tuple[int, ...]:
    """Return the states at which the path is typically in progress: 1/4 to 3/4 of its steps are expected to be shown.

    State i has read symbols 0 .. i. There is none if sequences are too short to get there.
    """
    expected = steps_shown_law(family) @ np.arange(2 * family.pairs + 1)
    inside = (expected >= family.pairs / 2) & (expected <= 3 * family.pairs / 2)
    return tuple(int(target) - 1 for target in np.flatnonzero(inside))


def information_given_height(
    family: PlantedDyck, pool: Pool, weights: Float[np.ndarray, " K"]
) -> Float[np.ndarray, " T"]:
    """Return I(prefix; next symbol | height, steps left) before each target, in nats, the path drawn from the pool.

    The mean over targets is the information given height, steps left and position.
    """
    prefixes, height, up = prefix_index(pool), heights(pool), pool.parameters > 0
    gained = [
        _doubt(up[:, j], height[:, j], weights) - _doubt(up[:, j], prefixes[:, j], weights)
        for j in range(2 * family.pairs)
    ]
    return family.density * (steps_shown_law(family)[:, :-1] @ np.maximum(gained, 0))


def _doubt(up: Bool[np.ndarray, " K"], known: Int[np.ndarray, " K"], weights: Float[np.ndarray, " K"]) -> float:
    """Return H(up | known) in nats, the path drawn with the given weights."""
    labels, share = np.unique(known, return_inverse=True)[1], weights / weights.sum()
    joint = np.stack([np.bincount(labels, share * side) for side in (up, ~up)])
    return float(entr(joint).sum() - entr(joint.sum(axis=0)).sum())


@dataclass(frozen=True, eq=False)
class Cells:
    """The (task, current symbol) cells of one state.

    Attributes
    ----------
    probability : ndarray, shape (K, V)
        P(s_i = a | path k).
    steps : ndarray, shape (K, V, C)
        P(j | k, a), j = 0 .. 2 pairs steps shown by symbols 0 .. i; all 0 in a cell that cannot occur.
    """

    probability: Float[np.ndarray, "K V"]
    steps: Float[np.ndarray, "K V C"]

    @classmethod
    def at(cls, family: PlantedDyck, pool: Pool, position: int) -> "Cells":
        """Return the cells of the state at a position."""
        before = steps_shown_law(family)[position]
        joint = (before[:, None] * laws_by_steps(family, pool)).swapaxes(1, 2)
        # A step that is shown moves j on by one; after the last there is none to show.
        joint[:, family.background :] = np.roll(joint[:, family.background :], 1, axis=-1)
        probability = joint.sum(axis=-1)
        return cls(probability, joint / np.where(probability > 0, probability, 1)[..., None])

    @property
    def frequent(self) -> bool:
        """Whether every cell is met in training."""
        return bool(self.probability.min() >= RARE)

    def residual(self, states: Float[np.ndarray, " K #V C n"]) -> float:
        """Return 1 - R2_cell of a state that is a function of path, current symbol and steps shown.

        Parameters
        ----------
        states : ndarray, shape (K, V or 1, C, n)
            `laws_by_steps` and `posterior_by_steps` are two, with an axis put in for the symbol.

        Returns
        -------
        float
            Share of the variance, all cells counted alike; nan if the state does not vary or some cell cannot occur.
        """
        law = self.steps[..., None]
        mean = (law * states).sum(axis=2)
        # Centred first, so that a state that does not vary within cells leaves no round-off.
        within = float((law * np.square(states - mean[:, :, None])).sum())
        total = within + float(np.square(mean - mean.mean(axis=(0, 1))).sum())
        defined = np.all(self.probability > 0) and total > CONSTANT * mean[..., 0].size
        return within / total if defined else float("nan")


def predicted_residuals(family: PlantedDyck, pool: Pool, position: int) -> dict[str, float]:
    """Return 1 - R2_cell of two exact states, by name: the "read-out" m_k(j) and the "posterior" over equal tasks."""
    cells = Cells.at(family, pool, position)
    states = {"read-out": laws_by_steps(family, pool), "posterior": posterior_by_steps(pool, np.ones(len(pool)))}
    return {name: cells.residual(state[:, None]) for name, state in states.items()}


def judged_position(family: PlantedDyck, pool: Pool) -> int:
    """Return the informative position at which most of the read-out's residual cannot be doubt about the task.

    That is where its residual exceeds that of the posterior by most, of the positions without rare cells.

    Raises
    ------
    ValueError
        If there is none: sequences are too short, or steps too dense.
    """
    gaps = {}
    for position in informative_positions(family):
        if Cells.at(family, pool, position).frequent:
            residual = predicted_residuals(family, pool, position)
            gaps[position] = residual["read-out"] - residual["posterior"]
    if not gaps:
        raise ValueError(f"at no position of {family} is the path in progress and every symbol met in every task")
    return max(gaps, key=lambda position: gaps[position])


def information_beyond_task(family: PlantedDyck, pool: Pool, weights: Float[np.ndarray, " K"], position: int) -> float:
    """Return I(steps shown; next symbol | task, current symbol) of the state at a position, in nats."""
    return _lost(Cells.at(family, pool, position), laws_by_steps(family, pool), weights)


def information_about_end(family: PlantedDyck, pool: Pool, weights: Float[np.ndarray, " K"], position: int) -> float:
    """Return the part of `information_beyond_task` that says whether a step comes, which it does while steps are left.

    By the chain rule the rest is about the direction of the step. Which background symbol comes is independent of both.
    """
    step = laws_by_steps(family, pool)[..., family.background :].sum(axis=-1)
    return _lost(Cells.at(family, pool, position), np.stack([1 - step, step], axis=-1), weights)


def _lost(cells: Cells, laws: Float[np.ndarray, "K C n"], weights: Float[np.ndarray, " K"]) -> float:
    """Return I(steps shown; outcome | task, current symbol) of an outcome with the given law after j steps."""
    mixed = entr(np.einsum("kac,kcv->kav", cells.steps, laws)).sum(axis=-1)
    pure = np.einsum("kac,kc->ka", cells.steps, entr(laws).sum(axis=-1))
    return float(weights @ (cells.probability * (mixed - pure)).sum(axis=1) / weights.sum())


def sample_in_cells(
    family: PlantedDyck,
    rng: np.random.Generator,
    pool: Pool,
    tasks: Int[np.ndarray, " B"],
    symbols: Int[np.ndarray, " B"],
    position: int,
) -> SymbolBatch:
    """Draw sequences of given paths *conditional* on their symbol at a position.

    To set the symbol by hand, as one does for dice, would break the path: a step that is not due, or one that goes
    missing. Instead, c of the symbols before it are chosen for steps with probability proportional to
    Binomial(c; position, rho) m_k(c)[symbol], all choices of c alike, and the path is planted there.

    Returns
    -------
    SymbolBatch
        Symbols 0 .. position, and a last one, which no state reads and is 0.

    Raises
    ------
    ValueError
        If a path cannot show its symbol there.
    """
    n_steps, counts = 2 * family.pairs, np.arange(position + 1)
    weight = laws_by_steps(family, pool)[:, np.minimum(counts, n_steps)][tasks, :, symbols]
    law = binom.pmf(counts, position, family.density) * weight
    for row in np.flatnonzero(~law.any(axis=1))[:1]:
        raise ValueError(f"path {tasks[row]} cannot show symbol {symbols[row]} at position {position}")
    shape = (len(tasks), position)
    ranks = rng.random(shape).argsort(axis=1).argsort(axis=1)
    chosen = ranks < draw(rng.random((len(tasks), 1)), law)
    shown: Int[np.ndarray, "B i"] = np.cumsum(chosen, axis=1) - chosen
    up = pool.parameters[tasks[:, None], np.minimum(shown, n_steps - 1)] > 0
    due = np.where(up, family.background, family.background + 1)
    background = family.average_vertices(pool)[:1, : family.background]
    other = draw(rng.random(shape), np.repeat(background, len(tasks), axis=0))
    before = np.where(chosen & (shown < n_steps), due, other)
    return SymbolBatch(tasks, np.column_stack([before, symbols, np.zeros_like(symbols)]))
