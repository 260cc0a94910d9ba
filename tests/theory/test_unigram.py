"""What is left of a mixture of chains where order is ignored."""

import numpy as np

from theory import BiasedDice, MarkovChains, Mixture, retrieval, stream
from theory.unigram import unordered


def test_chains_become_the_dice_of_their_occupancy():
    family = MarkovChains(3, 2000)
    rng = stream(0, "chains")
    mixture = Mixture(family, family.sample_pool(rng, 2), family.sample_pool(rng, 3), 0.3)
    dice = unordered(family, mixture)
    assert isinstance(dice.family, BiasedDice)
    np.testing.assert_allclose(dice.weights, mixture.weights)
    walks = family.sample(rng, mixture.pool, 5, tasks=np.arange(5))
    shares = np.array([np.bincount(walk, minlength=3) / 2000 for walk in walks.symbols])
    np.testing.assert_allclose(dice.pool.parameters, shares, atol=0.06)


def test_of_chains_without_memory_it_is_the_same_mixture():
    family = MarkovChains(3, 12)
    laws = np.array([[0.6, 0.3, 0.1], [0.2, 0.2, 0.6]])
    mixture = Mixture(family, family.make_pool(np.repeat(laws[:, None], 3, axis=1)))
    batch = mixture.sample(stream(0, "walks"), 20)
    dice = unordered(family, mixture)
    np.testing.assert_allclose(dice.pool.parameters, laws)
    # The first symbol of a chain is uniform and tells nothing, that of a die does: the same odds but for it.
    told = np.log(laws[:, batch.symbols[:, 0]]).T
    odds = [np.log(retrieval(m, batch).weights[:, 1:]) for m in (dice, mixture)]
    expected = odds[1] + told[:, None]
    np.testing.assert_allclose(odds[0][..., 0] - odds[0][..., 1], expected[..., 0] - expected[..., 1], atol=1e-9)


def test_dice_have_no_order_to_ignore():
    family = BiasedDice(3, 5)
    assert unordered(family, Mixture(family, family.sample_pool(stream(0, "dice"), 2))) is None
