"""A network that reads sequences once and then their endings has the states of reading each of them whole."""

import numpy as np
import pytest

from model import Transformer
from theory import BiasedDice, MarkovChains, NoisyLinearRegression, PlantedDyck, stream
from validate.capture.balanced import with_current_symbol
from validate.capture.sources import NetworkSource, last_states
from validate.experiment.sampling import draw_natural
from validate.experiment.schema import Network, network_config

SHAPE = Network(layers=2, width=8, heads=2, hidden=12)
FAMILIES = {
    "dice": BiasedDice(faces=3, length=9),
    "dice, separated": BiasedDice(faces=3, length=9, layout="separated"),
    "markov": MarkovChains(states=3, length=9),
    "dyck": PlantedDyck(pairs=2, background=2, density=0.5, length=9),
}


def source_for(family):
    return NetworkSource(Transformer(network_config(family, SHAPE), seed=3, threads=1), family)


@pytest.mark.parametrize("name", FAMILIES)
def test_endings_have_the_states_of_whole_sequences(name):
    family = FAMILIES[name]
    source, rng = source_for(family), stream(0, "sources")
    read = draw_natural(family, rng, family.sample_pool(rng, 2), 70)  # more than one chunk
    endings = [with_current_symbol(read, position, rng.integers(2, size=len(read))) for position in (0, 3, 7)]
    for quick, ending in zip(last_states(source, read, endings), endings, strict=True):
        slow = source.states(ending, last=True)
        for site in source.sites:
            np.testing.assert_allclose(quick[site], slow[site][:, 0], rtol=1e-5, atol=1e-5)


def test_numbers_too():
    family = NoisyLinearRegression(dimension=2, points=6)
    source, rng = source_for(family), stream(1, "sources")
    read = draw_natural(family, rng, family.sample_pool(rng, 2), 5)
    [quick] = last_states(source, read, [read])
    for site, states in source.states(read, last=True).items():
        np.testing.assert_allclose(quick[site], states[:, 0], rtol=1e-5, atol=1e-5)
