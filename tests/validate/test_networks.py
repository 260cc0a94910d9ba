"""Training data and mixtures are functions of seed, purpose and step alone."""

import numpy as np
import pytest
from tiny import tiny_experiment

import model
from validate.networks import (
    Evaluation,
    batch_drawer,
    build_mixture,
    code_fingerprint,
    data_fingerprint,
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
    assert evaluation(untrained)["training"] > risks["M1"]


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
