"""Convex structure of all families: answers are affine in the task, gaps and shares against independent formulas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from theory import (
    BiasedDice,
    MarkovChains,
    Mixture,
    NoisyLinearRegression,
    PlantedDyck,
    Pool,
    convex_rank,
    retrieval,
    stream,
)
from theory.convex import (
    geometric_gap,
    interaction_share,
    output_gap,
    read_out_table,
    state_distances,
    task_geometry,
    task_points,
)
from theory.symbolic import anova

FAMILIES = [BiasedDice(5, 12), MarkovChains(4, 12), NoisyLinearRegression(4, 12), PlantedDyck(4, 3, 0.5, 12)]
EVERY_FAMILY = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: type(family).__name__)
EXACT = {"rtol": 1e-11, "atol": 1e-13}


@EVERY_FAMILY
def test_answers_are_affine_in_the_task(family):
    """m = A theta + b is fitted on some tasks, query by query, and must then predict every other task's answer."""
    rng = stream(0, "affine")
    pool, batch = family.sample_pool(rng, 60), family.sample(rng, family.sample_pool(rng, 2), 3)
    design = np.hstack([task_points(pool), np.ones((len(pool), 1))])
    means = family.task_mean(pool, batch)
    for sequence in means:
        for answers in sequence:
            fit = np.linalg.lstsq(design[:40], answers[:40], rcond=None)[0]
            np.testing.assert_allclose(design[40:] @ fit, answers[40:], **EXACT)


@EVERY_FAMILY
def test_one_point_of_the_hull_serves_every_query(family):
    """The prediction is the answer at theta_bar = sum alpha theta, by the affine map fitted to other tasks."""
    rng = stream(1, "hull")
    mixture = Mixture(family, family.sample_pool(rng, 3))
    batch = mixture.sample(rng, 4)
    prediction, fitted = retrieval(mixture, batch), family.sample_pool(rng, 60)
    design = np.hstack([task_points(fitted), np.ones((60, 1))])
    centre = prediction.weights @ task_points(mixture.pool)
    answers = family.task_mean(fitted, batch)
    for sequence in range(4):
        for target in range(12):
            fit = np.linalg.lstsq(design, answers[sequence, target], rcond=None)[0]
            found = np.append(centre[sequence, target], 1) @ fit
            np.testing.assert_allclose(found, prediction.mean[sequence, target], **EXACT)


def test_when_one_prediction_identifies_the_weights():
    for n_tasks, expected in ((2, [True] * 3), (3, [True, True, False]), (4, [True, True, False]), (6, [False] * 3)):
        for family, identified in zip(FAMILIES[:3], expected, strict=True):
            rng = stream(2, "identified")
            pool = family.sample_pool(rng, n_tasks)
            [means] = family.task_mean(pool, family.sample(rng, pool, 1))
            for vertices in means[1:]:
                assert (convex_rank(vertices) == n_tasks) == identified, (family.title, n_tasks)


def test_identification_of_the_tasks_themselves():
    family = NoisyLinearRegression(2)
    corners = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    assert task_geometry(task_points(family.make_pool(corners[:3]))).identified
    assert not task_geometry(task_points(family.make_pool(corners))).identified
    assert task_geometry(task_points(family.make_pool(corners))).dimension == 2


@given(st.integers(0, 2**32 - 1), st.integers(2, 5))
def test_states_are_as_far_apart_as_the_gram_matrix_says(seed, n_tasks):
    rng = np.random.default_rng(seed)
    vertices, weights = rng.normal(size=(n_tasks, 4)), rng.dirichlet(np.ones(n_tasks), size=6)
    geometry, states = task_geometry(vertices), weights @ vertices + rng.normal(size=4)
    np.testing.assert_allclose(geometry.gram.sum(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(
        state_distances(weights, geometry.gram), np.linalg.norm(states[:, None] - states, axis=-1), atol=1e-7
    )
    np.testing.assert_allclose(geometry.distances, np.linalg.norm(vertices[:, None] - vertices, axis=-1), atol=1e-7)


def test_a_regular_simplex_has_its_cosines():
    cosines = task_geometry(np.eye(4)).cosines
    np.testing.assert_allclose(cosines, np.where(np.eye(4) > 0, 1, -1 / 3), **EXACT)


def relative_entropy(p, q):
    return float(sum(a * np.log(a / b) for a, b in zip(p, q, strict=True) if a > 0))


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(2, 5))
def test_gap_is_a_difference_of_divergences(seed, n_tasks, n_symbols):
    """KL(m || g) by its definition, and sum alpha (KL(m || m_k) - KL(g || m_k)): no shared formula."""
    rng = np.random.default_rng(seed)
    laws, alpha = rng.dirichlet(np.ones(n_symbols), size=n_tasks), rng.dirichlet(np.ones(n_tasks))
    mixture, geometric = alpha @ laws, np.prod(laws ** alpha[:, None], axis=0)
    geometric /= geometric.sum()
    gap = geometric_gap(alpha, laws)
    np.testing.assert_allclose(gap, relative_entropy(mixture, geometric), rtol=1e-9, atol=1e-12)
    parts = [
        a * (relative_entropy(mixture, law) - relative_entropy(geometric, law))
        for a, law in zip(alpha, laws, strict=True)
    ]
    np.testing.assert_allclose(gap, sum(parts), rtol=1e-9, atol=1e-12)


def test_gap_at_vertices_and_where_tasks_exclude_each_other():
    laws = np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.2, 0.3, 0.5]])
    assert np.array_equal(geometric_gap(np.eye(3), np.broadcast_to(laws, (3, 3, 3))), [0, 0, 0])
    assert geometric_gap(np.array([0.5, 0.5, 0.0]), laws) == np.inf
    assert geometric_gap(np.array([0.5, 0.5]), np.eye(2)) == np.inf
    assert geometric_gap(np.array([1.0, 0.0]), np.eye(2)) == 0


@EVERY_FAMILY
def test_gap_along_the_posteriors_path(family):
    rng = stream(3, "gap")
    mixture = Mixture(family, family.sample_pool(rng, 3))
    batch = mixture.sample(rng, 50)
    gap = output_gap(family, mixture.pool, batch, retrieval(mixture, batch).weights)
    if isinstance(family, NoisyLinearRegression):
        assert np.all(gap == 0)
    elif isinstance(family, PlantedDyck):
        assert np.isinf(gap).any()
        assert np.isfinite(gap).any()
    else:
        assert np.all(np.isfinite(gap))
        assert gap[:, 1].mean() > gap[:, -1].mean() > 0  # the posterior settles at a vertex, where the gap closes


def test_gap_of_nearly_certain_weights_is_small_and_never_negative():
    alpha = np.array([[1 - 1e-12, 1e-12], [1 - 1e-300, 1e-300]])
    gap = geometric_gap(alpha, np.broadcast_to([[0.9, 0.1], [0.1, 0.9]], (2, 2, 2)))
    assert np.all((gap >= 0) & (gap < 1e-10))


def test_shares_by_family():
    rng = stream(4, "shares")
    pools = [family.sample_pool(rng, 3) for family in FAMILIES[:3]]
    dice, markov, regression = (
        interaction_share(read_out_table(family, pool)) for family, pool in zip(FAMILIES, pools, strict=False)
    )
    assert (dice.of_cells, dice.of_task) == (0.0, 0.0)
    assert 0.2 < markov.of_cells < markov.of_task < 1
    w = pools[2].parameters
    expected = np.square(w - w.mean(axis=0)).sum() / np.square(w).sum()
    assert regression.of_cells == pytest.approx(expected, rel=1e-12)
    assert regression.of_task == pytest.approx(1, rel=1e-12)


def test_share_of_regression_is_the_populations():
    """1 - R2 of a common slope against slopes of their own, on many covariates of x ~ N(0, I)."""
    family = NoisyLinearRegression(3)
    pool, x = family.sample_pool(stream(5, "ancova"), 3), stream(5, "covariates").standard_normal((40_000, 3))
    share = interaction_share((pool.parameters @ x.T)[..., None]).of_cells
    assert share == pytest.approx(interaction_share(read_out_table(family, pool)).of_cells, abs=0.02)


def test_expected_share_of_markov_chains():
    """Independent rows: sums of squares stand as their degrees of freedom, (K - 1)(V - 1) of K V - 1."""
    n_tasks, n_states, rng = 3, 8, stream(6, "expected share")
    family = MarkovChains(n_states)
    shares = [interaction_share(read_out_table(family, family.sample_pool(rng, n_tasks))) for _ in range(300)]
    of_cells = [share.of_cells for share in shares]
    error = np.std(of_cells) / np.sqrt(len(shares))
    assert abs(np.mean(of_cells) - 14 / 23) < 5 * error + 0.005  # a mean of ratios, not a ratio of means
    assert error < 0.005


def test_share_is_the_proved_decomposition():
    cells = np.arange(6.0).reshape(3, 2) ** 2
    values = dict(zip(anova.CELLS, cells.ravel(), strict=True))
    parts = {name: float(anova.sum_of_squares(table).subs(values)) for name, table in anova.parts(anova.CELLS).items()}
    share = interaction_share(cells[..., None])
    assert share.of_cells == pytest.approx(parts["interaction"] / sum(parts.values()), rel=1e-12)
    assert share.of_task == pytest.approx(parts["interaction"] / (parts["interaction"] + parts["task"]), rel=1e-12)


@given(st.integers(0, 2**32 - 1))
def test_additive_tables_have_no_interaction(seed):
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(3, 1, 2)) + rng.normal(size=(1, 4, 2)) * 10
    assert interaction_share(table).of_cells < 1e-28
    assert interaction_share(np.full((3, 4, 2), 0.1)).of_cells == 0


def test_tables_that_do_not_exist_are_refused():
    with pytest.raises(ValueError, match="PlantedDyck has no table of task by current symbol"):
        read_out_table(FAMILIES[3], FAMILIES[3].sample_pool(stream(0, "none"), 2))
    with pytest.raises(ValueError, match="log-laws need probabilities above 0"):
        read_out_table(BiasedDice(2), Pool(np.array([[1.0, 0.0]])))
