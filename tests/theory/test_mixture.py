import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare
from strategies import CASES, SMALL, every_family

from theory import BiasedDice, Mixture, Pool, extrapolation, overlapping, stream

FAMILY = BiasedDice(faces=3, length=8)
POOL = FAMILY.sample_pool(stream(0, "mixture"), 12)


def pool_of(start, stop):
    return FAMILY.make_pool(POOL.parameters[start:stop])


@given(st.integers(1, 6), st.integers(1, 6), st.floats(0, 1, exclude_max=True))
def test_majors_come_first_and_minors_share_the_minor_mass(n_majors, n_minors, minor_mass):
    mixture = Mixture(FAMILY, pool_of(0, n_majors), pool_of(6, 6 + n_minors), minor_mass)
    assert (mixture.n_majors, mixture.n_minors, len(mixture.pool)) == (n_majors, n_minors, n_majors + n_minors)
    assert np.array_equal(mixture.pool.parameters[:n_majors], POOL.parameters[:n_majors])
    assert np.array_equal(mixture.pool.parameters[n_majors:], POOL.parameters[6 : 6 + n_minors])
    np.testing.assert_allclose(mixture.weights[:n_majors].sum(), 1 - minor_mass, rtol=1e-12)
    np.testing.assert_allclose(mixture.weights[n_majors:].sum(), minor_mass, rtol=1e-12, atol=1e-300)
    assert len(set(mixture.weights[:n_majors])) == len(set(mixture.weights[n_majors:])) == 1


@given(data=st.data(), n_minors=st.integers(1, 4), minor_mass=st.floats(0, 0.9))
def test_majors_share_their_mass_as_their_shares_say(data, n_minors, minor_mass):
    shares = np.array(data.draw(st.lists(st.floats(0.01, 100), min_size=1, max_size=6)))
    mixture = Mixture(FAMILY, pool_of(0, len(shares)), pool_of(6, 6 + n_minors), minor_mass, shares)
    majors = mixture.weights[: len(shares)]
    np.testing.assert_allclose(majors / majors.sum(), shares / shares.sum(), rtol=1e-12)
    np.testing.assert_allclose(mixture.weights.sum(), 1, rtol=1e-12)
    batch = mixture.sample(stream(0, "shares"), 3)
    first = extrapolation(mixture, batch).weights[0, 0]
    np.testing.assert_allclose(first[:-1], mixture.major_weights(1 - minor_mass), rtol=1e-12)
    even = Mixture(FAMILY, mixture.majors, mixture.minors, minor_mass)
    same = Mixture(FAMILY, mixture.majors, mixture.minors, minor_mass, np.full(len(shares), 7.0))
    np.testing.assert_allclose(same.weights, even.weights, rtol=1e-12)


@pytest.mark.parametrize("shares", [[1.0], [1.0, 0.0], [1.0, -1.0], [1.0, float("inf")]])
def test_shares_that_are_none_are_refused(shares):
    with pytest.raises(ValueError, match="shares must be 2 positive numbers, one for each major"):
        Mixture(FAMILY, pool_of(0, 2), shares=np.array(shares))


@pytest.mark.parametrize("minors", [None, FAMILY.sample_pool(stream(0, "none"), 0)])
def test_without_minors_the_majors_share_everything(minors):
    mixture = Mixture(FAMILY, pool_of(0, 4), minors, minor_mass=0.3)
    assert np.array_equal(mixture.weights, np.full(4, 0.25))
    assert len(mixture.pool) == 4


def test_samples_have_the_weights_of_the_mixture():
    mixture = Mixture(FAMILY, pool_of(0, 2), pool_of(6, 10), 0.2)
    batch = mixture.sample(stream(0, "weights"), 20_000)
    assert chisquare(np.bincount(batch.tasks, minlength=6), mixture.weights * 20_000).pvalue > 1e-4
    for task, law in enumerate(mixture.pool.parameters):
        rolls = batch.symbols[batch.tasks == task]
        assert chisquare(np.bincount(rolls.ravel(), minlength=3), law * rolls.size).pvalue > 1e-4


def test_minors_of_mass_zero_are_never_drawn():
    mixture = Mixture(FAMILY, pool_of(0, 2), pool_of(6, 10), 0.0)
    assert mixture.sample(stream(0, "no mass"), 2000).tasks.max() == 1


@pytest.mark.parametrize("minor_mass", [-0.1, 1.0, 1.2, float("nan")])
def test_minor_mass_outside_its_range_is_refused(minor_mass):
    with pytest.raises(ValueError, match=rf"minor_mass must be in \[0, 1\); got {minor_mass}"):
        Mixture(FAMILY, pool_of(0, 2), minor_mass=minor_mass)


def test_a_mixture_needs_a_major():
    with pytest.raises(ValueError, match="majors must hold at least one task"):
        Mixture(FAMILY, FAMILY.sample_pool(stream(0, "none"), 0))


@pytest.mark.parametrize("kind", ["dice", "markov", "regression"])
@given(data=st.data(), overlap=st.floats(0, 1))
def test_overlap_moves_tasks_towards_their_mean_and_keeps_it(kind, data, overlap):
    case = data.draw(CASES[kind])
    before, after = case.pool.parameters, overlapping(case.pool, overlap).parameters
    np.testing.assert_allclose(after.mean(axis=0), before.mean(axis=0), rtol=1e-12, atol=1e-15)
    differences = (1 - overlap) * (before - before[:1])
    np.testing.assert_allclose(after - after[:1], differences, rtol=1e-9, atol=1e-14)
    case.family.make_pool(after)  # still tasks of the family


def test_overlap_of_nothing_and_of_everything():
    pool = Pool(np.array([[0.8, 0.2], [0.4, 0.6]]))
    assert np.array_equal(overlapping(pool, 0.0).parameters, pool.parameters)
    np.testing.assert_allclose(overlapping(pool, 1.0).parameters, [[0.6, 0.4]] * 2, rtol=1e-15)


def test_paths_have_no_mean_to_move_to():
    pool = SMALL["dyck"].sample_pool(stream(0, "paths"), 3)
    with pytest.raises(ValueError, match="the mean of Dyck paths is no path"):
        overlapping(pool, 0.5)


@pytest.mark.parametrize("overlap", [-0.1, 1.1, float("nan")])
def test_overlap_outside_its_range_is_refused(overlap):
    with pytest.raises(ValueError, match=rf"overlap must be in \[0, 1\]; got {overlap}"):
        overlapping(pool_of(0, 2), overlap)


@every_family
def test_both_designs_of_every_family(kind):
    """Majors with minors, and a uniform pool."""
    family, rng = SMALL[kind], stream(0, "designs")
    majors, minors = family.sample_pool(rng, 3), family.sample_pool(rng, 5)
    both, uniform = Mixture(family, majors, minors, 0.2), Mixture(family, minors)
    assert np.array_equal(both.pool.parameters, np.concatenate([majors.parameters, minors.parameters]))
    np.testing.assert_allclose(both.weights, [0.8 / 3] * 3 + [0.04] * 5, rtol=1e-12)
    np.testing.assert_allclose(uniform.weights, [0.2] * 5, rtol=1e-12)
    for mixture in (both, uniform):
        counts = np.bincount(mixture.sample(rng, 4000).tasks, minlength=len(mixture.pool))
        assert chisquare(counts, 4000 * mixture.weights).pvalue > 1e-4
