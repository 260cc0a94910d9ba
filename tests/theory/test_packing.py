"""The bound holds for random read-outs, is attained in its extreme cases, and greedy packings are packings."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from theory import BiasedDice, MarkovChains, NoisyLinearRegression, PlantedDyck, stream
from theory.convex import task_points
from theory.geometry import convex_rank
from theory.packing import (
    greedy_packing,
    intrinsic_dimension,
    packing_bound,
    prior_packing,
    softmax_lipschitz,
    task_bits_to_leave,
)
from theory.symbolic import dyck


def distances(points):
    return np.linalg.norm(points[:, None] - points, axis=-1)


def least_distance(points):
    return distances(points)[np.triu_indices(len(points), 1)].min()


@given(
    st.integers(0, 2**32 - 1), st.integers(2, 40), st.integers(0, 4), st.floats(0, 2), st.sampled_from([0.0, 0.01, 0.1])
)
def test_no_configuration_breaks_the_bound(seed, n_tasks, k, flatness, delta):
    """States anywhere, any linear read-out, predictions off by delta: c, L and C are measured, then the bound."""
    rng = np.random.default_rng(seed)
    states = rng.normal(size=(n_tasks, 6)) * np.where(np.arange(6) < k, 1.0, 0.3 * flatness)
    read_out = rng.normal(size=(6, 6))
    error = rng.normal(size=(n_tasks, 6))
    error *= delta / np.linalg.norm(error, axis=1, keepdims=True)
    predictions = states @ read_out + error
    bound = packing_bound(
        np.log2(n_tasks),
        k,
        lipschitz=float(np.linalg.norm(read_out, ord=2)),
        error=delta,
        separation=float(least_distance(predictions)),
        radius=float(np.linalg.norm(states[:, :k], axis=1).max(initial=0)),
    )
    assert np.linalg.norm(states[:, k:], axis=1).max() >= bound * (1 - 1e-12)


@pytest.mark.parametrize("n_tasks", [2, 3, 10])
def test_equally_spaced_states_on_a_line_attain_it(n_tasks):
    """They lie in S, and are just too many to be any further apart: the bound turns positive beyond their spacing."""
    spacing = 2.0 / (n_tasks - 1)
    at, beyond = (packing_bound(np.log2(n_tasks), 1, 1.0, 0.0, c, 1.0) for c in (spacing, spacing * 1.001))
    assert at == pytest.approx(0, abs=1e-6)
    assert beyond > 0.01 * spacing


@given(st.integers(2, 20), st.floats(1, 2.5))
def test_states_in_turn_on_either_side_of_a_line_attain_it_while_second_neighbours_are_apart(n_tasks, stretch):
    """2 b apart along S and s apart from their neighbours: the next but one are 4 b apart, enough for s <= 4 b only."""
    along = 2 / (n_tasks - 1)
    separation = stretch * along
    out = np.sqrt(separation**2 - along**2) / 2
    states = np.stack([np.linspace(-1, 1, n_tasks), out * (-1) ** np.arange(n_tasks)], axis=1)
    bound = packing_bound(np.log2(n_tasks), 1, 1.0, 0.0, separation, 1.0)
    assert bound == pytest.approx(out, rel=1e-9, abs=1e-7)
    apart = least_distance(states) >= separation * (1 - 1e-12)
    assert apart == (stretch <= 2 or n_tasks == 2)


@given(st.integers(0, 2**32 - 1), st.integers(2, 12))
def test_where_all_projections_coincide_states_are_further_out_than_the_bound(seed, n_tasks):
    """s sqrt((N - 1) / (2 N)) for any N points s apart, attained by a regular simplex; the bound says s / 2."""
    points = np.random.default_rng(seed).normal(size=(n_tasks, 5))
    simplex = np.eye(n_tasks) - 1 / n_tasks
    for states in (points - points.mean(axis=0), simplex):
        least = least_distance(states)
        sharper = least * np.sqrt((n_tasks - 1) / (2 * n_tasks))
        assert np.linalg.norm(states, axis=1).max() >= sharper * (1 - 1e-12)
        assert packing_bound(np.log2(n_tasks), 1, 1.0, 0.0, float(least), 0.0) <= sharper * (1 + 1e-12)
    assert np.linalg.norm(simplex, axis=1).max() == pytest.approx(np.sqrt(2) * np.sqrt((n_tasks - 1) / (2 * n_tasks)))


def test_two_opposite_states_attain_it():
    assert packing_bound(1.0, 0, 1.0, 0.0, 2.0, 0.0) == pytest.approx(1.0, rel=1e-15)


@given(
    st.floats(0.1, 20),
    st.integers(1, 20),
    st.floats(0.1, 10),
    st.floats(0, 0.2),
    st.floats(0.5, 3),
    st.floats(0.01, 5),
)
def test_is_at_least_the_linear_form(bits, k, lipschitz, error, separation, radius):
    linear = (separation - 2 * error) / (2 * lipschitz) - radius / (2 ** (bits / k) - 1)
    assert packing_bound(bits, k, lipschitz, error, separation, radius) >= linear * (1 - 1e-9) - 1e-12


@given(st.floats(0, 0.7), st.integers(1, 12), st.floats(0.01, 5))
def test_number_of_tasks_is_the_inverse_of_the_bound(distance, k, radius):
    setting = (k, 0.5, 0.1, 1.0, radius)  # s / 2 = 0.8
    bits = task_bits_to_leave(distance, *setting)
    assert packing_bound(bits * (1 + 1e-9), *setting) == pytest.approx(distance, abs=2e-3)
    assert packing_bound(bits * 1.01, *setting) >= distance
    assert packing_bound(bits * 0.99, *setting) <= distance


def test_grows_with_tasks_and_falls_with_directions():
    by_tasks = [packing_bound(float(bits), 3, 1.0, 0.0, 1.0, 1.0) for bits in range(1, 20)]
    by_directions = [packing_bound(10.0, k, 1.0, 0.0, 1.0, 1.0) for k in range(10)]
    assert np.all(np.diff(by_tasks) >= 0)
    assert by_tasks[0] == 0 < by_tasks[-1] < 0.5
    assert np.all(np.diff(by_directions) <= 0)


def test_says_nothing_of_one_task_or_of_bad_predictions():
    assert packing_bound(0.0, 0, 1.0, 0.0, 1.0, 1.0) == 0
    assert packing_bound(10.0, 0, 1.0, 0.6, 1.0, 1.0) == 0
    assert task_bits_to_leave(0.5, 2, 1.0, 0.0, 1.0, 1.0) == np.inf


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"lipschitz": 0.0}, "lipschitz must be positive and finite; got 0.0"),
        ({"subspace_dimension": -1}, "subspace_dimension must be at least 0; got -1"),
        ({"error": -0.1}, "error must be at least 0 and finite; got -0.1"),
        ({"radius": np.inf}, "radius must be at least 0 and finite; got inf"),
    ],
)
def test_what_is_no_setting_is_refused(bad, message):
    good = {
        "task_bits": 1.0,
        "subspace_dimension": 1,
        "lipschitz": 1.0,
        "error": 0.0,
        "separation": 1.0,
        "radius": 1.0,
    }
    with pytest.raises(ValueError, match=message):
        packing_bound(**(good | bad))


def test_softmax_read_out_is_lipschitz_and_the_constant_is_sharp():
    rng = stream(0, "lipschitz")
    weight = rng.normal(size=(4, 5))
    one, other = rng.normal(size=(2, 1000, 4))

    def predict(states, unembedding):
        exponentials = np.exp(states @ unembedding)
        return exponentials / exponentials.sum(axis=1, keepdims=True)

    moved = np.linalg.norm(predict(one, weight) - predict(other, weight), axis=1)
    assert np.all(moved <= softmax_lipschitz(weight) * np.linalg.norm(one - other, axis=1))
    contrast = np.array([[1.0, -1.0]])
    step = np.linalg.norm(predict(np.array([[1e-4]]), contrast) - predict(np.array([[-1e-4]]), contrast)) / 2e-4
    assert step == pytest.approx(softmax_lipschitz(contrast), rel=1e-6)


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.floats(0.05, 2))
def test_greedy_packing_is_a_maximal_packing(seed, n_points, separation):
    points = np.random.default_rng(seed).normal(size=(n_points, 2))
    packed = greedy_packing(points, separation)
    chosen = distances(points[packed])
    assert np.all(chosen[~np.eye(len(packed), dtype=bool)] >= separation)
    others = np.setdiff1d(np.arange(n_points), packed)
    assert np.all(
        np.linalg.norm(points[others, None] - points[packed], axis=-1).min(axis=1, initial=np.inf) < separation
    )


@pytest.mark.parametrize(
    "family", [BiasedDice(4), MarkovChains(3), NoisyLinearRegression(5), *(PlantedDyck(pairs=n) for n in (1, 2, 3, 6))]
)
def test_intrinsic_dimension_is_the_rank_of_many_tasks(family):
    many = task_points(family.sample_pool(stream(0, "rank"), 500))
    assert intrinsic_dimension(family) == convex_rank(many) - 1
    assert intrinsic_dimension(family) == intrinsic_dimension.dispatch(object)(family)


def test_dyck_paths_pack_up_to_their_number():
    """Two paths differ by at least 2 sqrt(2): below that every path counts, and Catalan(4) = 14 are found."""
    packing = prior_packing(PlantedDyck(pairs=4), stream(0, "packing"), 2000, np.array([2.8, 100.0]))
    assert np.array_equal(2**packing.task_bits, [len(dyck.paths(4)), 1])


def test_more_tasks_fit_at_smaller_separation():
    packing = prior_packing(BiasedDice(3), stream(0, "packing"), 3000, np.array([0.05, 0.1, 0.2, 0.4]))
    assert np.all(np.diff(packing.task_bits) < 0)
    # Two dimensions: halving the separation multiplies the packing by about 4, that is 2 bits.
    assert np.all(np.abs(np.diff(packing.task_bits) + 2) < 0.8)


def test_separation_must_be_positive():
    with pytest.raises(ValueError, match="separation must be positive and finite; got 0"):
        greedy_packing(np.zeros((3, 2)), 0.0)
