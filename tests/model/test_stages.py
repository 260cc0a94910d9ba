"""Every stage of the compiled network equals the reference's, forward and backward, at random sizes and switches."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import TransformerConfig, parameters
from model.buffers import Buffers, aligned
from model.compiled import CompiledNetwork
from model.network import Memory
from model.reference import ReferenceNetwork

TOLERANCE = {np.float32: 1e-4, np.float64: 1e-12}


@st.composite
def configs(draw):
    heads, vectors = draw(st.integers(1, 3)), draw(st.booleans())
    squared = draw(st.booleans())
    names = ("final_norm", "attention_bias", "mlp_bias", "output_bias")
    return TransformerConfig(
        inputs=draw(st.integers(1, 5)),
        outputs=1 if squared else draw(st.integers(2, 5)),
        layers=2,
        width=heads * 2 * draw(st.integers(1, 3)) if heads > 1 else 2 * draw(st.integers(2, 5)),
        heads=heads,
        hidden=draw(st.integers(1, 20)),
        length=draw(st.integers(1, 40)),
        activation=draw(st.sampled_from(["silu", "gelu"])),
        input_kind="vectors" if vectors else "tokens",
        loss="squared" if squared else "categorical",
        **{name: draw(st.booleans()) for name in names},
    )


def networks(config, dtype, seed):
    """Both networks on the same parameters, far from their initial values."""
    buffer = parameters.initialise(config, seed, dtype)
    buffer += 0.4 * np.random.default_rng(seed).standard_normal(buffer.shape).astype(dtype)
    return [kind(config, buffer, np.zeros_like(buffer)) for kind in (ReferenceNetwork, CompiledNetwork)]


def assert_agree(config, dtype, seed, run):
    """Run the same stages on both networks; compare every array that comes out, and every tensor's gradient."""
    results = []
    for network in networks(config, dtype, seed):
        arrays = [np.array(array) for array in run(network, np.random.default_rng(seed + 1))]
        gradients = parameters.views(config, network.gradient)
        results.append([*enumerate(arrays), *gradients.items()])
    for (name, wanted), (_, found) in zip(*results, strict=True):
        assert found.dtype == dtype
        bound = TOLERANCE[dtype] * max(1.0, float(np.abs(wanted).max()))
        np.testing.assert_allclose(found, wanted, rtol=0, atol=bound, err_msg=str(name))


cases = (configs(), st.sampled_from([np.float32, np.float64]), st.integers(0, 2**31), st.integers(1, 3), st.booleans())


def sublayer(name, config, sequences, wanted, dtype):
    def run(network, rng):
        x, dx = rng.standard_normal((2, sequences, config.length, config.width)).astype(dtype)
        x += np.linspace(-2, 2, config.width, dtype=dtype)  # LayerNorm of nearly equal numbers amplifies rounding
        network.begin(sequences, config.length, True, Memory())
        states, cache = getattr(network, name)(network.start(x), 1)
        yield states.copy()
        yield getattr(network, f"{name}_backward")(dx.copy(), cache, 1, wanted)

    return run


@given(*cases)
def test_attention(config, dtype, seed, sequences, wanted):
    assert_agree(config, dtype, seed, sublayer("attention", config, sequences, wanted, dtype))


@given(*cases)
def test_mlp(config, dtype, seed, sequences, wanted):
    assert_agree(config, dtype, seed, sublayer("mlp", config, sequences, wanted, dtype))


@given(*cases)
def test_embedding(config, dtype, seed, sequences, wanted):
    def run(network, rng):
        if config.input_kind == "tokens":
            inputs = rng.integers(config.inputs, size=(sequences, config.length))
        else:
            inputs = rng.standard_normal((sequences, config.length, config.inputs)).astype(dtype)
        dx = rng.standard_normal((sequences, config.length, config.width)).astype(dtype)
        network.begin(sequences, config.length, True, Memory())
        x, cache = network.embed(inputs)
        yield x
        network.embed_backward(dx, cache)

    assert_agree(config, dtype, seed, run)


@given(*cases)
def test_head_and_loss(config, dtype, seed, sequences, wanted):
    def run(network, rng):
        x = rng.standard_normal((sequences, config.length, config.width)).astype(dtype)
        x += np.linspace(-2, 2, config.width, dtype=dtype)
        positions = np.flatnonzero(rng.integers(2, size=config.length))
        positions = positions if len(positions) else np.arange(config.length)
        if config.loss == "squared":
            targets = rng.standard_normal((sequences, len(positions))).astype(dtype)
        else:
            targets = rng.integers(config.outputs, size=(sequences, len(positions)))
        network.begin(sequences, config.length, True, Memory())
        outputs, cache = network.head(network.start(x), positions)
        yield outputs
        loss, doutputs = network.loss(outputs, targets, 1 / targets.size)
        yield np.array(loss, dtype)
        yield doutputs
        yield network.head_backward(doutputs, cache, wanted)

    assert_agree(config, dtype, seed, run)


@given(configs(), st.integers(1, 3), st.booleans())
def test_no_byte_of_the_buffers_is_used_twice(config, sequences, keep):
    buffers = Buffers(config, np.dtype(np.float32), sequences * config.length, config.length, keep)
    layers = [layer for kind in (buffers.attention, buffers.mlp) for layer in (kind if keep else kind[:1])]
    groups = [*layers, buffers.head, buffers.scratch, (buffers.x, buffers.dx, buffers.outputs, buffers.doutputs)]
    arrays = [array for group in groups for array in group]
    for number, array in enumerate(arrays):
        array[...] = number
    for number, array in enumerate(arrays):
        assert array.ctypes.data % 64 == 0
        np.testing.assert_array_equal(array, number)


@pytest.mark.parametrize("size", [1, 7, 40, 1000])
def test_buffers_start_as_zeros_where_memory_was_used_before(size):
    for _ in range(5):
        used = np.full(size + 8, np.nan)
        del used
        assert not aligned(size, np.dtype(np.float64)).any()


def test_padded_columns_of_a_tile_stay_finite():
    config = TransformerConfig(inputs=3, outputs=3, layers=2, width=8, heads=2, hidden=6, length=39)
    _, compiled = networks(config, np.float64, 0)
    for seed in range(3):
        for _ in sublayer("attention", config, 2, True, np.float64)(compiled, np.random.default_rng(seed)):
            pass
    scratch, cache = compiled._here.scratch, compiled._here.attention[1]
    assert np.isfinite(scratch.dscores).all()
    assert np.isfinite(cache.attention).all()
