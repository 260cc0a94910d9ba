"""Projections are checked by the conditions that single them out, ranks by exact arithmetic."""

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from theory import BiasedDice, barycentric, convex_rank, hull_coordinates, simplex_projection, stream

NUMBERS = st.floats(-1e3, 1e3)
EIGHTHS = st.integers(-16, 16).map(lambda i: i / 8)


@st.composite
def points_and_vertices(draw, elements=EIGHTHS, most=5):
    """Vertices on a grid, so that duplicates and affine dependence are common; points anywhere."""
    n_vertices, dimension = draw(st.integers(1, most)), draw(st.integers(1, 4))
    vertices = draw(arrays(np.float64, (n_vertices, dimension), elements=elements))
    return draw(arrays(np.float64, (draw(st.integers(1, 4)), dimension), elements=NUMBERS)), vertices


@given(arrays(np.float64, array_shapes(max_dims=3, max_side=6), elements=NUMBERS))
def test_simplex_projection_meets_its_optimality_conditions(x):
    """b is nearest to x in a convex set iff (x - b).(corner - b) <= 0 for every corner."""
    b = simplex_projection(x)
    assert np.all(b >= 0)
    np.testing.assert_allclose(b.sum(axis=-1), 1, rtol=0, atol=1e-14)
    shifted = x - x.max(axis=-1, keepdims=True)  # the sum is fixed, so a common shift changes no condition
    gain = (shifted - b) - ((shifted - b) * b).sum(axis=-1, keepdims=True)
    assert gain.max() <= 1e-12 * max(1, np.abs(shifted).max())


@given(arrays(np.float64, (4, 5), elements=NUMBERS), NUMBERS)
def test_simplex_projection_ignores_a_common_shift_and_repeats_itself(x, shift):
    b = simplex_projection(x)
    np.testing.assert_allclose(simplex_projection(x + shift), b, rtol=0, atol=1e-12)
    np.testing.assert_allclose(simplex_projection(b), b, rtol=0, atol=1e-15)


def test_simplex_projection_of_enormous_numbers():
    largest = np.finfo(np.float64).max
    np.testing.assert_array_equal(
        simplex_projection(np.array([[largest, -largest, 0.0], [-largest, -largest, -largest]])),
        [[1, 0, 0], [1 / 3, 1 / 3, 1 / 3]],
    )


@given(points_and_vertices())
def test_barycentric_meets_its_optimality_conditions(case):
    points, vertices = case
    b = barycentric(points, vertices)
    scale = max(1, np.abs(points).max())
    np.testing.assert_allclose(b.sum(axis=-1), 1, rtol=0, atol=1e-11 * scale)
    edges = vertices - vertices[0]
    assert np.abs((points - b @ vertices) @ edges.T).max() <= 1e-9 * scale
    # Least norm: no part of b - 1/K moves nothing, that is, it is a combination of the edges' columns.
    columns = vertices - vertices.mean(axis=0)
    excess = (b - 1 / len(vertices)).T
    inside = columns @ np.linalg.lstsq(columns, excess, rcond=1e-10)[0]
    np.testing.assert_allclose(inside, excess, rtol=0, atol=1e-9 * scale)


@given(arrays(np.float64, (6, 3), elements=st.floats(-2, 2)))
def test_barycentric_recovers_affine_coordinates(coordinates):
    coordinates = coordinates + (1 - coordinates.sum(axis=-1, keepdims=True)) / 3
    vertices = stream(0, "vertices").normal(size=(3, 7))
    np.testing.assert_allclose(barycentric(coordinates @ vertices, vertices), coordinates, rtol=0, atol=1e-12)


@given(points_and_vertices())
def test_hull_coordinates_meet_their_optimality_conditions(case):
    """beta^T V is nearest to x in the hull iff (x - beta^T V).(vertex - beta^T V) <= 0 for every vertex."""
    points, vertices = case
    beta = hull_coordinates(points, vertices)
    assert np.all(beta >= 0)
    np.testing.assert_allclose(beta.sum(axis=-1), 1, rtol=0, atol=1e-11)
    nearest = beta @ vertices
    for point, foot in zip(points, nearest, strict=True):
        assert ((vertices - foot) @ (point - foot)).max() <= 1e-9 * max(1, np.abs(point).max())


@given(points_and_vertices(elements=st.floats(-2, 2).map(lambda x: np.round(x, 3))))
def test_hull_coordinates_are_barycentric_where_those_are_convex(case):
    points, vertices = case
    if convex_rank(vertices) < len(vertices):
        return
    affine = barycentric(points, vertices)
    inside = np.all(affine > 1e-9, axis=-1)
    np.testing.assert_allclose(hull_coordinates(points, vertices)[inside], affine[inside], rtol=0, atol=1e-8)


def test_hull_coordinates_of_the_simplex_itself_are_its_projection():
    x = stream(0, "points").normal(size=(3, 50, 6))
    np.testing.assert_allclose(hull_coordinates(x, np.eye(6)), simplex_projection(x), rtol=0, atol=1e-12)


def test_hull_coordinates_return_the_weights_they_were_mixed_with():
    rng = stream(0, "weights")
    beta, vertices = rng.dirichlet(np.ones(8), size=200), rng.normal(size=(8, 64))
    noise = rng.normal(size=(200, 64))
    basis = np.linalg.qr((vertices - vertices[0])[1:].T)[0]
    points = beta @ vertices + 1e3 * (noise - noise @ basis @ basis.T)  # far away, straight above the hull
    np.testing.assert_allclose(hull_coordinates(points, vertices), beta, rtol=0, atol=1e-10)


def test_coinciding_vertices_leave_the_first():
    np.testing.assert_array_equal(hull_coordinates(np.ones((2, 3)), np.full((4, 3), 0.1)), [[1, 0, 0, 0]] * 2)


@given(points_and_vertices())
def test_convex_rank_equals_exact_arithmetic(case):
    _, vertices = case
    exact = sympy.Matrix([[1, *map(sympy.Rational, row)] for row in vertices.tolist()])
    assert convex_rank(vertices) == exact.rank()


@given(st.integers(1, 6), st.integers(2, 5), EIGHTHS)
def test_convex_rank_of_dice_is_at_most_the_number_of_faces(n_tasks, faces, offset):
    laws = BiasedDice(faces=faces).sample_pool(stream(0, "rank"), n_tasks).parameters
    assert convex_rank(laws + offset) == min(n_tasks, faces)


def test_convex_rank_of_equal_points_far_from_zero_is_one():
    assert convex_rank(np.full((5, 3), 1e6 / 3)) == 1


def test_convex_rank_counts_up_to_a_given_tolerance():
    points = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 1e-3]])
    assert convex_rank(points) == 3
    assert convex_rank(points, tolerance=1e-2) == 2


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_points_that_are_not_finite_are_refused(bad):
    x, corners = np.array([[bad, 0.0]]), np.eye(2)
    for call in (
        lambda: simplex_projection(x),
        lambda: barycentric(x, corners),
        lambda: hull_coordinates(x, corners),
        lambda: convex_rank(x),
    ):
        with pytest.raises(ValueError, match="must be finite"):
            call()


def test_empty_and_too_many_are_refused():
    with pytest.raises(ValueError, match="at least one entry"):
        simplex_projection(np.zeros((2, 0)))
    with pytest.raises(ValueError, match="at least one point"):
        convex_rank(np.zeros((0, 2)))
    with pytest.raises(ValueError, match="at most 8 vertices; got 9"):
        hull_coordinates(np.zeros((1, 2)), np.zeros((9, 2)))
