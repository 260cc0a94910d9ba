"""Every hostile call is refused by a sentence; extreme calls that have a right answer get it."""

import numpy as np
from hostile_calls import campaign

from theory import barycentric, convex_rank, hull_coordinates, simplex_projection


def test_every_hostile_call_is_refused_by_a_sentence():
    assert campaign(900).wrong == []


def test_extreme_points_have_the_rank_and_coordinates_of_ordinary_ones():
    points = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 5.0], [1.5, 2.5]])
    weights = np.array([[0.25, 0.5, 0.25], [0.0, 0.0, 1.0]])
    for scale in (2.0**-600, 2.0**600, 1e200, 1e-200):
        assert convex_rank(points * scale) == 3
        assert convex_rank(points[[0, 1]] * scale) == 2
        assert convex_rank(points[[1, 1]] * scale) == 1
        vertices = points[:3] * scale
        for locate in (barycentric, hull_coordinates):
            np.testing.assert_allclose(locate(weights @ vertices, vertices), weights, atol=1e-12)


def test_small_integers_project_like_the_numbers_they_are():
    rows = np.array([[-100, 100, 27], [0, 1, 0], [100, 99, -128]], dtype=np.int8)
    expected = simplex_projection(rows.astype(np.float64))
    np.testing.assert_array_equal(simplex_projection(rows), expected)
    np.testing.assert_array_equal(expected[0], [0, 1, 0])
