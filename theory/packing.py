"""Few directions cannot carry many different tasks: a packing bound, and how many tasks a prior holds.

Setting. N = 2^{d0} tasks have predictions m_i that are pairwise at least c apart. Task i is represented by a state
h_i, and the read-out F predicts with error at most delta, |F(h_i) - m_i| <= delta, and is L-Lipschitz,
|F(h) - F(h')| <= L |h - h'|. S is a subspace of dimension k, and the projections P h_i lie in a ball of radius C of S.

Theorem. With s = (c - 2 delta) / L and b = C / (2^{d0/k} - 1), if s > 0 some state has

    dist(h_i, S) >= 1/2 sqrt(max(s^2 - (2 b)^2, 0)).

Proof. Let r be the largest of the distances and Q = I - P.

(1) c <= |m_i - m_j| <= |m_i - F(h_i)| + |F(h_i) - F(h_j)| + |F(h_j) - m_j| <= 2 delta + L |h_i - h_j|, so
    |h_i - h_j| >= s for i != j.
(2) |Q h_i - Q h_j| <= |Q h_i| + |Q h_j| <= 2 r, so by Pythagoras |P h_i - P h_j|^2 >= s^2 - 4 r^2.
(3) If s^2 - 4 r^2 <= 0 then r >= s / 2 and we are done. Else put u = sqrt(s^2 - 4 r^2) > 0. The N open balls of
    radius u / 2 about P h_i in S are disjoint and lie in a ball of radius C + u / 2. Comparing volumes,
    N (u / 2)^k <= (C + u / 2)^k, so 2^{d0/k} <= 1 + 2 C / u, that is u <= 2 b.
(4) Hence s^2 - 4 r^2 <= 4 b^2, which is the claim. For k = 0 all projections coincide, (2) gives r >= s / 2, and the
    formula holds with b = 0.

The norm of predictions may be any norm; the norm of states is Euclidean. The bound is never below the linear form
s / 2 - b (as s^2 - 4 b^2 >= (s - 2 b)^2 where s >= 2 b). It is attained for N = 2, by opposite states, and for k = 1
and 2 b <= s <= 4 b, by states that are equally spaced along S and lie on either side of it in turn. For s > 4 b the
second neighbours must part outside S as well, and step (2) can be improved, by up to a factor sqrt 2: N points that
are pairwise s apart have one at s sqrt((N - 1) / (2 N)) or more from any centre.

Source: the volume argument is Kolmogorov and Tikhomirov's (1959), see Wainwright, High-Dimensional Statistics (2019),
section 5.1; the statement with these constants is ours, after arXiv:2605.03780, section on the dimension of tasks.
"""

from dataclasses import dataclass
from functools import singledispatch

import numpy as np
from jaxtyping import Float, Int

from theory.checks import is_number, quoted, require_at_least, require_real, require_whole
from theory.convex import task_points
from theory.dice import BiasedDice
from theory.dyck import PlantedDyck
from theory.geometry import convex_rank
from theory.markov import MarkovChains
from theory.notation import LatentTasks
from theory.regression import NoisyLinearRegression


def packing_bound(
    task_bits: float, subspace_dimension: int, lipschitz: float, error: float, separation: float, radius: float
) -> float:
    """Return the distance from the subspace that some state must have.

    Parameters
    ----------
    task_bits : float
        d0: there are 2^{d0} tasks, at least 0.
    subspace_dimension : int
        k, at least 0.
    lipschitz : float
        L of the read-out, positive: units of prediction per unit of state.
    error : float
        delta, the largest error of a prediction, at least 0.
    separation : float
        c, the least distance of two tasks' predictions, at least 0.
    radius : float
        C, the radius of a ball of the subspace that holds the projected states, at least 0.

    Returns
    -------
    float
        In units of the state; 0 where the theorem says nothing.

    Examples
    --------
    Ten thousand tasks that differ by 0.2 must go far out of two directions, and less far out of twelve:

    >>> from theory.packing import packing_bound
    >>> for k in (2, 12):
    ...     print(round(packing_bound(13.3, k, lipschitz=0.1, error=0.01, separation=0.2, radius=1.0), 2))
    0.9
    0.25
    """
    spread, crowding = _spread_and_crowding(task_bits, subspace_dimension, lipschitz, error, separation, radius)
    if task_bits == 0 or spread <= 2 * crowding:
        return 0.0
    return 0.5 * float(np.sqrt((spread - 2 * crowding) * (spread + 2 * crowding)))


def task_bits_to_leave(
    distance: float, subspace_dimension: int, lipschitz: float, error: float, separation: float, radius: float
) -> float:
    """Return the d0 at which the packing bound reaches `distance`: more than 2^{d0} tasks force states out further.

    The theorem solved for d0: k log2(1 + 2 C / sqrt(s^2 - 4 distance^2)). It is inf where no number of tasks does,
    at distance >= s / 2.
    """
    spread, _ = _spread_and_crowding(1.0, subspace_dimension, lipschitz, error, separation, radius)
    require_at_least("distance", distance, 0)
    if spread <= 2 * distance:
        return float("inf")
    gap = np.sqrt((spread - 2 * distance) * (spread + 2 * distance))
    return float(subspace_dimension * np.log2(1 + 2 * radius / gap))


def softmax_lipschitz(unembedding: Float[np.ndarray, "width V"]) -> float:
    """Return a Lipschitz constant of h -> softmax(h W + b) in Euclidean norms: half the largest singular value of W.

    The derivative of softmax is diag(p) - p p', and x' (diag(p) - p p') x is the variance of x_v under p, at most
    (max x - min x)^2 / 4 (Popoviciu) <= (2 |x|^2) / 4. So softmax itself is 1/2-Lipschitz.
    """
    require_real("unembedding", unembedding, 2)
    return 0.5 * float(np.linalg.norm(unembedding, ord=2))


def greedy_packing(points: Float[np.ndarray, "N n"], separation: float) -> Int[np.ndarray, " packed"]:
    """Return indices of points that are pairwise at least `separation` apart, found one after the other.

    No point can be added, so the packing is maximal; it need not be the largest. Its size is therefore a lower bound
    on the packing number of the points, and on that of any set they are taken from.
    """
    require_real("points", points, 2)
    if not (is_number(separation) and 0 < separation < np.inf):
        raise ValueError(f"separation must be positive and finite; got {quoted(separation)}")
    free = np.ones(len(points), dtype=bool)
    packed = []
    for index, point in enumerate(points):
        if free[index]:
            packed.append(index)
            free &= np.linalg.norm(points - point, axis=1) >= separation
    return np.array(packed, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class PriorPacking:
    """How rich a task prior is.

    Attributes
    ----------
    intrinsic_dimension : int
        Dimension of the affine hull of the prior's tasks.
    separations : ndarray, shape (S,)
        Distances c, in units of the task's parameters.
    task_bits : ndarray, shape (S,)
        log2 of the size of a greedy packing of tasks drawn from the prior: a lower bound on d0 at each c.
    """

    intrinsic_dimension: int
    separations: Float[np.ndarray, " S"]
    task_bits: Float[np.ndarray, " S"]


def prior_packing(
    family: LatentTasks, rng: np.random.Generator, n_tasks: int, separations: Float[np.ndarray, " S"]
) -> PriorPacking:
    """Pack tasks drawn from the prior, at each separation, in the space of `theory.convex.task_points`.

    A lower bound twice over: the packing is greedy, and at most log2(n_tasks) bits can be found. Where it comes near
    that, draw more tasks. Cost: n_tasks times the size of the packing, times the size of a task.
    """
    require_whole("n_tasks", n_tasks, 1)
    require_real("separations", separations, 1)
    points = task_points(family.sample_pool(rng, n_tasks))
    sizes = [len(greedy_packing(points, float(separation))) for separation in separations]
    return PriorPacking(intrinsic_dimension(family), separations, np.log2(sizes))


@singledispatch
def intrinsic_dimension(family: LatentTasks) -> int:
    """Return the dimension of the affine hull of all tasks of the prior.

    Dice V - 1; Markov chains V (V - 1); regression d; Dyck paths of n pairs 2 n - 3 for n > 1 (the first step is up,
    the last is down, the rest add up to 0, and swapping neighbours reaches all other directions), else 0.

    For another family the dimension is found from tasks drawn from its prior with a fixed seed: a lower bound.
    """
    return convex_rank(task_points(family.sample_pool(np.random.default_rng(0), 1000))) - 1


@intrinsic_dimension.register
def _(family: BiasedDice) -> int:
    return family.faces - 1


@intrinsic_dimension.register
def _(family: MarkovChains) -> int:
    return family.states * (family.states - 1)


@intrinsic_dimension.register
def _(family: NoisyLinearRegression) -> int:
    return family.dimension


@intrinsic_dimension.register
def _(family: PlantedDyck) -> int:
    return max(2 * family.pairs - 3, 0)


def _spread_and_crowding(
    task_bits: float, subspace_dimension: int, lipschitz: float, error: float, separation: float, radius: float
) -> tuple[float, float]:
    """Return s = (c - 2 delta) / L and b = C / (2^{d0/k} - 1)."""
    require_whole("subspace_dimension", subspace_dimension, 0)
    if not (is_number(lipschitz) and 0 < lipschitz < np.inf):
        raise ValueError(f"lipschitz must be positive and finite; got {quoted(lipschitz)}")
    for name, value in (("task_bits", task_bits), ("error", error), ("separation", separation), ("radius", radius)):
        require_at_least(name, value, 0)
    spread = (separation - 2 * error) / lipschitz
    if subspace_dimension == 0 or radius == 0:
        return spread, 0.0
    with np.errstate(over="ignore", divide="ignore"):
        return spread, float(radius / np.expm1(np.log(2) * task_bits / subspace_dimension))
