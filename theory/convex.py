"""The simplex of tasks: where Bayes predictions are convex combinations, and what that predicts for states.

Space. A task answers queries: dice have one, Markov chains one for each current state, regression one for each x, Dyck
paths one for each number of steps shown. Every answer is an affine function of the task's parameters theta_k,

    m_k(query) = A(query) theta_k + b(query),

so the Bayes prediction is A theta_bar + b with theta_bar = sum_k alpha_k theta_k: one point of the convex hull of the
parameters serves all queries. The vertices of the simplex are the rows theta_k, its dimension is at most K - 1.

Identification. alpha is determined by the answers to all queries iff the theta_k are affinely independent, and by one
prediction iff the m_k(query) are. One number (regression) identifies at most two tasks, a law on V symbols at most V.

States that interpolate, h = mu + sum_k alpha_k v_k, are affine images of theta_bar. With the Gram matrix of centred
vertices G_jk = (v_j - v_mean) . (v_k - v_mean), whatever the map,

    |h - h'|^2 = (alpha - alpha')' G (alpha - alpha').

Output. A linear read-out before a softmax adds logits. If it is right at the vertices, an interpolating state yields
the geometric mixture g ~ prod_k m_k^{alpha_k} and not the mixture m = sum_k alpha_k m_k. The gap in nats is

    KL(m || g) = sum_k alpha_k [KL(m || m_k) - KL(g || m_k)] >= 0,

0 at the vertices, +inf where two tasks of positive weight exclude each other's symbols (Dyck paths). For real targets
the read-out adds means and the gap is 0.

Interaction. What the read-out must produce, centred log-laws (real targets: means), is a table of task by current
symbol. Its interaction share is the part that no sum of a task vector and a symbol vector can produce.

Source: arXiv:2605.03780 for the interpolation; Amari, Information Geometry and Its Applications (2016), chapter 2.
"""

from dataclasses import dataclass
from functools import singledispatch

import numpy as np
from jaxtyping import Float
from scipy.special import logsumexp

from theory.categorical import centred_log_ratio
from theory.checks import require_real, require_shape
from theory.dice import BiasedDice
from theory.geometry import convex_rank
from theory.markov import MarkovChains
from theory.notation import Batch, LatentTasks, Pool
from theory.regression import NoisyLinearRegression
from theory.tasks import require_pool

SUM_TOLERANCE = 1e-6
"""How far weights and laws may be from adding up to 1."""


def task_points(pool: Pool) -> Float[np.ndarray, "K n"]:
    """Return the vertices theta_k, one task per row: the parameters, flattened.

    Units: probabilities (dice, Markov chains), coefficients (regression), steps of +1 and -1 (Dyck paths, whose
    probability of "up" is rho (1 + step) / 2).
    """
    return pool.parameters.reshape(len(pool), -1).astype(np.float64)


@dataclass(frozen=True, eq=False)
class TaskGeometry:
    """Shape of a simplex of tasks.

    Attributes
    ----------
    gram : ndarray, shape (K, K)
        Inner products of the centred vertices; rows sum to 0.
    distances : ndarray, shape (K, K)
        Distances between vertices.
    cosines : ndarray, shape (K, K)
        Cosines of the angles between centred vertices; 0 where a vertex is the centre. A regular simplex has
        -1 / (K - 1) off the diagonal.
    dimension : int
        Dimension of the affine hull.
    identified : bool
        Whether the vertices are affinely independent, so that a point of the hull has one set of weights.
    """

    gram: Float[np.ndarray, "K K"]
    distances: Float[np.ndarray, "K K"]
    cosines: Float[np.ndarray, "K K"]
    dimension: int
    identified: bool


def task_geometry(points: Float[np.ndarray, "K n"]) -> TaskGeometry:
    """Return the geometry of vertices: the tasks' own (`task_points`) or a network's task vectors."""
    require_real("points", points, 2)
    if not len(points):
        raise ValueError("at least one point is needed; got none")
    centred = points - points.mean(axis=0)
    gram = centred @ centred.T
    norms = np.sqrt(np.diag(gram))
    scale = np.where(norms > 0, norms, 1)
    dimension = convex_rank(points) - 1
    return TaskGeometry(
        gram=gram,
        distances=state_distances(np.eye(len(points)), gram),
        cosines=gram / np.outer(scale, scale),
        dimension=dimension,
        identified=dimension == len(points) - 1,
    )


def state_distances(weights: Float[np.ndarray, "N K"], gram: Float[np.ndarray, "K K"]) -> Float[np.ndarray, "N N"]:
    """Return the distances between states that interpolate the vertices with these weights."""
    require_real("weights", weights, 2)
    require_real("gram", gram)
    require_shape("gram", gram, (weights.shape[1],) * 2)
    step = weights[:, None] - weights
    squared = np.einsum("ijk,kl,ijl->ij", step, gram, step)
    return np.sqrt(np.maximum(squared, 0))


def geometric_gap(
    weights: Float[np.ndarray, "*batch K"], laws: Float[np.ndarray, "*batch K V"]
) -> Float[np.ndarray, "*batch"]:
    """Return KL(mixture || geometric mixture) of laws, in nats.

    Parameters
    ----------
    weights : ndarray, shape (..., K)
        At least 0, sum 1; a weight of 0 leaves its law out.
    laws : ndarray, shape (..., K, V)
        The laws that are mixed.

    Returns
    -------
    ndarray, shape (...)
        At least 0; +inf where the geometric mixture excludes what the mixture allows, or does not exist.
    """
    require_real("weights", weights)
    require_real("laws", laws)
    if not weights.ndim or laws.shape[:-1] != weights.shape:
        raise ValueError(f"laws must have shape {weights.shape} and one more axis, like the weights; got {laws.shape}")
    for name, array in (("weights", weights), ("laws", laws)):
        if np.any(array < 0) or np.any(np.abs(array.sum(axis=-1) - 1) > SUM_TOLERANCE):
            raise ValueError(f"{name} must be at least 0 and add up to 1 along their last axis")
    with np.errstate(divide="ignore", invalid="ignore"):
        logits = np.where(weights[..., None] > 0, weights[..., None] * np.log(laws), 0).sum(axis=-2)
        mixed = (weights[..., None, :] @ laws)[..., 0, :]
        excess = np.where(mixed > 0, mixed * (np.log(mixed) - logits), 0).sum(axis=-1)
    finite = np.isfinite(excess)
    normaliser = logsumexp(np.where(finite[..., None], logits, 0), axis=-1)
    gap: Float[np.ndarray, "*batch"] = np.where(finite, np.maximum(excess + normaliser, 0), np.inf)
    return gap


def output_gap(
    family: LatentTasks, pool: Pool, batch: Batch, weights: Float[np.ndarray, "B T K"]
) -> Float[np.ndarray, "B T"]:
    """Return what linear interpolation in front of the read-out costs along the posterior's path, in nats.

    The best a network that interpolates its last state with the posterior's weights can do, if it is right at the
    vertices. Large values: the interpolation must end, or bend, before the last layer. 0 for real targets.
    """
    if family.target_kind == "real":
        return np.zeros(weights.shape[:2])
    return geometric_gap(weights, family.task_mean(pool, batch))


@dataclass(frozen=True)
class InteractionShare:
    """How much of a table of cells, task by current symbol, is not additive.

    Attributes
    ----------
    of_cells : float
        SS_interaction / SS_cells (P1's eta squared); 0 if all cells are equal.
    of_task : float
        SS_interaction / (SS_interaction + SS_task) (P1*); 0 if nothing depends on the task.
    """

    of_cells: float
    of_task: float


def interaction_share(table: Float[np.ndarray, "K A D"]) -> InteractionShare:
    """Return the interaction share of a table of cells by two-way analysis of variance, tasks by symbols."""
    require_real("table", table, 3)
    if not table.size:
        raise ValueError(f"table must hold cells; got shape {table.shape}")
    grand = table.mean(axis=(0, 1))
    task = table.mean(axis=1, keepdims=True) - grand
    symbol = table.mean(axis=0, keepdims=True) - grand
    n_tasks, n_symbols, _ = table.shape
    # An effect that is 0 leaves round-off of differences between entries of this size.
    nothing = table.size * (8 * np.finfo(np.float64).eps * float(np.abs(table).max(initial=0))) ** 2
    of_task = _squares(task, n_symbols, nothing)
    of_symbol = _squares(symbol, n_tasks, nothing)
    of_both = _squares(table - grand - task - symbol, 1, nothing)
    return InteractionShare(_share(of_both, of_both + of_task + of_symbol), _share(of_both, of_both + of_task))


def _squares(effect: Float[np.ndarray, "..."], repeats: int, nothing: float) -> float:
    total = repeats * float(np.square(effect).sum())
    return total if total > nothing else 0.0


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0


@singledispatch
def read_out_table(family: LatentTasks, pool: Pool) -> Float[np.ndarray, "K A D"]:
    """Return what the read-out must produce for each task and current symbol: centred log-laws, or means.

    Dice: the law does not depend on the symbol. Markov chains: row a. Regression: w_k . x at x = sqrt(d) e_i and
    -sqrt(d) e_i, which have the mean 0 and the covariance I of x ~ N(0, I), so every sum of squares is the
    population's.

    Raises
    ------
    ValueError
        If a probability is 0, whose logarithm is no number, or the family has no such table: a Dyck path's next law
        depends on the number of steps shown and not on the current symbol.
    """
    raise ValueError(f"{type(family).__name__} has no table of task by current symbol")


@read_out_table.register
def _(family: BiasedDice, pool: Pool) -> Float[np.ndarray, "K A D"]:
    require_pool("pool", family, pool)
    return np.repeat(_centred_log(pool.parameters)[:, None], family.faces, axis=1)


@read_out_table.register
def _(family: MarkovChains, pool: Pool) -> Float[np.ndarray, "K A D"]:
    require_pool("pool", family, pool)
    return _centred_log(pool.parameters)


@read_out_table.register
def _(family: NoisyLinearRegression, pool: Pool) -> Float[np.ndarray, "K A D"]:
    require_pool("pool", family, pool)
    side = np.sqrt(family.dimension) * np.eye(family.dimension)
    return (pool.parameters @ np.concatenate([side, -side]).T)[..., None]


def _centred_log(laws: Float[np.ndarray, "*batch V"]) -> Float[np.ndarray, "*batch V"]:
    """Return log-laws less their mean over symbols, which a softmax does not see."""
    if np.any(laws == 0):
        raise ValueError("log-laws need probabilities above 0; got a probability of 0")
    return centred_log_ratio(laws)
