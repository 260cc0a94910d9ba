"""The curves by training step: held-out losses, and which Bayes predictor is near."""

import numpy as np
import pytest
from tiny import tiny_experiment

from model import Transformer
from theory import Mixture, NoisyLinearRegression, PlantedDyck, divergence, extrapolation, retrieval, stream
from validate.capture.sources import NetworkSource
from validate.experiment.network_plan import networks_of
from validate.experiment.schema import Network, network_config
from validate.experiment.seed_plan import SeedPlan
from validate.training.evaluation import Evaluation


@pytest.fixture(scope="module")
def plan():
    return networks_of(SeedPlan.of(tiny_experiment(), "dice", 0))[1]


def test_no_predictor_beats_retrieval_on_its_own_mixture(plan):
    evaluation = Evaluation(plan.mixture, 0, 256)
    risks = evaluation.references["training"]
    assert min(risks, key=risks.get) == "M1"
    assert evaluation(Transformer(plan.config, seed=3))["held_out"]["training"] > risks["M1"]


def test_evaluation_is_drawn_apart_from_training(plan):
    held_out = Evaluation(plan.mixture, 0, 256).batches["training"].symbols
    assert not np.array_equal(held_out, plan.batch(0, len(held_out)).symbols)


def test_a_record_says_which_bayes_predictor_is_near(plan):
    evaluation, network = Evaluation(plan.mixture, 0, 32), Transformer(plan.config, seed=3)
    record = evaluation(network)
    for population, batch in evaluation.batches.items():
        mean = NetworkSource(network, plan.mixture.family).mean(batch)
        for name, predict in (("M1", retrieval), ("M2", extrapolation)):
            expected = divergence("symbol", mean, predict(plan.mixture, batch).mean[:, 1:]).mean()
            assert record["distance"][population][name] == pytest.approx(expected)
        to = record["distance"][population]
        assert 10 ** record["phase"][population] == pytest.approx(to["M1"] / to["M2"])


@pytest.mark.parametrize("predictor", [retrieval, extrapolation])
def test_the_phase_tells_retrieval_from_extrapolation(plan, monkeypatch, predictor):
    evaluation = Evaluation(plan.mixture, 0, 16)
    monkeypatch.setattr(NetworkSource, "mean", lambda _, batch: predictor(plan.mixture, batch).mean[:, 1:])
    record = evaluation(Transformer(plan.config))
    sign = -1 if predictor is retrieval else 1
    assert all(sign * phase > 6 for phase in record["phase"].values())
    mode = "M1" if predictor is retrieval else "M2"
    for population, loss in record["held_out"].items():
        assert loss == pytest.approx(evaluation.references[population][mode])


@pytest.mark.parametrize("family", [NoisyLinearRegression(dimension=2, points=6), PlantedDyck(2, 2, 0.5, 10)], ids=repr)
def test_every_family_has_finite_records(family):
    mixture = Mixture(family, family.sample_pool(stream(0, "majors"), 2), family.sample_pool(stream(0, "minors"), 2))
    shape = Network(layers=1, width=4, heads=1, hidden=4)
    record = Evaluation(mixture, 0, 8)(Transformer(network_config(family, shape)))
    assert set(record) == {"held_out", "distance", "phase"}
    assert all(np.isfinite(loss) for loss in record["held_out"].values())
    assert all(np.isfinite(list(to.values())).all() for to in record["distance"].values())
