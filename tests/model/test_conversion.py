"""Weights in and out of a PyTorch state dict: logits of an independent PyTorch module, and properties without it."""

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import Transformer, TransformerConfig
from model.attention import rotary, rotation
from model.conversion import from_state_dict, interleaved, to_state_dict

TOKENS = TransformerConfig(inputs=5, outputs=4, layers=2, width=16, heads=2, hidden=12, length=9)
VECTORS = TransformerConfig(
    inputs=3, outputs=1, layers=3, width=24, heads=3, hidden=20, length=8, activation="gelu", final_norm=True,
    input_kind="vectors", attention_bias=True, loss="squared",
)  # fmt: skip
CONFIGS = {"tokens": TOKENS, "vectors": VECTORS}
TO_TORCH = {
    "layers.": "blocks.", "final_norm": "norm", "attention.qkv": "qkv", "attention.output": "output", "mlp.": "",
}  # fmt: skip
"""From the names here to those of `benchmarks.torch_network`."""


def shaken(config, seed=3):
    """Return a transformer none of whose parameters is at its initial value: gains and biases matter too."""
    model = Transformer(config, seed, backend="numpy")
    model.buffer += 0.1 * np.random.default_rng(seed).standard_normal(model.buffer.shape, np.float32)
    return model


def inputs_of(config, seed=4):
    rng, shape = np.random.default_rng(seed), (6, config.length)
    if config.input_kind == "tokens":
        return rng.integers(config.inputs, size=shape)
    return rng.standard_normal((*shape, config.inputs)).astype(np.float32)


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("turned", ["halves", "interleaved"])
def test_out_and_in_again_is_the_same_to_the_bit(config, fused, turned):
    model = shaken(config)
    state = to_state_dict(model, turned, {"layers.": "h."}, fused)
    assert all(array.flags.c_contiguous and array.base is None for array in state.values())
    assert state["h.1.mlp.up.weight"].shape == (config.hidden, config.width)
    read = from_state_dict(config, state, turned, {"layers.": "h."})
    np.testing.assert_array_equal(read.buffer, model.buffer)
    other = from_state_dict(config, state, "halves" if turned == "interleaved" else "interleaved", {"layers.": "h."})
    assert not np.array_equal(other.buffer, model.buffer)


@given(st.integers(0, 1000))
def test_an_interleaved_head_scores_as_its_halves_do(seed):
    """Turns are products with e^(i angle): of pairs (2m, 2m + 1) there, of pairs (m, m + D/2) here."""
    rng = np.random.default_rng(seed)
    query, key = rng.standard_normal((2, 1, TOKENS.length, TOKENS.width))
    turn = rotation(TOKENS.length, TOKENS.head_size, np.float64)

    def there(x):
        pairs = x.reshape(1, TOKENS.length, TOKENS.heads, -1, 2)
        return (pairs[..., 0] + 1j * pairs[..., 1]) * (turn.cosine + 1j * turn.sine)[:, None]

    def here(x):
        return rotary(x[..., interleaved(TOKENS)].reshape(1, TOKENS.length, TOKENS.heads, -1), turn)[0]

    scores = np.einsum("bihm,bjhm->bhij", there(query), there(key).conj()).real
    np.testing.assert_allclose(np.einsum("bihd,bjhd->bhij", here(query), here(key)), scores, atol=1e-12)


def torch_network(config, turned, monkeypatch):
    """Return the network of the benchmarks, or the same with interleaved turns as complex products."""
    torch = pytest.importorskip("torch")
    from benchmarks import torch_network

    if turned == "interleaved":

        def turn(x, cosine, sine):
            pairs = torch.view_as_complex(x.contiguous().view(*x.shape[:-1], -1, 2))
            return torch.view_as_real(pairs * torch.complex(cosine, sine)).flatten(-2)

        monkeypatch.setattr(torch_network, "_turn", turn)
    torch.manual_seed(5)
    network = torch_network.Network(config)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return torch, network


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize("turned", ["halves", "interleaved"])
def test_logits_are_those_of_an_independent_module(config, turned, monkeypatch):
    """Measured: the largest difference is 7e-7 (float32, logits up to 3)."""
    torch, network = torch_network(config, turned, monkeypatch)
    inputs = inputs_of(config)

    def logits():
        with torch.no_grad():
            return network(torch.from_numpy(inputs), torch.arange(config.length)).numpy()

    state = {name: tensor.numpy() for name, tensor in network.state_dict().items() if name not in ("cosine", "sine")}
    model = from_state_dict(config, state, turned, TO_TORCH)
    assert np.abs(model.predict(inputs) - logits()).max() < 1e-5
    changed = shaken(config)
    back = to_state_dict(changed, turned, TO_TORCH, fused=True)
    network.load_state_dict({name: torch.from_numpy(array) for name, array in back.items()}, strict=False)
    assert np.abs(changed.predict(inputs) - logits()).max() < 1e-5


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="where annotations are checked they refuse another type first")
def test_what_does_not_fit_is_refused():
    state = to_state_dict(shaken(TOKENS))
    for change, words in (
        ({"output.bias": None}, "has no output.bias"),
        ({"cosine": np.ones(3)}, "holds 'cosine'"),
        ({"output.weight": np.ones((16, 4))}, r"output.weight must have shape \(4, 16\); got \(16, 4\)"),
    ):
        other = {name: array for name, array in (state | change).items() if array is not None}
        with pytest.raises(ValueError, match=words):
            from_state_dict(TOKENS, other)
    with pytest.raises(ValueError, match="rotary must be halves or interleaved; got 'pairs'"):
        to_state_dict(shaken(TOKENS), "pairs")
