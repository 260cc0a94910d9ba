"""The convex mixture of some predictions that comes nearest a network's own.

    w = argmin over the simplex of  mean over sequences and positions of D(m, q) + price' w,   m = sum_j w_j c_j

for predictions q of the network and c_j of J candidates, D(m, q) = KL(m || q) or (m - q)^2. It is convex in w, and its
quadratic model at w is u' G u - 2 l' u up to a constant on the simplex, with

    numbers   G_jk = mean c_j c_k,                          l_j = mean c_j q              (exact)
    symbols   G_jk = mean sum_v c_jv c_kv / (2 m_v),        l_j = -mean sum_v c_jv log(m_v / q_v) / 2

(the second derivative of KL is 2 G, its slope sum_v c_jv log(m_v / q_v) + 1, and 2 G w is 1 in every entry, because the
entries of each c_j sum to 1). Newton's method minimises the model over the simplex face by face, and
halves its step until the distance falls. With the sequences resampled, one such step from w refits to first order.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float

from theory import TargetKind, divergence

N_NEWTON, ACCURACY, RIDGE = 50, 1e-7, 1e-9
"""Newton steps at most; the change of weights that ends them; relative addition to the diagonal of G."""


def simplex_minimum(gram: Float[np.ndarray, "R J J"], linear: Float[np.ndarray, "R J"]) -> Float[np.ndarray, "R J"]:
    """Minimise u' G u - 2 l' u over the simplex, for each of R positive definite quadratic forms.

    Exact: the minimiser is the stationary point of one face, and of the stationary points that are nowhere negative
    the least wins. Faces double with each of the J coordinates.
    """
    n_problems, n_vertices = linear.shape
    best, least = np.zeros((n_problems, n_vertices)), np.full(n_problems, np.inf)
    for size in range(1, n_vertices + 1):
        for face in map(list, combinations(range(n_vertices), size)):
            system = np.ones((n_problems, size + 1, size + 1))
            system[:, :size, :size] = gram[:, face][:, :, face]
            system[:, size, size] = 0
            right = np.concatenate([linear[:, face], np.ones((n_problems, 1))], axis=1)
            point = np.zeros_like(linear)
            point[:, face] = np.linalg.solve(system, right[..., None])[:, :size, 0]
            value = np.einsum("rj,rjk,rk->r", point, gram, point) - 2 * (linear * point).sum(axis=1)
            better = (value < least) & np.all(point >= 0, axis=1)
            best[better], least[better] = point[better], value[better]
    return best


@dataclass(frozen=True, eq=False)
class Quadratic:
    """The quadratic model u' G u - 2 l' u of each sequence's mean distance."""

    gram: Float[np.ndarray, "B J J"]
    linear: Float[np.ndarray, "B J"]

    @classmethod
    def at(
        cls,
        kind: TargetKind,
        mean: Float[np.ndarray, "B P D"],
        candidates: Float[np.ndarray, "B P D J"],
        weights: Float[np.ndarray, " J"],
    ) -> "Quadratic":
        """Expand the distance of the network's predictions to a mixture about its weights."""
        n_sequences, n_positions = mean.shape[:2]
        table = candidates.reshape(n_sequences, -1, candidates.shape[-1])
        flat = mean.reshape(n_sequences, -1, 1)
        if kind == "real":
            return cls(_cross(table, table) / n_positions, _cross(table, flat)[..., 0] / n_positions)
        mixed = (table @ weights)[..., None]
        scores = table / np.sqrt(mixed)
        return cls(
            _cross(scores, scores) / (2 * n_positions),
            -_cross(table, np.log(mixed / flat))[..., 0] / (2 * n_positions),
        )

    def minimum(self, counts: Float[np.ndarray, "R B"], price: Float[np.ndarray, " J"]) -> Float[np.ndarray, "R J"]:
        """Minimise the weighted mean over sequences, plus price' u, over the simplex; one row a weighting."""
        n_sequences, n_candidates = self.linear.shape
        gram = (counts @ self.gram.reshape(n_sequences, -1)).reshape(-1, n_candidates, n_candidates)
        # Each candidate's own diagonal: that of one which alone allows a symbol is larger than others' by many orders.
        gram = gram * (1 + RIDGE * np.eye(n_candidates))
        return simplex_minimum(gram, counts @ self.linear - price / 2)


def fit_mixture(
    kind: TargetKind,
    mean: Float[np.ndarray, "B P D"],
    candidates: Float[np.ndarray, "B P D J"],
    price: Float[np.ndarray, " J"],
) -> tuple[Float[np.ndarray, " J"], Quadratic]:
    """Return the weights of the mixture nearest the network's predictions, and the quadratic model there.

    Parameters
    ----------
    price : ndarray, shape (J,)
        Added per unit of each candidate's weight, in units of the distance.
    """
    n_candidates = len(price)
    evenly = np.full((1, len(mean)), 1 / len(mean))

    def objective(weights: Float[np.ndarray, " J"]) -> float:
        return float(divergence(kind, candidates @ weights, mean).mean() + price @ weights)

    weights = np.full(n_candidates, 1 / n_candidates)
    for _ in range(N_NEWTON):
        model = Quadratic.at(kind, mean, candidates, weights)
        direction = model.minimum(evenly, price)[0] - weights
        if np.abs(direction).max() < ACCURACY:
            break
        slope = direction @ (2 * (model.gram.mean(axis=0) @ weights - model.linear.mean(axis=0)) + price)
        before, step = objective(weights), 1.0
        while step > ACCURACY and objective(weights + step * direction) > before + 0.1 * step * slope:
            step /= 2
        weights = weights + step * direction
    return weights, Quadratic.at(kind, mean, candidates, weights)


def _cross(one: Float[np.ndarray, "B N J"], other: Float[np.ndarray, "B N I"]) -> Float[np.ndarray, "B J I"]:
    """Return the products of columns, summed over the rows of each sequence."""
    return one.swapaxes(1, 2) @ other
