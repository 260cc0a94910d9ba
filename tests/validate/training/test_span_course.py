"""R2_OOD while training is the statistic that claims are judged by, on fewer sequences."""

import math

import numpy as np
import pytest

from model import Transformer
from theory import BiasedDice, MarkovChains, Mixture, NoisyLinearRegression, PlantedDyck, stream
from validate.capture.sources import NetworkSource
from validate.claims.base import Observed
from validate.claims.geometry import fresh_moments
from validate.experiment.schema import Measurement, Network, network_config
from validate.experiment.setting import Setting
from validate.statistics.subspace import share_inside
from validate.training.span_course import SpanCourse, is_looked_at

FAMILIES = {
    "dice": BiasedDice(faces=3, length=10),
    "regression": NoisyLinearRegression(dimension=2, points=6),
    "markov": MarkovChains(states=3, length=10),
    "dyck": PlantedDyck(pairs=2, background=2, density=0.5, length=10),
}
SIZES = Measurement(
    cell_sequences=6, fresh_tasks=5, fresh_sequences=3, mode_sequences=8, untrained=2, replicates=100
)  # fmt: skip


def case(kind):
    family = FAMILIES[kind]
    mixture = Mixture(family, family.sample_pool(stream(0, "majors"), 2))
    return mixture, Transformer(network_config(family, Network(layers=2, width=8, heads=1, hidden=8)), seed=3)


def test_records_looked_at_grow_further_apart():
    assert [n for n in range(70) if is_looked_at(n)] == [0, 1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64]


@pytest.mark.parametrize("kind", FAMILIES)
def test_it_is_the_statistic_of_the_claims(kind):
    mixture, network = case(kind)
    setting = Setting(f"{kind}/evaluation", mixture.family, mixture.majors, 7, SIZES)
    source = NetworkSource(network, mixture.family)
    judged = fresh_moments(Observed(source, setting, source.sites[-1]))
    found = SpanCourse(mixture, 7, SIZES)(network)
    assert list(found) == list(judged)
    for site, value in found.items():
        expected = share_inside(judged[site].mean(axis=0, keepdims=True)).item()
        assert value == pytest.approx(expected, rel=1e-9)
        assert 0 < value < 1


def test_a_network_that_left_the_finite_numbers_is_undefined_and_no_error():
    mixture, network = case("dice")
    network.buffer[:] = np.nan
    assert all(map(math.isnan, SpanCourse(mixture, 0, SIZES)(network).values()))
