"""Parameters: names a GPT-2 reader expects, one buffer, matrices first, the same values for the same seed."""

import numpy as np
import pytest
from scipy import stats
from small_models import VARIANTS

from model import Transformer, TransformerConfig, parameters


def test_names_and_shapes_of_the_dice_network():
    config = TransformerConfig(inputs=6, outputs=6, layers=1, width=8, heads=2, hidden=12, length=5)
    assert {name: value.shape for name, value in Transformer(config).parameters.items()} == {
        "embedding.weight": (6, 8),
        "layers.0.attention_norm.weight": (8,),
        "layers.0.attention_norm.bias": (8,),
        "layers.0.attention.query.weight": (8, 8),
        "layers.0.attention.key.weight": (8, 8),
        "layers.0.attention.value.weight": (8, 8),
        "layers.0.attention.output.weight": (8, 8),
        "layers.0.mlp_norm.weight": (8,),
        "layers.0.mlp_norm.bias": (8,),
        "layers.0.mlp.up.weight": (8, 12),
        "layers.0.mlp.up.bias": (12,),
        "layers.0.mlp.down.weight": (12, 8),
        "layers.0.mlp.down.bias": (8,),
        "output.weight": (8, 6),
        "output.bias": (6,),
    }


@pytest.mark.parametrize(
    ("sizes", "millions"),
    [
        ({"inputs": 6, "outputs": 6, "layers": 6, "hidden": 512, "length": 127}, 1.2),
        (
            {"inputs": 7, "outputs": 1, "layers": 16, "hidden": 512, "length": 128, "input_kind": "vectors"}
            | {"loss": "squared", "attention_bias": True, "final_norm": True},
            3.2,
        ),
    ],
)
def test_the_papers_sizes_give_the_papers_counts(sizes, millions):
    assert round(parameters.size(TransformerConfig(width=128, heads=2, **sizes)) / 1e6, 1) == millions


@pytest.mark.parametrize("config", VARIANTS.values(), ids=VARIANTS)
def test_every_number_of_the_buffer_belongs_to_one_parameter_and_matrices_come_first(config):
    buffer = np.arange(parameters.size(config), dtype=np.float64)
    views = parameters.views(config, buffer)
    assert all(np.shares_memory(view, buffer) for view in views.values())
    np.testing.assert_array_equal(np.sort(np.concatenate([view.ravel() for view in views.values()])), buffer)
    matrices = np.concatenate([view.ravel() for view in views.values() if view.ndim == 2])
    assert matrices.max() + 1 == matrices.size == parameters.matrix_size(config)
    np.testing.assert_array_equal(parameters.flatten(config, views), buffer)


def test_initial_values_depend_on_the_seed_alone():
    config = VARIANTS["dice"]
    first, again, other = (Transformer(config, seed=seed).buffer for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    matrices = parameters.matrix_size(config)
    assert np.all(first[:matrices] != other[:matrices])
    double = Transformer(config, seed=3, backend="numpy", dtype=np.float64).buffer
    np.testing.assert_array_equal(double.astype(np.float32), first)


def test_initial_values_have_the_stated_laws():
    config = TransformerConfig(inputs=50, outputs=50, layers=2, width=64, heads=2, hidden=256, length=5)
    named = Transformer(config, seed=5, backend="numpy", dtype=np.float64).parameters
    for name, value in named.items():
        part, kind = name.rsplit(".", 1)
        if part.endswith("norm"):
            np.testing.assert_array_equal(value, 1.0 if kind == "weight" else 0.0)
            continue
        inputs = len(named[f"{part}.weight"])
        law = stats.norm() if part == "embedding" else stats.uniform(-1 / np.sqrt(inputs), 2 / np.sqrt(inputs))
        assert stats.kstest(value.ravel(), law.cdf).pvalue > 1e-4, name
