from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import TypeCheckError
from strategies import as_floats, batch_of, dice_cases

from theory import (
    BiasedDice,
    ImpossibleSequenceError,
    Mixture,
    Pool,
    extrapolation,
    posterior,
    predicted_mean,
    retrieval,
)

EXACT = {"rtol": 1e-12, "atol": 1e-14}


def posterior_of(case):
    return posterior(case.family.log_likelihood(case.pool, case.batch), case.weights)


@given(dice_cases(), st.randoms(use_true_random=False))
def test_relabelling_faces_changes_nothing(case, random):
    order = np.array(random.sample(range(case.family.faces), case.family.faces))
    relabelled = case._replace(
        pool=Pool(case.pool.parameters[:, order]), batch=batch_of(np.argsort(order)[case.batch.symbols])
    )
    np.testing.assert_allclose(posterior_of(relabelled), posterior_of(case), **EXACT)


@given(dice_cases(), st.data())
def test_order_of_what_was_seen_does_not_matter(case, data):
    position = data.draw(st.integers(0, case.family.length - 1))
    order = np.array([*data.draw(st.permutations(range(position))), *range(position, case.family.length)])
    shuffled = case._replace(batch=batch_of(case.batch.symbols[:, order]))
    np.testing.assert_allclose(posterior_of(shuffled)[:, position:], posterior_of(case)[:, position:], **EXACT)


@pytest.mark.parametrize("predictor", [retrieval, extrapolation])
@given(case=dice_cases())
def test_is_a_martingale_under_its_own_prediction(predictor, case):
    """sum_v P(v | s) alpha(s followed by v) = alpha(s), for a prefix s of every length."""
    mixture = Mixture(case.family, case.pool, minor_mass=0.3)
    before = predictor(mixture, case.batch)
    for position in range(case.family.length - 1):
        expected = np.zeros_like(before.weights[:, position])
        for face in range(case.family.faces):
            continued = case.batch.symbols.copy()
            continued[:, position] = face
            after = predictor(mixture, batch_of(continued)).weights[:, position + 1]
            expected += before.mean[:, position, face, None] * after
        np.testing.assert_allclose(expected, before.weights[:, position], **EXACT)


@given(dice_cases())
def test_scale_of_the_weights_does_not_matter(case):
    log_likelihood = case.family.log_likelihood(case.pool, case.batch)
    np.testing.assert_allclose(posterior(log_likelihood, case.weights * 1e-200), posterior_of(case), **EXACT)


def test_zero_weights_and_impossible_tasks_get_exactly_nothing():
    log_likelihood = np.array([[[0.0, -np.inf, -1.0, -2.0]]])
    alpha = posterior(log_likelihood, np.array([0.0, 1.0, 1.0, 1.0]))
    assert alpha[0, 0, 0] == alpha[0, 0, 1] == 0
    np.testing.assert_allclose(alpha[0, 0, 2] / alpha[0, 0, 3], np.e, **EXACT)


def test_impossible_sequence_is_named():
    log_likelihood = np.zeros((3, 4, 2))
    log_likelihood[1, 2:] = -np.inf
    with pytest.raises(ImpossibleSequenceError, match=r"sequence 1 is impossible .* position 2") as caught:
        posterior(log_likelihood, np.ones(2))
    assert (caught.value.sequence, caught.value.position) == (1, 2)


def test_a_possible_task_of_weight_zero_does_not_help():
    log_likelihood = np.array([[[0.0, -np.inf]]])
    with pytest.raises(ImpossibleSequenceError):
        posterior(log_likelihood, np.array([0.0, 1.0]))


def test_impossible_sequence_is_named_by_its_place_in_the_whole_batch(monkeypatch):
    monkeypatch.setattr("theory.blocks.BLOCK_NUMBERS", 10 * 128 * 1000)  # ten sequences at a time
    family = BiasedDice(faces=6, length=128)
    pool = family.make_pool(np.tile([0.2, 0.2, 0.2, 0.2, 0.2, 0.0], (1000, 1)))
    batch = batch_of(np.zeros((40, 128)))
    batch.symbols[37, 5] = 5
    mixture = Mixture(family, pool)
    for predict in (retrieval, partial(predicted_mean, retrieval)):
        with pytest.raises(ImpossibleSequenceError, match=r"sequence 37 .* position 6"):
            predict(mixture, batch)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_log_likelihoods_that_are_none_are_refused(bad):
    with pytest.raises(ValueError, match="must not hold NaN or"):
        posterior(np.array([[[0.0, bad]]]), np.ones(2))


@pytest.mark.parametrize("weights", [[0.0, 0.0], [1.0, -0.1], [1.0, np.nan], [1.0, np.inf]])
def test_weights_that_are_no_prior_are_refused(weights):
    with pytest.raises(ValueError, match="weights must be finite, at least 0, and not all 0"):
        posterior(np.zeros((1, 1, 2)), np.array(weights))


@pytest.mark.parametrize("n_weights", [1, 3])
def test_one_weight_per_component(n_weights):
    with pytest.raises((ValueError, TypeCheckError)):
        posterior(np.zeros((1, 1, 2)), np.ones(n_weights))


def test_duplicate_tasks_share_the_weight_of_one():
    laws = as_floats([[1, 0], [0.25, 0.75], [0.25, 0.75]])
    family, batch = BiasedDice(2, 6), batch_of([[0, 1, 1, 0, 1, 0]])
    twice = posterior(family.log_likelihood(Pool(laws), batch), np.full(3, 1 / 3))
    once = posterior(family.log_likelihood(Pool(laws[:2]), batch), np.array([1, 2]) / 3)
    np.testing.assert_allclose(twice[..., 1], twice[..., 2], **EXACT)
    np.testing.assert_allclose(twice[..., 1:].sum(axis=-1), once[..., 1], **EXACT)
