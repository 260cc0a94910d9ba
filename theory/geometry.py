"""Where points stand relative to a simplex: projections, coordinates, rank.

    simplex_projection  argmin_b |x - b|^2            over b >= 0, sum b = 1
    barycentric         argmin_b |x - b^T V|^2        over sum b = 1, b of any sign
    hull_coordinates    argmin_b |x - b^T V|^2        over b >= 0, sum b = 1
    convex_rank         1 + dim of the affine hull of the points

V is the table of vertices, one per row, shape (K, n). In `barycentric`, write c for the mean vertex: with
M = V - c, the coordinates are 1/K + (x - c) M^+, and they sum to 1 because the rows of M do to 0.
Source: Duchi et al., Efficient projections onto the l1-ball (2008), for the sorted projection.
"""

from itertools import combinations
from math import prod

import numpy as np
from jaxtyping import Float

from theory.checks import require_at_least, require_real

FARTHEST = 1e150
"""Squares of larger numbers overflow."""

MOST_HULL_VERTICES = 8


def simplex_projection(x: Float[np.ndarray, "*batch K"]) -> Float[np.ndarray, "*batch K"]:
    """Return the nearest point of the probability simplex, along the last axis.

    The projection is max(x - tau, 0) with tau set by the largest j such that the j largest entries all stay positive.

    Raises
    ------
    ValueError
        If the last axis is empty or an entry is not finite.
    """
    require_real("x", x)
    if np.issubdtype(x.dtype, np.integer):  # differences of small integers wrap round
        x = x.astype(np.float64)
    if not x.shape[-1:] or not x.shape[-1]:
        raise ValueError("x must have at least one entry along its last axis")
    # Shifting all entries changes nothing, and entries 1 below the largest project to 0: so no sum can overflow.
    with np.errstate(over="ignore"):
        shifted = np.maximum(x - x.max(axis=-1, keepdims=True), -1)
    descending = -np.sort(-shifted, axis=-1)
    excess = np.cumsum(descending, axis=-1) - 1
    order = np.arange(1, x.shape[-1] + 1)
    support = np.count_nonzero(descending * order > excess, axis=-1, keepdims=True)
    threshold = np.take_along_axis(excess, support - 1, axis=-1) / support
    projection: Float[np.ndarray, "*batch K"] = np.maximum(shifted - threshold, 0)
    return projection


def barycentric(
    points: Float[np.ndarray, "*batch n"], vertices: Float[np.ndarray, "K n"]
) -> Float[np.ndarray, "*batch K"]:
    """Return affine coordinates of the points' nearest point on the affine hull of the vertices.

    They sum to 1 and are negative outside the simplex. Where the vertices are affinely dependent many coordinates
    describe the same point, and the ones of least norm are returned.
    """
    _require_points(points, vertices)
    centre, directions, inverse = _affine_frame(vertices)
    coordinates: Float[np.ndarray, "*batch K"] = 1 / len(vertices) + (points - centre) @ directions.T @ inverse
    return coordinates


def hull_coordinates(
    points: Float[np.ndarray, "*batch n"], vertices: Float[np.ndarray, "K n"]
) -> Float[np.ndarray, "*batch K"]:
    """Return convex coordinates of the points' nearest point in the convex hull of the vertices.

    Exact: the nearest point is a combination, with positive weights, of affinely independent vertices (Caratheodory),
    and is then also the nearest point on their affine hull. So all sets of at most dim + 1 vertices are tried, and of
    the coordinates that are nowhere negative the closest win. Where the vertices are affinely dependent the
    coordinates are not unique; one solution is returned, the same on every call.

    Raises
    ------
    ValueError
        If there are more than 8 vertices (their sets double with each) or an entry is not finite.
    """
    _require_points(points, vertices)
    if len(vertices) > MOST_HULL_VERTICES:
        raise ValueError(f"hull_coordinates takes at most {MOST_HULL_VERTICES} vertices; got {len(vertices)}")
    scale = _scale(vertices)
    points, vertices = points / scale, vertices / scale
    if np.abs(points).max(initial=0) > FARTHEST:
        raise ValueError(f"points must lie within {FARTHEST:g} times the size of the vertices")
    # What is orthogonal to the hull changes no coordinates: leaving it out keeps far points precise and fast.
    centre, directions, _ = _affine_frame(vertices)
    flat = (points.reshape(prod(points.shape[:-1]), len(centre)) - centre) @ directions.T
    corners = (vertices - centre) @ directions.T
    best = np.zeros((len(flat), len(vertices)))
    least = np.full(len(flat), np.inf)
    for size in range(1, len(directions) + 2):
        for face in combinations(range(len(vertices)), size):
            coordinates = barycentric(flat, corners[list(face)])
            distance = np.square(flat - coordinates @ corners[list(face)]).sum(axis=-1)
            closer = (distance < least) & np.all(coordinates >= 0, axis=-1)
            least[closer] = distance[closer]
            best[closer] = 0
            best[np.ix_(closer, face)] = coordinates[closer]
    return best.reshape(*points.shape[:-1], len(vertices))


def convex_rank(points: Float[np.ndarray, "K n"], tolerance: float | None = None) -> int:
    """Return the largest number of affinely independent points among the rows.

    Parameters
    ----------
    points : ndarray, shape (K, n)
        At least one point.
    tolerance : float, optional
        Singular values of the centred points up to this count as 0. By default round-off: max(K, n) times machine
        epsilon times the largest norm of a point times sqrt(K).

    Raises
    ------
    ValueError
        If there is no point, an entry is not finite, or the tolerance is below 0.
    """
    require_real("points", points, 2)
    if tolerance is not None:
        require_at_least("tolerance", tolerance, 0)
    return 1 + len(_affine_frame(points, tolerance)[1])


def _affine_frame(
    vertices: Float[np.ndarray, "K n"], tolerance: float | None = None
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "r n"], Float[np.ndarray, "r K"]]:
    """Return centre c, orthonormal directions D of the affine hull, and W such that M^+ = D^T W for M = V - c."""
    require_real("vertices", vertices, 2)
    if not len(vertices):
        raise ValueError("at least one point is needed; got none")
    scale = _scale(vertices)
    scaled = vertices / scale
    centre = scaled.mean(axis=0)
    left, singular, right = np.linalg.svd(scaled - centre, full_matrices=False)
    if tolerance is None:
        size = np.sqrt(len(vertices)) * np.linalg.norm(scaled, axis=1).max()
        least = float(max(vertices.shape) * np.finfo(singular.dtype).eps * size)
    else:
        least = tolerance / scale
    rank = np.count_nonzero(singular > least)
    return centre * scale, right[:rank], (left[:, :rank] / singular[:rank] / scale).T


def _scale(vertices: Float[np.ndarray, "K n"]) -> float:
    """Return the power of 2 at the largest entry: divided by it, which loses no digit, nothing over- or underflows."""
    largest = float(np.abs(vertices).max(initial=0))
    return 2.0 ** min(max(int(np.frexp(largest)[1]), -1000), 1000) if largest else 1.0


def _require_points(points: Float[np.ndarray, "..."], vertices: Float[np.ndarray, "..."]) -> None:
    require_real("points", points)
    require_real("vertices", vertices, 2)
    if points.shape[-1:] != vertices.shape[1:]:
        raise ValueError(f"points must have as many coordinates as the vertices, {vertices.shape}; got {points.shape}")
