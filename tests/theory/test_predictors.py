import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from strategies import batch_of, dice_cases

from theory import BiasedDice, Mixture, extrapolation, retrieval, stream


@given(dice_cases(), st.randoms(use_true_random=False))
def test_relabelling_faces_relabels_every_prediction(case, random):
    order = np.array(random.sample(range(case.family.faces), case.family.faces))
    relabelled = batch_of(np.argsort(order)[case.batch.symbols])
    mixture = Mixture(case.family, case.pool)
    mirrored = Mixture(case.family, case.family.make_pool(case.pool.parameters[:, order]))
    for predictor in (retrieval, extrapolation):
        np.testing.assert_allclose(
            predictor(mirrored, relabelled).mean, predictor(mixture, case.batch).mean[..., order], rtol=1e-12
        )


def test_extrapolation_without_fresh_mass_is_retrieval_over_the_majors():
    family, rng = BiasedDice(faces=3, length=12), stream(0, "no fresh mass")
    mixture = Mixture(family, family.sample_pool(rng, 3), minor_mass=0.0)
    batch = mixture.sample(rng, 20)
    known, fresh = retrieval(mixture, batch), extrapolation(mixture, batch)
    assert np.array_equal(fresh.mean, known.mean)
    assert np.array_equal(fresh.weights[..., :-1], known.weights)
    assert not fresh.weights[..., -1].any()


def test_extrapolation_reweighs_the_fresh_task_by_its_evidence():
    """Rolls that no major explains drive the fresh weight to 1; rolls of a major drive it to 0."""
    family = BiasedDice(faces=3, length=60)
    mixture = Mixture(family, family.make_pool([[0.9, 0.05, 0.05], [0.05, 0.9, 0.05]]))
    fresh = extrapolation(mixture, batch_of([[2] * 60, [0] * 27 + [1, 2] + [0] * 31])).weights[..., -1]
    assert fresh[0, -1] > 0.999
    assert fresh[1, -1] < 0.05


def test_a_batch_of_many_blocks_equals_one_sequence_at_a_time(monkeypatch):
    family, rng = BiasedDice(), stream(0, "blocks")
    monkeypatch.setattr("theory.blocks.BLOCK_NUMBERS", 10 * 128 * 1027)  # ten sequences at a time
    mixture = Mixture(family, family.sample_pool(rng, 3), family.sample_pool(rng, 1024))
    batch = mixture.sample(rng, 25)
    whole = retrieval(mixture, batch)
    for row in range(25):
        alone = retrieval(mixture, batch[row : row + 1])
        np.testing.assert_allclose(whole.weights[row], alone.weights[0], rtol=1e-10, atol=1e-14)
        np.testing.assert_allclose(whole.mean[row], alone.mean[0], rtol=1e-12)


def test_an_empty_batch_has_an_empty_prediction():
    family = BiasedDice(faces=3, length=5)
    mixture = Mixture(family, family.make_pool([[0.2, 0.3, 0.5]]))
    assert retrieval(mixture, batch_of(np.zeros((0, 5)))).mean.shape == (0, 5, 3)
