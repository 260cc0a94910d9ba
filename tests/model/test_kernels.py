"""Every kernel equals its NumPy reference, forward and backward, in float32 and float64."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import attention, kernels, ops
from model.buffers import Scratch
from model.kernels import mlp, norm, rows
from model.kernels.attention import TILE, mix_head, mix_head_backward, turn_queries_and_keys, turn_queries_and_keys_back
from model.optimizers import adamw

# A few units in the last place per term: sums are reassociated and exp is a polynomial.
TOLERANCE = {np.float32: 2e-5, np.float64: 2e-13}
seeds = st.integers(0, 2**32 - 1)
dtypes = st.sampled_from([np.float32, np.float64])
sizes = st.integers(1, 20)
# Lengths on both sides of a tile's edge.
lengths = st.one_of(st.integers(1, 9), st.sampled_from([TILE - 1, TILE, TILE + 1, 2 * TILE + 3]))


def assert_close(compiled, reference, dtype):
    __tracebackhide__ = True
    compiled, reference = np.asarray(compiled), np.asarray(reference)
    assert compiled.dtype == dtype
    assert compiled.shape == reference.shape
    largest = float(np.abs(reference).max(initial=1.0))
    np.testing.assert_allclose(compiled, reference, rtol=0, atol=TOLERANCE[dtype] * largest)


def normal(seed, dtype, *shapes):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


@given(seeds, dtypes, st.tuples(sizes, sizes, sizes), st.tuples(*[st.booleans()] * 4), st.sampled_from([1.0, -0.3]))
def test_gemm(seed, dtype, shape, switches, alpha):
    (m, n, k), (transpose_a, transpose_b, sliced, accumulate) = shape, switches

    def operand(rows, columns, transposed, number):
        (x,) = normal(seed + number, dtype, (columns, rows + 3) if transposed else (rows, columns + 3))
        stop = rows if transposed else columns
        x = x[:, 2 : 2 + stop] if sliced else np.ascontiguousarray(x[:, :stop])
        return x.T if transposed else x

    a, b = operand(m, k, transpose_a, 0), operand(k, n, transpose_b, 1)
    (whole,) = normal(seed, dtype, (m, n + 3))
    c = whole[:, 1 : 1 + n]
    wanted = whole.copy()
    wanted[:, 1 : 1 + n] = dtype(alpha) * (a @ b) + (c if accumulate else 0)
    if not accumulate:
        c[...] = np.nan  # what it held does not matter
    multiply(a, b, c, 1.0 if accumulate else 0.0, alpha)
    assert_close(whole, wanted, dtype)


@kernels.compilation.kernel
def multiply(a, b, c, beta, alpha):
    kernels.gemm(a, b, c, beta, alpha)


@given(seeds, dtypes, sizes, st.integers(1, 6), sizes)
def test_embedding(seed, dtype, length, symbols, width):
    tokens = np.random.default_rng(seed).integers(symbols, size=length)
    weight, dy, dweight = normal(seed, dtype, (symbols, width), (length, width), (symbols, width))
    y, cache = ops.embedding(tokens, weight)
    wanted = dweight + ops.embedding_backward(dy, cache)
    found = np.empty_like(y)
    kernels.embedding(tokens, weight, found)
    kernels.embedding_backward(dy, tokens, dweight)
    assert_close(found, y, dtype)
    assert_close(dweight, wanted, dtype)


@given(seeds, dtypes, sizes, sizes, sizes)
def test_linear(seed, dtype, length, inputs, outputs):
    shapes = ((length, inputs), (inputs, outputs), outputs, (length, outputs), (inputs, outputs), outputs)
    x, weight, bias, dy, dweight, dbias = normal(seed, dtype, *shapes)
    y, cache = ops.linear(x, weight, bias)
    _, weight_part, bias_part = ops.linear_backward(dy, cache)
    wanted = dweight + weight_part, dbias + bias_part
    found = np.empty_like(y)
    kernels.linear(x, weight, bias, found)
    kernels.linear_backward(dy, x, dweight, dbias)
    for one, other in zip((found, dweight, dbias), (y, *wanted), strict=True):
        assert_close(one, other, dtype)


@given(seeds, dtypes, sizes, st.integers(2, 20))
def test_normalise(seed, dtype, length, width):
    rows = (length, width)
    x, gain, shift, bias, dy, dx = normal(seed, dtype, rows, width, width, width, rows, rows)
    dgain, dshift = normal(seed + 1, dtype, width, width)
    x += np.linspace(-2, 2, width, dtype=dtype)
    y, cache = ops.layer_norm(x, gain, shift)
    parts = ops.layer_norm_backward(dy, cache)
    wanted = cache[0], y, y, x + bias, dx + parts[0], dgain + parts[1], dshift + parts[2]
    normalised, scale, found, again = np.empty_like(x), np.empty(length, dtype), np.empty_like(x), np.empty_like(x)
    norm.normalise(x, gain, shift, bias, normalised, scale, found)
    norm.rescale(normalised, gain, shift, again)
    norm.normalise_backward(dy, normalised, scale, gain, dx)
    norm.rescale_backward(dy, normalised, dgain, dshift)
    for one, other in zip((normalised, found, again, x, dx, dgain, dshift), wanted, strict=True):
        assert_close(one, other, dtype)


@pytest.mark.parametrize("kind", ["silu", "gelu"])
@given(seed=seeds, dtype=dtypes, length=sizes, width=sizes)
def test_activation(kind, seed, dtype, length, width):
    hidden, bias, dactive = normal(seed, dtype, (length, width), width, (length, width))
    hidden *= 4
    before = hidden + bias
    y, cache = getattr(ops, kind)(before)
    wanted = getattr(ops, f"{kind}_backward")(dactive, cache)
    active = np.empty_like(hidden)
    getattr(mlp, kind)(hidden, bias, active)
    again = np.empty_like(hidden)
    getattr(mlp, f"{kind}_backward")(dactive, hidden, again)
    for one, other in zip((hidden, active, dactive, again), (before, y, wanted, y), strict=True):
        assert_close(one, other, dtype)


@given(seeds, dtypes, sizes, st.integers(1, 3), st.integers(1, 4))
def test_turn(seed, dtype, length, heads, half):
    width, turn = 2 * half * heads, attention.rotation(length, 2 * half, dtype)
    qkv, bias = normal(seed, dtype, (length, 3 * width), 3 * width)
    parts = (qkv + bias).reshape(1, length, 3 * heads, 2 * half)
    wanted = parts.copy()
    wanted[:, :, : 2 * heads] = attention.rotary(parts[:, :, : 2 * heads], turn)[0]
    turn_queries_and_keys(qkv, bias, *turn)
    assert_close(qkv.reshape(wanted.shape), wanted, dtype)
    turn_queries_and_keys_back(qkv, *turn)
    assert_close(qkv.reshape(parts.shape), parts, dtype)


@given(seeds, dtypes, lengths, st.integers(1, 5))
def test_mix_head(seed, dtype, length, size):
    shape = (1, length, 1, size)
    query, key, value, dy = normal(seed, dtype, shape, shape, shape, shape)
    y, cache = attention.causal_attention(query, key, value)
    wanted = attention.causal_attention_backward(dy, cache)
    heads = [x[0, :, 0] for x in (query, key, value)]
    kept, mixed = np.full((length, padded(length)), np.nan, dtype), np.empty((length, size), dtype)
    scratch = scratch_for(length, size, dtype)
    mix_head(*heads, kept, mixed, scratch)
    assert_close(mixed, y[0, :, 0], dtype)
    found = [np.empty((length, size), dtype) for _ in range(3)]
    mix_head_backward(np.ascontiguousarray(dy[0, :, 0]), *heads, kept, *found, scratch)
    for one, other in zip(found, wanted, strict=True):
        assert_close(one, other[0, :, 0], dtype)


def padded(length):
    return -(-length // TILE) * TILE


def scratch_for(length, size, dtype):
    """Room for one head, full of NaN; the rest of the scratch is not used there."""
    nothing = np.empty((0, 0), dtype)
    head = ((size, length), (length, padded(length)), (TILE,), (TILE,))
    return Scratch(nothing, nothing, nothing, nothing, *(np.full(shape, np.nan, dtype) for shape in head))


@given(seeds, dtypes, st.integers(1, 3), sizes, st.data())
def test_take_and_put(seed, dtype, sequences, length, data):
    positions = np.array(sorted(data.draw(st.sets(st.integers(0, length - 1), min_size=1))))
    (x,) = normal(seed, dtype, (sequences, length, 3))
    taken, back = np.empty((sequences * len(positions), 3), dtype), np.full((sequences * length, 3), np.nan, dtype)
    rows.take(x.reshape(-1, 3), positions, length, taken)
    np.testing.assert_array_equal(taken.reshape(sequences, -1, 3), x[:, positions])
    rows.put(taken, positions, length, back)
    others = np.setdiff1d(np.arange(length), positions)
    np.testing.assert_array_equal(back.reshape(x.shape)[:, positions], x[:, positions])
    np.testing.assert_array_equal(back.reshape(x.shape)[:, others], 0)


@given(seeds, dtypes, sizes, st.integers(2, 9))
def test_cross_entropy(seed, dtype, length, symbols):
    targets = np.random.default_rng(seed).integers(symbols, size=length)
    (logits,) = normal(seed, dtype, (length, symbols))
    loss, cache = ops.cross_entropy(5 * logits, targets, 1 / length)
    dlogits = np.empty_like(logits)
    found = kernels.cross_entropy(5 * logits, targets, 1 / length, dlogits)
    assert_close(np.asarray(found, dtype), np.asarray(loss, dtype), dtype)
    assert_close(dlogits, ops.cross_entropy_backward(cache), dtype)


@given(seeds, dtypes, sizes)
def test_squared_error(seed, dtype, length):
    outputs, targets = normal(seed, dtype, (length, 1), length)
    loss, cache = ops.squared_error(outputs, targets, 1 / length)
    doutputs = np.empty_like(outputs)
    found = kernels.squared_error(outputs, targets, 1 / length, doutputs)
    assert_close(np.asarray(found, dtype), np.asarray(loss, dtype), dtype)
    assert_close(doutputs, ops.squared_error_backward(cache), dtype)


@given(seeds, dtypes, st.integers(1, 200), st.integers(1, 1000))
def test_adamw(seed, dtype, size, updates):
    def run(update, number_type):
        theta, gradient, first, second = normal(seed, dtype, size, size, size, size)
        second = second**2
        corrections = (1 / (1 - 0.9**updates), 1 / (1 - 0.999**updates))
        numbers = (0.999, 1e-2, 0.9, 0.999, *corrections, 1e-8, 0.7)
        update(theta, gradient, first, second, *(number_type(number) for number in numbers))
        return theta, first, second

    for found, wanted in zip(run(kernels.adamw, dtype), run(adamw.adamw, float), strict=True):
        assert_close(found, wanted, dtype)


@given(seeds, dtypes, st.integers(1, 500))
def test_sum_of_squares(seed, dtype, size):
    (x,) = normal(seed, dtype, size)
    assert kernels.sum_of_squares(x) == pytest.approx(np.sum(x.astype(np.float64) ** 2), rel=1e-13)


@given(seeds, dtypes, st.integers(1, 8), st.integers(1, 5000), st.data())
def test_add_rows_up(seed, dtype, rows, size, data):
    (x,) = normal(seed, dtype, (rows, size))
    start = data.draw(st.integers(0, size))
    stop = data.draw(st.integers(start, size))
    wanted = x.copy()
    for row in x[1:, start:stop]:
        wanted[0, start:stop] += row
    kernels.add_rows_up(x, start, stop)
    np.testing.assert_array_equal(x, wanted)


def test_the_float32_exponential_is_good_to_three_units_in_the_last_place():
    x = np.linspace(-86, 88, 401, dtype=np.float32)
    found = np.array([kernels.exp(number) for number in x])
    np.testing.assert_array_equal(found, found.astype(np.float32))  # it is the float32 path that was taken
    exact = np.exp(x.astype(np.float64))
    assert np.max(np.abs(found - exact) / exact) < 3 * 2.0**-23
