import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gammaln
from scipy.stats import chisquare, dirichlet_multinomial
from strategies import CONCENTRATIONS, as_floats, batch_of, dice_cases, exact_laws, symbols

from theory import BiasedDice, stream
from theory.categorical import draw


def counts_before(batch, faces, position):
    return np.array([np.bincount(row[:position], minlength=faces) for row in batch.symbols])


@given(dice_cases())
def test_likelihood_is_the_product_of_face_probabilities(case):
    log_likelihood = case.family.log_likelihood(case.pool, case.batch)
    assert not log_likelihood[:, 0].any()
    for position in range(case.family.length):
        seen = case.batch.symbols[:, :position]
        product = case.pool.parameters[:, seen].prod(axis=-1).T
        np.testing.assert_allclose(np.exp(log_likelihood[:, position]), product, rtol=1e-12)


@given(exact_laws(3, 3), symbols((4, 6), 3))
def test_a_face_of_probability_zero_makes_the_likelihood_minus_infinity_once_seen(laws, rolls):
    family = BiasedDice(3, 6)
    log_likelihood = family.log_likelihood(family.make_pool(as_floats(laws)), batch_of(rolls))
    for position in range(6):
        for task, law in enumerate(laws):
            impossible = [any(law[face] == 0 for face in row[:position]) for row in rolls]
            assert np.array_equal(log_likelihood[:, position, task] == -np.inf, impossible)
    assert not np.isnan(log_likelihood).any()


@given(st.integers(2, 6), CONCENTRATIONS, st.data())
def test_evidence_equals_scipys_dirichlet_multinomial(faces, concentration, data):
    family, batch = BiasedDice(faces, 12, concentration), batch_of(data.draw(symbols((3, 12), faces)))
    log_evidence = family.log_evidence(batch)
    assert not log_evidence[:, 0].any()
    for position in range(1, 12):
        counts = counts_before(batch, faces, position)
        arrangements = gammaln(position + 1) - gammaln(counts + 1).sum(axis=-1)
        of_counts = dirichlet_multinomial.logpmf(counts, np.full(faces, concentration), np.full(3, position))
        np.testing.assert_allclose(log_evidence[:, position], of_counts - arrangements, rtol=0, atol=1e-11)


@given(dice_cases())
def test_running_average_is_the_frequency_of_what_was_seen(case):
    average = case.family.running_average(case.batch)
    assert np.all(average[:, 0] == 1 / case.family.faces)
    for position in range(1, case.family.length):
        expected = counts_before(case.batch, case.family.faces, position) / position
        np.testing.assert_allclose(average[:, position], expected, rtol=1e-14)
    assert np.array_equal(case.family.average_vertices(case.pool), case.pool.parameters)


@given(dice_cases())
def test_task_mean_copies_nothing(case):
    mean = case.family.task_mean(case.pool, case.batch)
    assert mean.shape == (*case.batch.symbols.shape, *case.pool.parameters.shape)
    assert np.shares_memory(mean, case.pool.parameters)
    assert np.array_equal(mean[-1, -1], case.pool.parameters)


@given(dice_cases())
def test_targets_are_one_hot(case):
    targets = case.family.targets(case.batch)
    assert np.array_equal(targets.argmax(axis=-1), case.batch.symbols)
    assert np.array_equal(np.sort(targets, axis=-1)[..., :-1], np.zeros_like(targets[..., :-1]))
    assert np.all(targets.sum(axis=-1) == 1)


def test_samples_follow_their_die():
    family, rng = BiasedDice(faces=5, length=200), stream(0, "frequencies")
    pool = family.sample_pool(rng, 4)
    batch = family.sample(rng, pool, 400)
    for task, law in enumerate(pool.parameters):
        rolls = batch.symbols[batch.tasks == task]
        assert chisquare(np.bincount(rolls.ravel(), minlength=5), law * rolls.size).pvalue > 1e-4
    assert chisquare(np.bincount(batch.tasks, minlength=4)).pvalue > 1e-4


def test_dice_follow_the_prior():
    """A Dirichlet(a, ..., a) face has mean 1 / V and variance (V - 1) / (V^2 (V a + 1))."""
    family = BiasedDice(faces=4, concentration=0.5)
    laws = family.sample_pool(stream(0, "prior"), 100_000).parameters
    assert np.abs(laws.mean(axis=0) - 1 / 4).max() < 5 * laws.std() / np.sqrt(len(laws))
    np.testing.assert_allclose(laws.var(axis=0), 3 / (16 * 3), rtol=0.02)


@pytest.mark.parametrize(
    "law", [[0, 0.5, 0.5, 0], [0.3, 0, 0.7, 0], [0, 0, 0, 1.0], [1 - 1e-9, 0, 0, 0], [0.1] * 9 + [0]]
)
def test_a_face_of_probability_zero_is_never_drawn(law):
    """Not by uniform numbers at either end or at a jump, nor where the law sums to less than 1."""
    jumps = np.cumsum(law)
    edges = np.concatenate([[0.0, 1.0], jumps, np.nextafter(jumps, 0), np.nextafter(jumps, 1)])
    drawn = draw(np.clip(edges, 0, np.nextafter(1, 0))[None], np.array([law]))
    assert set(np.unique(drawn)) <= set(np.flatnonzero(law))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"faces": 1}, "faces must be at least 2; got 1"),
        ({"length": 1}, "length must be at least 2; got 1"),
        ({"concentration": 0.0}, "concentration must be positive and finite; got 0.0"),
        ({"concentration": float("nan")}, "concentration must be positive and finite; got nan"),
    ],
)
def test_families_that_do_not_exist_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        BiasedDice(**arguments)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([[0.5, 0.4]], "each row of parameters must sum to 1; got a row that sums to 0.9"),
        ([[1.5, -0.5]], "at least 0"),
        ([[np.nan, 1.0]], "finite"),
        ([[0.2, 0.3, 0.5]], r"shape \(K, 2\)"),
        ([0.5, 0.5], r"shape \(K, 2\)"),
        (np.zeros((0, 2)), "K at least 1"),
    ],
)
def test_tables_that_are_no_dice_are_refused(table, message):
    with pytest.raises(ValueError, match=message):
        BiasedDice(faces=2).make_pool(table)


def test_symbols_that_are_no_faces_are_refused():
    family = BiasedDice(faces=3, length=4)
    pool = family.make_pool([[0.2, 0.3, 0.5]])
    for rolls in ([[0, 3]], [[-1, 0]]):
        with pytest.raises(ValueError, match=r"symbols must be in 0 \.\. 2"):
            family.log_likelihood(pool, batch_of(rolls))
