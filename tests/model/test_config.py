"""Configurations survive a dictionary and refuse nonsense in one sentence."""

import json
from dataclasses import asdict

import numba
import pytest
from small_models import VARIANTS

from model import TrainingConfig, Transformer, TransformerConfig

GOOD = {"inputs": 6, "outputs": 6, "layers": 1, "width": 8, "heads": 2, "hidden": 4, "length": 5}


@pytest.mark.parametrize("config", VARIANTS.values(), ids=VARIANTS)
def test_a_configuration_survives_json(config):
    assert TransformerConfig(**json.loads(json.dumps(asdict(config)))) == config


def test_training_settings_survive_json():
    config = TrainingConfig(10, 1e-3, clip_norm=1.0, warmup=0.1)
    assert TrainingConfig(**json.loads(json.dumps(asdict(config)))) == config


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"layers": 0}, "layers must be greater than or equal to 1; got 0"),
        ({"heads": 3}, "width must be heads times an even head size .*; got width 8 and heads 3"),
        ({"heads": 8}, "width must be heads times an even head size .*; got width 8 and heads 8"),
        ({"loss": "squared"}, "outputs must be 1 with the squared loss; got 6"),
        ({"depth": 2}, "TransformerConfig has no depth"),
        ({"layers": 0, "width": -8}, "layers must be .*; got 0, and width must be .*; got -8"),
    ],
)
def test_a_bad_configuration_is_refused_in_one_sentence(change, sentence):
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        TransformerConfig(**GOOD | change)


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="where annotations are checked they refuse another type first")
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"width": 8.0}, "width must be a valid integer; got 8.0"),
        ({"width": True}, "width must be a valid integer; got True"),
        ({"width": "8"}, "width must be a valid integer; got '8'"),
        ({"activation": "relu"}, "activation must be 'silu' or 'gelu'; got 'relu'"),
        ({"final_norm": 1}, "final_norm must be a valid boolean; got 1"),
    ],
)
def test_a_value_of_another_type_is_refused_in_one_sentence(change, sentence):
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        TransformerConfig(**GOOD | change)


def test_a_missing_size_is_named():
    with pytest.raises(ValueError, match=r"^TransformerConfig needs hidden, and TransformerConfig needs length$"):
        TransformerConfig(**{key: GOOD[key] for key in ("inputs", "outputs", "layers", "width", "heads")})


def test_an_integer_is_a_number():
    assert asdict(TrainingConfig(10, 1, clip_norm=2)) == asdict(TrainingConfig(10, 1.0, clip_norm=2.0))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"steps": 0}, "steps must be greater than or equal to 1; got 0"),
        ({"peak_rate": 0.0}, "peak_rate must be greater than 0; got 0.0"),
        ({"peak_rate": float("nan")}, "peak_rate must be a finite number; got nan"),
        ({"weight_decay": float("inf")}, "weight_decay must be a finite number; got inf"),
        ({"beta2": 1.0}, "beta2 must be less than 1; got 1.0"),
        ({"clip_norm": 0.0}, "clip_norm must be greater than 0; got 0.0"),
        ({"warmup": 1.5}, "warmup must be less than or equal to 1; got 1.5"),
        ({"cooldown": 0.6}, "warmup and cooldown must be at most 1 together; got 0.5 and 0.6"),
        ({"optimizer": "sgd"}, "optimizer must be one of adamw.*; got 'sgd'"),
        ({"rate": 1.0}, "TrainingConfig has no rate"),
    ],
)
def test_bad_training_settings_are_refused_in_one_sentence(change, sentence):
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        TrainingConfig(**{"steps": 10, "peak_rate": 1e-3} | change)


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="where annotations are checked they refuse another type first")
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"steps": 10.0}, "steps must be a valid integer; got 10.0"),
        ({"peak_rate": "1e-3"}, "peak_rate must be a valid number; got '1e-3'"),
        ({"peak_rate": True}, "peak_rate must be a valid number; got True"),
    ],
)
def test_training_settings_of_another_type_are_refused_in_one_sentence(change, sentence):
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        TrainingConfig(**{"steps": 10, "peak_rate": 1e-3} | change)


def test_a_model_refuses_an_unknown_backend_or_dtype():
    config = TransformerConfig(**GOOD)
    with pytest.raises(ValueError, match=r"^dtype must be float32 or float64 with the numba backend; got float16$"):
        Transformer(config, dtype="float16")
    with pytest.raises(ValueError, match=r"^dtype must be a floating type; got int64$"):
        Transformer(config, backend="numpy", dtype="int64")
