"""Training data and mixtures are functions of seed, purpose and step alone."""

import numpy as np
import pytest
from tiny import tiny_experiment

import model
from model import Transformer, save_checkpoint
from theory import Mixture, NoisyLinearRegression, PlantedDyck, divergence, extrapolation, retrieval, stream
from validate.capture.sources import NetworkSource
from validate.experiment.schema import Network, network_config
from validate.training.metrics import Metrics
from validate.training.networks import (
    Evaluation,
    batch_drawer,
    build_mixture,
    code_fingerprint,
    data_fingerprint,
    train_network,
    untrained_networks,
)


@pytest.fixture
def parts():
    experiment = tiny_experiment()
    return experiment.family("dice"), experiment.families["dice"], experiment.network("dice")


def test_every_step_has_its_own_batch_and_repeats_it(parts):
    family, plan, _ = parts
    mixture = build_mixture("dice", family, plan, plan.designs[1], 0)
    draw, again, other = (batch_drawer("dice", mixture, 16, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(draw(3).symbols, again(3).symbols)
    assert not np.array_equal(draw(3).symbols, draw(4).symbols)
    assert not np.array_equal(draw(3).symbols, other(3).symbols)


def test_designs_of_a_seed_share_their_majors(parts):
    family, plan, _ = parts
    plain, diverse = (build_mixture("dice", family, plan, design, 0) for design in plan.designs)
    np.testing.assert_array_equal(plain.majors.parameters, diverse.majors.parameters)
    assert (plain.n_minors, diverse.n_minors) == (0, 2)
    other = build_mixture("dice", family, plan, plan.designs[0], 1)
    assert not np.array_equal(plain.majors.parameters, other.majors.parameters)
    assert not np.isin(diverse.minors.parameters, plain.majors.parameters).any()


def test_untrained_networks_differ_from_each_other_and_from_the_trained_ones_start(parts):
    _, _, config = parts
    buffers = [network.buffer for network in untrained_networks("dice", config, 3, 0)]
    again = [network.buffer for network in untrained_networks("dice", config, 3, 0)]
    np.testing.assert_array_equal(buffers, again)
    assert len({buffer.tobytes() for buffer in buffers}) == 3


def test_no_predictor_beats_retrieval_on_its_own_mixture(parts):
    family, plan, config = parts
    mixture = build_mixture("dice", family, plan, plan.designs[1], 0)
    evaluation = Evaluation("dice", mixture, 0, 256)
    risks = evaluation.references["training"]
    assert min(risks, key=risks.get) == "M1"
    untrained = untrained_networks("dice", config, 1, 0)[0]
    assert evaluation(untrained)["held_out"]["training"] > risks["M1"]


def test_fingerprint_covers_the_code_that_trains(tmp_path, monkeypatch):
    first = code_fingerprint.__wrapped__()
    assert first == code_fingerprint.__wrapped__()
    (tmp_path / "__init__.py").write_text("other = True")
    monkeypatch.setattr(model, "__file__", str(tmp_path / "__init__.py"))
    assert code_fingerprint.__wrapped__() != first


def test_fingerprint_covers_tasks_weights_and_batches(parts):
    family, plan, _ = parts
    designs = [(design, seed) for design in plan.designs for seed in (0, 1)]
    made = [(build_mixture("dice", family, plan, design, seed), seed) for design, seed in designs]
    prints = [data_fingerprint(mixture, batch_drawer("dice", mixture, 4, seed)) for mixture, seed in made]
    assert len(set(prints)) == 4
    mixture, _ = made[0]
    assert data_fingerprint(mixture, batch_drawer("dice", mixture, 4, 0)) == prints[0]
    assert data_fingerprint(mixture, batch_drawer("dice", mixture, 4, 1)) != prints[0]


def test_evaluation_is_drawn_apart_from_training(parts):
    family, plan, _ = parts
    mixture = build_mixture("dice", family, plan, plan.designs[1], 0)
    held_out = Evaluation("dice", mixture, 0, 256).batches["training"].symbols
    trained = batch_drawer("dice", mixture, len(held_out), 0)(0).symbols
    assert not np.array_equal(held_out, trained)


def test_a_record_says_which_bayes_predictor_is_near(parts):
    family, plan, config = parts
    mixture = build_mixture("dice", family, plan, plan.designs[1], 0)
    evaluation = Evaluation("dice", mixture, 0, 32)
    network = untrained_networks("dice", config, 1, 0)[0]
    record = evaluation(network)
    for population, batch in evaluation.batches.items():
        mean = NetworkSource(network, family).mean(batch)
        for name, predict in (("M1", retrieval), ("M2", extrapolation)):
            expected = divergence("symbol", mean, predict(mixture, batch).mean[:, 1:]).mean()
            assert record["distance"][population][name] == pytest.approx(expected)
        to = record["distance"][population]
        assert 10 ** record["phase"][population] == pytest.approx(to["M1"] / to["M2"])


@pytest.mark.parametrize("predictor", [retrieval, extrapolation])
def test_the_phase_tells_retrieval_from_extrapolation(parts, monkeypatch, predictor):
    family, plan, config = parts
    mixture = build_mixture("dice", family, plan, plan.designs[1], 0)
    evaluation = Evaluation("dice", mixture, 0, 16)
    monkeypatch.setattr(NetworkSource, "mean", lambda _, batch: predictor(mixture, batch).mean[:, 1:])
    record = evaluation(Transformer(config))
    sign = -1 if predictor is retrieval else 1
    assert all(sign * phase > 6 for phase in record["phase"].values())
    mode = "M1" if predictor is retrieval else "M2"
    for population, loss in record["held_out"].items():
        assert loss == pytest.approx(evaluation.references[population][mode])


@pytest.mark.parametrize("kind", ["regression", "dyck"])
def test_every_family_has_finite_records(kind):
    family = {"regression": NoisyLinearRegression(dimension=2, points=6), "dyck": PlantedDyck(2, 2, 0.5, 10)}[kind]
    mixture = Mixture(family, family.sample_pool(stream(0, "majors"), 2), family.sample_pool(stream(0, "minors"), 2))
    shape = Network(layers=1, width=4, heads=1, hidden=4)
    record = Evaluation(kind, mixture, 0, 8)(Transformer(network_config(family, shape)))
    assert set(record) == {"held_out", "distance", "phase"}
    assert all(np.isfinite(loss) for loss in record["held_out"].values())
    assert all(np.isfinite(list(to.values())).all() for to in record["distance"].values())


def test_a_resumed_network_has_the_records_of_an_uninterrupted_one(parts, tmp_path, monkeypatch):
    family, plan, _ = parts
    design = plan.designs[0]
    mixture = build_mixture("dice", family, plan, design, 0)
    rows = {}
    for name in ("whole", "resumed"):
        folder = tmp_path / name
        (folder / "checkpoints").mkdir(parents=True)
        if name == "resumed":
            with monkeypatch.context() as patched:
                patched.setattr("model.training.save_checkpoint", _die_after_saving)
                with pytest.raises(KeyboardInterrupt):
                    train_network("dice", plan, design, mixture, 0, folder, False)
            # What came after the checkpoint is observed a second time.
            written = Metrics(folder / "metrics.jsonl")
            written.append(written.rows()[-1] | {"step": 4, "phase": {"training": 9.0, "fresh": 9.0}})
        train_network("dice", plan, design, mixture, 0, folder, False)
        found = Metrics(folder / "metrics.jsonl").rows()
        kept = ("step", "loss", "held_out", "distance", "phase", "inside")
        rows[name] = [{key: row[key] for key in kept} for row in found]
    assert [row["step"] for row in rows["whole"]] == [0, 2, 4]
    assert rows["resumed"] == rows["whole"]


def _die_after_saving(path, checkpoint):
    save_checkpoint(path, checkpoint)
    raise KeyboardInterrupt
