import numpy as np
import pytest
from hypothesis import given
from scipy.stats import binomtest, chisquare
from strategies import batch_of, dyck_cases, symbols

from theory import (
    ImpossibleSequenceError,
    Mixture,
    PlantedDyck,
    Pool,
    extrapolation,
    prior_predictive,
    retrieval,
    stream,
)

NEST, ROW = [1, 1, -1, -1], [1, -1, 1, -1]
"""The two Dyck paths of two pairs: (()) and ()()."""
UP, DOWN = 2, 3
FAMILY = PlantedDyck(pairs=2, background=2, density=0.25, length=8, background_law=[0.8, 0.2])
BOTH = FAMILY.make_pool([NEST, ROW])


def test_by_hand():
    """0 ( 1 ( 0 ) ): the second ( tells the paths apart, and the fourth step uses the path up."""
    batch = batch_of([[0, UP, 1, UP, 0, DOWN, DOWN, 0]])
    factors = [0.75 * 0.8, 0.25, 0.75 * 0.2, 0.25, 0.75 * 0.8, 0.25, 0.25]
    g = np.cumprod([1, *factors])
    np.testing.assert_allclose(np.exp(FAMILY.log_likelihood(BOTH, batch))[0, :, 0], g, rtol=1e-13)
    np.testing.assert_allclose(np.exp(FAMILY.log_likelihood(BOTH, batch))[0, :, 1], [*g[:4], 0, 0, 0, 0], rtol=1e-13)
    np.testing.assert_allclose(np.exp(FAMILY.log_evidence(batch))[0], [*g[:4], *(g[4:] / 2)], rtol=1e-13)
    fresh = FAMILY.fresh_mean(batch)[0]
    np.testing.assert_allclose(fresh[0], [0.6, 0.15, 0.25, 0], rtol=1e-14)
    np.testing.assert_allclose(fresh[2], [0.6, 0.15, 0.125, 0.125], rtol=1e-14)
    np.testing.assert_allclose(fresh[4], [0.6, 0.15, 0, 0.25], rtol=1e-14)
    np.testing.assert_allclose(fresh[7], [0.8, 0.2, 0, 0], rtol=1e-14)


@given(dyck_cases())
def test_paths_are_either_equally_likely_or_impossible(case):
    log_likelihood = case.family.log_likelihood(case.pool, case.batch)
    for row, sequence in enumerate(case.batch.symbols):
        steps = [1 if s == case.family.background else -1 for s in sequence if s >= case.family.background]
        for position in range(case.family.length):
            shown = sum(s >= case.family.background for s in sequence[:position])
            possible = [list(path[:shown]) == steps[:shown] for path in case.pool.parameters]
            values = log_likelihood[row, position]
            assert np.array_equal(np.isfinite(values), possible)
            assert len(set(values[possible])) == 1


@given(dyck_cases())
def test_a_step_comes_with_the_density_while_steps_are_left(case):
    background = case.family.background
    steps = (case.batch.symbols >= background).astype(int)
    left = np.cumsum(steps, axis=1) - steps < 2 * case.family.pairs
    mixture = Mixture(case.family, case.pool)
    for mean in (
        retrieval(mixture, case.batch).mean,
        extrapolation(mixture, case.batch).mean,
        prior_predictive(case.family, case.batch).mean,
    ):
        np.testing.assert_allclose(mean[..., background:].sum(axis=-1), left * case.family.density, atol=1e-13)


@pytest.mark.parametrize(
    ("sequence", "position"),
    [
        ([DOWN, 0, 0], 1),  # below 0
        ([UP, DOWN, DOWN, UP, UP, 0], 3),  # below 0 and back
        ([UP, UP, UP, 0], 3),  # three ups cannot come down in one step
        ([UP, DOWN, UP, DOWN, UP, 0], 5),  # a fifth step
    ],
)
def test_what_no_path_begins_with_is_impossible(sequence, position):
    batch = batch_of([[0] * len(sequence), sequence])
    log_evidence = FAMILY.log_evidence(batch)
    assert np.all(np.isfinite(log_evidence[0]))
    assert np.all(np.isfinite(log_evidence[1, :position]))
    assert np.all(log_evidence[1, position:] == -np.inf)
    assert np.all(FAMILY.log_likelihood(BOTH, batch)[1, position:] == -np.inf)
    mixture = Mixture(FAMILY, BOTH)
    for predict in (
        lambda: retrieval(mixture, batch),
        lambda: extrapolation(mixture, batch),
        lambda: prior_predictive(FAMILY, batch),
        lambda: FAMILY.fresh_mean(batch),
    ):
        with pytest.raises(ImpossibleSequenceError, match=f"sequence 1 is impossible .* position {position}"):
            predict()


def test_a_path_that_is_no_major_is_left_to_the_fresh_task():
    mixture, batch = Mixture(FAMILY, FAMILY.make_pool([NEST])), batch_of([[UP, DOWN, UP, 0]])
    with pytest.raises(ImpossibleSequenceError, match="position 2"):
        retrieval(mixture, batch)
    assert extrapolation(mixture, batch).weights[0, -1, -1] == 1


def test_background_symbols_of_probability_zero_are_impossible():
    family = PlantedDyck(2, 2, 0.25, 4, [1.0, 0.0])
    assert set(np.unique(family.sample(stream(0, "none"), BOTH, 200).symbols)) == {0, UP, DOWN}
    with pytest.raises(ImpossibleSequenceError, match="position 1"):
        family.fresh_mean(batch_of([[1, 0]]))


def test_at_density_one_the_path_comes_first():
    family = PlantedDyck(2, 2, 1.0, 6)
    batch = family.sample(stream(0, "dense"), BOTH, 50)
    steps = np.where(batch.symbols[:, :4] == UP, 1, -1)
    assert np.array_equal(steps, BOTH.parameters[batch.tasks])
    assert batch.symbols[:, 4:].max() <= 1
    np.testing.assert_allclose(family.log_evidence(batch)[:, 4], -np.log(2), rtol=1e-12)


def test_samples_show_the_path_in_order_among_background():
    family = PlantedDyck(length=192)
    pool = family.sample_pool(stream(0, "paths"), 5)
    batch = family.sample(stream(0, "sequences"), pool, 1000)
    first = (batch.symbols[:, 0] >= 7).sum()
    assert binomtest(int(first), 1000, 0.25).pvalue > 1e-4
    background = batch.symbols[batch.symbols < 7]
    assert chisquare(np.bincount(background, minlength=7)).pvalue > 1e-4
    for row, task in zip(batch.symbols, batch.tasks, strict=True):
        steps = np.where(row[row >= 7] == 7, 1, -1)
        assert np.array_equal(steps, pool.parameters[task][: len(steps)])
    # The 20th step comes after 80 positions on average, with variance 20 (1 - rho) / rho^2.
    last = np.argmax(np.cumsum(batch.symbols >= 7, axis=1) == 20, axis=1) + 1
    assert abs(last.mean() - 80) < 5 * np.sqrt(240 / 1000)


@given(symbols((2, 6), 4))
def test_running_average_forgets_the_order_that_tells_paths_apart(sequences):
    vertices = FAMILY.average_vertices(BOTH)
    assert np.array_equal(vertices, [[0.8, 0.2, 0, 0]] * 2)
    average = FAMILY.running_average(batch_of(sequences))
    assert np.array_equal(average[:, 0], vertices)
    for position in range(1, 6):
        counts = np.array([np.bincount(row[:position], minlength=4) for row in sequences])
        np.testing.assert_allclose(average[:, position], counts / position, rtol=1e-14)


def test_equal_families_compare_equal():
    laws = ([0.5, 0.5], (0.5, 0.5), np.array([0.5, 0.5]))
    assert len({PlantedDyck(background=2, background_law=law) for law in laws}) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pairs": 0}, "pairs must be at least 1; got 0"),
        ({"background": 0}, "background must be at least 1; got 0"),
        ({"length": 1}, "length must be at least 2; got 1"),
        ({"density": 0.0}, r"density must be in \(0, 1\]; got 0.0"),
        ({"density": 1.5}, r"density must be in \(0, 1\]; got 1.5"),
        ({"background": 2, "background_law": [0.5, 0.4]}, "each row of background_law must sum to 1"),
        ({"background": 2, "background_law": [0.5, 0.25, 0.25]}, r"must have shape \(2,\); got \(3,\)"),
    ],
)
def test_families_that_do_not_exist_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        PlantedDyck(**arguments)


def test_pools_that_hold_no_paths_are_refused():
    with pytest.raises(ValueError, match=r"a pool of paths of 2 pairs has shape \(K, 4\); got \(1, 2\)"):
        FAMILY.log_likelihood(Pool(np.array([[1, -1]])), batch_of([[0, 1]]))
    with pytest.raises(ValueError, match="steps of a path must be"):
        FAMILY.task_mean(Pool(np.array([[1.0, 0.0, 0.0, -1.0]])), batch_of([[0, 1]]))


def test_a_path_may_be_written_in_floats():
    batch = batch_of([[UP, 0, UP, DOWN]])
    floats = FAMILY.log_likelihood(Pool(BOTH.parameters.astype(float)), batch)
    assert np.array_equal(floats, FAMILY.log_likelihood(BOTH, batch))
