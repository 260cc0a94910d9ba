"""Configurations survive a dictionary and refuse nonsense in one sentence."""

import json

import numba
import pytest
from small_models import VARIANTS

from model import TrainingConfig, Transformer, TransformerConfig

GOOD = {"inputs": 6, "outputs": 6, "layers": 1, "width": 8, "heads": 2, "hidden": 4, "length": 5}


@pytest.mark.parametrize("config", VARIANTS.values(), ids=VARIANTS)
def test_a_configuration_survives_json(config):
    assert TransformerConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_training_settings_survive_json():
    config = TrainingConfig(10, 1e-3, clip_norm=1.0, warmup=0.1)
    assert TrainingConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"layers": 0}, "layers must be a positive integer; got 0"),
        ({"heads": 3}, "width must be heads times an even head size .*; got width 8 and heads 3"),
        ({"heads": 8}, "width must be heads times an even head size .*; got width 8 and heads 8"),
        ({"loss": "squared"}, "outputs must be 1 with the squared loss; got 6"),
        ({"depth": 2}, "a transformer configuration has no depth; known are .*"),
    ],
)
def test_a_bad_configuration_is_refused_in_one_sentence(change, sentence):
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        TransformerConfig.from_dict(GOOD | change)


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="where annotations are checked they refuse another type first")
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"width": 8.0}, "width must be a positive integer; got 8.0"),
        ({"activation": "relu"}, "activation must be one of silu, gelu; got 'relu'"),
        ({"final_norm": 1}, "final_norm must be True or False; got 1"),
    ],
)
def test_a_value_of_another_type_is_refused_in_one_sentence(change, sentence):
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        TransformerConfig.from_dict(GOOD | change)


def test_a_missing_size_is_named():
    with pytest.raises(ValueError, match=r"^a transformer configuration needs hidden, length$"):
        TransformerConfig.from_dict({key: GOOD[key] for key in ("inputs", "outputs", "layers", "width", "heads")})


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"steps": 0}, "steps must be a positive integer; got 0"),
        ({"peak_rate": 0.0}, "peak_rate must be positive; got 0.0"),
        ({"peak_rate": float("nan")}, "peak_rate must be positive; got nan"),
        ({"beta2": 1.0}, r"beta2 must be in \[0, 1\); got 1.0"),
        ({"clip_norm": 0.0}, "clip_norm must be positive or None; got 0.0"),
        ({"warmup": 1.5}, r"warmup must be in \[0, 1\]; got 1.5"),
        ({"rate": 1.0}, "training settings have no rate; known are .*"),
    ],
)
def test_bad_training_settings_are_refused_in_one_sentence(change, sentence):
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        TrainingConfig.from_dict({"steps": 10, "peak_rate": 1e-3} | change)


def test_a_model_refuses_an_unknown_backend_or_dtype():
    config = TransformerConfig(**GOOD)
    with pytest.raises(ValueError, match=r"^dtype must be float32 or float64 with the numba backend; got float16$"):
        Transformer(config, dtype="float16")
    with pytest.raises(ValueError, match=r"^dtype must be a floating type; got int64$"):
        Transformer(config, backend="numpy", dtype="int64")
