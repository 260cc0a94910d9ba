"""The curves by training step: held-out losses, and which Bayes predictor is near."""

import numpy as np
import pytest
from tiny import TOML, tiny_toml

from model import Transformer
from theory import divergence, extrapolation, retrieval
from validate.capture.skill import without_context
from validate.capture.sources import NetworkSource
from validate.experiment.network_plan import networks_of
from validate.experiment.schema import parse_experiment
from validate.experiment.seed_plan import SeedPlan
from validate.training.evaluation import Evaluation


@pytest.fixture(scope="module")
def plan():
    """The diverse design, evaluated on enough sequences to tell predictors apart."""
    text = TOML.replace("evaluation_sequences = 4", "evaluation_sequences = 256")
    return networks_of(SeedPlan.of(parse_experiment(text, "many"), "dice", 0))[1]


def test_no_predictor_beats_retrieval_on_its_own_mixture(plan):
    evaluation = Evaluation(plan)
    risks = evaluation.references["training"]
    assert min(risks, key=risks.get) == "M1"
    assert evaluation(Transformer(plan.config, seed=3))["held_out"]["training"] > risks["M1"]


def test_evaluation_is_drawn_apart_from_training(plan):
    held_out = Evaluation(plan).batches["training"].symbols
    assert not np.array_equal(held_out, plan.batch(0, len(held_out)).symbols)


def test_a_record_says_which_bayes_predictor_is_near(plan):
    evaluation, network = Evaluation(plan), Transformer(plan.config, seed=3)
    record = evaluation(network)
    for population, batch in evaluation.batches.items():
        mean = NetworkSource(network, plan.mixture.family).mean(batch)
        for name, predict in (("M1", retrieval), ("M2", extrapolation)):
            expected = divergence("symbol", predict(plan.mixture, batch).mean[:, 1:], mean).mean()
            assert record["distance"][population][name] == pytest.approx(expected)
        to = record["distance"][population]
        assert 10 ** record["phase"][population] == pytest.approx(to["M1"] / to["M2"])


@pytest.mark.parametrize("predictor", [retrieval, extrapolation])
def test_the_phase_tells_retrieval_from_extrapolation(plan, monkeypatch, predictor):
    evaluation = Evaluation(plan)
    monkeypatch.setattr(NetworkSource, "mean", lambda _, batch: predictor(plan.mixture, batch).mean[:, 1:])
    record = evaluation(Transformer(plan.config))
    sign = -1 if predictor is retrieval else 1
    assert all(sign * phase > 6 for phase in record["phase"].values())
    mode = "M1" if predictor is retrieval else "M2"
    for population, loss in record["held_out"].items():
        assert loss == pytest.approx(evaluation.references[population][mode])


def test_skill_is_one_of_the_exact_predictor_and_zero_without_context(plan, monkeypatch):
    evaluation, network = Evaluation(plan), Transformer(plan.config)
    exact = {"M1": retrieval, "M2": extrapolation}
    for name, predict in exact.items():
        monkeypatch.setattr(NetworkSource, "mean", lambda _, batch, p=predict: p(plan.mixture, batch).mean[:, 1:])
        assert evaluation(network)["skill"] == pytest.approx(1), name

    def without(_, batch):
        current = plan.mixture.family.current(batch)[:, 1:]
        return without_context(retrieval(plan.mixture, batch).mean[:, 1:], current)

    monkeypatch.setattr(NetworkSource, "mean", without)
    assert evaluation(network)["skill"] == pytest.approx(0, abs=0.2)  # M2 may be nearer than M1


@pytest.mark.parametrize("kind", ["regression", "dyck"])
def test_every_family_has_finite_records(kind):
    plan = networks_of(SeedPlan.of(parse_experiment(tiny_toml(kind), kind), kind, 0))[1]
    record = Evaluation(plan)(Transformer(plan.config))
    assert set(record) == {"held_out", "distance", "phase", "skill"}
    assert np.isfinite(record["skill"])
    assert all(np.isfinite(loss) for loss in record["held_out"].values())
    assert all(np.isfinite(list(to.values())).all() for to in record["distance"].values())
