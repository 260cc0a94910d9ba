"""States can be captured, edited and differentiated at every site; bad arguments are refused in one sentence."""

import dataclasses
import tracemalloc

import numba
import numpy as np
import pytest
from small_models import VARIANTS, arrays_for, model_for

from model import Transformer, TransformerConfig, engine
from model.gradcheck import directional_derivative

BACKENDS = ("numpy", "numba")
by_variant = pytest.mark.parametrize("config", VARIANTS.values(), ids=VARIANTS)
by_backend = pytest.mark.parametrize("backend", BACKENDS)


@pytest.fixture(params=BACKENDS)
def dice(request):
    return model_for(VARIANTS["dice"], request.param)


def test_sites_are_named_in_order(dice):
    assert dice.sites == ("embed", "post_attention.0", "post_mlp.0", "post_attention.1", "post_mlp.1")


@by_backend
@by_variant
def test_the_residual_stream_is_the_sum_of_what_is_written_to_it(config, backend):
    model, inputs = model_for(config, backend), arrays_for(config).inputs
    outputs, states = model.forward(inputs, capture=model.sites)
    np.testing.assert_array_equal(outputs, model.predict(inputs))
    if config.input_kind == "tokens":
        np.testing.assert_array_equal(states["embed"], model.parameters["embedding.weight"][inputs])
    if not config.final_norm:
        bias = model.parameters["output.bias"] if config.output_bias else 0.0
        head = states[model.sites[-1]] @ model.parameters["output.weight"] + bias
        np.testing.assert_allclose(outputs, head, rtol=1e-12, atol=1e-13)


def test_only_what_was_asked_for_is_returned(dice):
    inputs = arrays_for(dice.config).inputs
    _, states = dice.forward(inputs, capture=("post_mlp.1", "embed"))
    assert list(states) == ["post_mlp.1", "embed"]
    assert {state.shape for state in states.values()} == {(*inputs.shape, dice.config.width)}
    assert dice.forward(inputs)[1] == {}


@by_backend
@by_variant
def test_states_put_back_where_they_came_from_change_nothing(config, backend):
    model, inputs = model_for(config, backend), arrays_for(config).inputs
    outputs, states = model.forward(inputs, capture=model.sites)
    other = arrays_for(config, seed=9).inputs
    for site in model.sites:
        replaced, seen = model.forward(other, capture=model.sites, edit={site: lambda x, s=site: states[s]})
        np.testing.assert_array_equal(replaced, outputs)
        after = model.sites[model.sites.index(site) :]
        for later in after:
            np.testing.assert_array_equal(seen[later], states[later])


def test_an_edit_sees_the_whole_batch_once_and_edits_compose_in_order(dice, monkeypatch):
    monkeypatch.setattr(engine, "CHUNK_ROWS", 8)  # several chunks
    inputs, calls = arrays_for(dice.config, sequences=5).inputs, []

    def doubled(site):
        def edit(states):
            calls.append((site, states.shape))
            return 2 * states

        return edit

    _, plain = dice.forward(inputs, capture=("embed",))
    _, seen = dice.forward(inputs, capture=dice.sites, edit={site: doubled(site) for site in ("post_mlp.0", "embed")})
    shape = (*inputs.shape, dice.config.width)
    assert calls == [("embed", shape), ("post_mlp.0", shape)]
    np.testing.assert_array_equal(seen["embed"], 2 * plain["embed"])
    _, unedited = dice.forward(inputs, capture=("post_mlp.0",), edit={"embed": lambda x: 2 * x})
    np.testing.assert_array_equal(seen["post_mlp.0"], 2 * unedited["post_mlp.0"])


@by_backend
@by_variant
def test_the_gradient_at_every_site_against_finite_differences(config, backend):
    model, arrays = model_for(config, backend), arrays_for(config)
    rng = np.random.default_rng(4)
    loss = model.loss_and_gradients(arrays)[0]
    for site in model.sites:
        found_loss, gradient = model.gradient_at(site, arrays)
        assert found_loss == pytest.approx(loss, rel=1e-12)
        directions = rng.standard_normal((4, *gradient.shape))

        def loss_at(h, direction, site=site):
            return np.float64(model.gradient_at(site, arrays, edit={site: lambda x: x + h * direction})[0])

        numeric = [directional_derivative(lambda h, d=d: loss_at(h, d), step=1e-4) for d in directions]
        analytic = [np.sum(gradient * d) for d in directions]
        np.testing.assert_allclose(analytic, numeric, rtol=0, atol=1e-6 * np.linalg.norm(numeric), err_msg=site)


def test_the_gradient_is_taken_after_the_edits(dice):
    arrays = arrays_for(dice.config)
    edit = {"embed": lambda x: 1.5 * x, "post_mlp.0": lambda x: x - 0.25}
    direction = np.random.default_rng(5).standard_normal((*arrays.inputs.shape, dice.config.width))

    def loss(h):
        moved = edit | {"post_mlp.0": lambda x: x - 0.25 + h * direction}
        return np.float64(dice.gradient_at("post_mlp.0", arrays, edit=moved)[0])

    gradient = dice.gradient_at("post_mlp.0", arrays, edit=edit)[1]
    assert np.sum(gradient * direction) == pytest.approx(directional_derivative(loss), rel=1e-7)


@by_backend
@pytest.mark.parametrize("rows", [1, 8, 21, 10_000])
def test_chunks_change_nothing_but_rounding(backend, rows, monkeypatch):
    config = VARIANTS["regression"]
    model, arrays = model_for(config, backend), arrays_for(config, sequences=11)
    outputs, (loss, gradients) = model.predict(arrays.inputs), model.loss_and_gradients(arrays)
    monkeypatch.setattr(engine, "CHUNK_ROWS", rows)
    np.testing.assert_allclose(model.predict(arrays.inputs), outputs, rtol=1e-12, atol=1e-13)
    chunked_loss, chunked = model.loss_and_gradients(arrays)
    assert chunked_loss == pytest.approx(loss, rel=1e-13)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(chunked[name], gradient, rtol=0, atol=1e-13 * np.abs(gradient).max())


@pytest.mark.parametrize("batch", [1, 2, 3, 7, 64, 65])
@pytest.mark.parametrize("lanes", [1, 2, 8])
@pytest.mark.parametrize("rows", [1, 100, 512])
def test_every_sequence_is_in_one_chunk(batch, lanes, rows):
    for length in (1, 63, 5000):
        plan = engine.cut(batch, length, lanes, rows)
        chunks = [chunk for lane in plan for chunk in lane]
        assert [i for chunk in chunks for i in range(batch)[chunk]] == list(range(batch))
        assert max(chunk.stop - chunk.start for chunk in chunks) * length <= max(rows, length)
        assert len(plan) == min(lanes, len(chunks))
        assert max(map(len, plan)) - min(map(len, plan)) <= 1


def test_deep_networks_take_fewer_positions_at_once():
    shallow, deep = (dataclasses.replace(VARIANTS["dice"], layers=layers) for layers in (2, 2000))
    assert engine.chunk_rows(shallow, 7) == engine.CHUNK_ROWS
    kept = 2000 * (6 * 8 + 12 + 2 * 7)  # LayerNorms, queries, keys, values, mixtures; hidden values; attention
    assert engine.chunk_rows(deep, 7) == engine.CHUNK_NUMBERS // kept


@pytest.mark.parametrize("sequences", [1, 11] if numba.config.DISABLE_JIT else [1, 11, 64])
def test_threads_change_no_bit(sequences, monkeypatch):
    monkeypatch.setattr(engine, "CHUNK_ROWS", 28)  # up to 16 chunks
    config = VARIANTS["regression"]
    arrays, results = arrays_for(config, sequences=sequences), []
    for threads in (1, 2, 3, 8):
        model = Transformer(config, threads=threads)
        first, second = (model.loss_and_gradients(arrays) for _ in range(2))
        np.testing.assert_equal(second, first)
        results.append((model.predict(arrays.inputs), *first))
    for other in results[1:]:
        np.testing.assert_equal(other, results[0])
    with pytest.raises(ValueError, match=r"^threads must be 1 \.\. 8; got 9$"):
        Transformer(config, threads=9)


def test_as_many_threads_as_processors_but_no_more_than_lanes(monkeypatch):
    for found, wanted in ((3, 3), (64, engine.LANES)):
        monkeypatch.setattr("model.transformer.processors", lambda found=found: found)
        assert Transformer(VARIANTS["dice"])._engine.threads == wanted


compiled_only = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="uncompiled kernels allocate")
WIDE = TransformerConfig(inputs=6, outputs=6, layers=3, width=32, heads=2, hidden=128, length=32)


def traced_peak(function):
    """Return the peak of bytes allocated during a call."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def on_one_thread():
    """Return a model on one thread: of several, one may do all the work, and the others then allocate nothing."""
    return Transformer(WIDE, threads=1)


@compiled_only
def test_a_step_after_the_first_allocates_nothing_to_speak_of():
    model, arrays = on_one_thread(), arrays_for(WIDE, sequences=64)
    model.loss_and_gradient(arrays)
    one_state = 4 * engine.CHUNK_ROWS * WIDE.width  # bytes: the smallest array a forward keeps
    assert traced_peak(lambda: model.loss_and_gradient(arrays)) < one_state


@compiled_only
def test_memory_does_not_grow_with_the_batch():
    few, many = (arrays_for(WIDE, sequences=sequences) for sequences in (64, 512))
    on_one_thread().loss_and_gradient(few)  # what is loaded once is loaded now
    peaks = [traced_peak(lambda a=arrays: on_one_thread().loss_and_gradient(a)) for arrays in (few, many)]
    assert abs(peaks[1] - peaks[0]) < 0.02 * peaks[0]


@compiled_only
def test_prediction_keeps_one_layer_and_what_is_captured():
    arrays = arrays_for(WIDE, sequences=64)
    model = on_one_thread()
    model.predict(arrays.inputs[:1])
    plain = traced_peak(lambda: on_one_thread().predict(arrays.inputs))
    one, two = (
        traced_peak(lambda c=capture: on_one_thread().forward(arrays.inputs, capture=c))
        for capture in (("post_mlp.0",), ("post_mlp.0", "embed"))
    )
    states = 4 * arrays.inputs.size * WIDE.width
    assert one - plain == pytest.approx(states, rel=0.1)
    assert two - one == pytest.approx(states, rel=0.1)
    assert plain < 0.7 * traced_peak(lambda: on_one_thread().loss_and_gradient(arrays))


def test_gradients_are_the_callers_own(dice):
    arrays = arrays_for(dice.config)
    _, gradients = dice.loss_and_gradients(arrays)
    kept = {name: gradient.copy() for name, gradient in gradients.items()}
    dice.loss_and_gradients(arrays_for(dice.config, seed=6))
    for name, gradient in gradients.items():
        np.testing.assert_array_equal(gradient, kept[name])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"inputs": np.zeros((3, 8), int)}, "inputs must have at most 7 positions; got 8"),
        ({"inputs": np.zeros((3, 7))}, "inputs must be integers; got float64"),
        ({"inputs": np.full((3, 7), 6)}, r"inputs must lie in 0 \.\. 5; got 6 \.\. 6"),
        ({"inputs": np.zeros(7, int)}, r"inputs must have shape \(B, L\) and not be empty; got \(7,\)"),
        ({"targets": np.full((3, 7), -1)}, r"targets must lie in 0 \.\. 4; got -1 \.\. -1"),
        ({"targets": np.zeros((3, 6), int)}, r"targets must have shape \(3, 7\); got \(3, 6\)"),
        ({"positions": np.arange(7) + 1}, r"positions must increase within 0 \.\. 6; got .*"),
        ({"positions": np.zeros(7, int)}, r"positions must increase within 0 \.\. 6; got .*"),
    ],
)
def test_bad_arrays_are_refused_in_one_sentence(dice, change, sentence):
    arrays = arrays_for(dice.config)._replace(**change)
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        dice.loss_and_gradients(arrays)


def test_bad_sites_and_edits_are_refused_in_one_sentence(dice):
    arrays = arrays_for(dice.config)
    with pytest.raises(ValueError, match=r"^a site must be embed, .* with l < 2; got 'post_mlp\.2'$"):
        dice.forward(arrays.inputs, capture=("post_mlp.2",))
    with pytest.raises(ValueError, match=r"^an edit must stand at or before the site embed; got one at post_mlp\.0$"):
        dice.gradient_at("embed", arrays, edit={"post_mlp.0": lambda x: x})
    with pytest.raises(ValueError, match=r"^the edit at embed must return states of shape \(3, 7, 8\); got \(3, 7\)$"):
        dice.forward(arrays.inputs, edit={"embed": lambda x: x[..., 0]})


def test_vector_inputs_must_have_the_right_size():
    model = Transformer(VARIANTS["regression"])
    with pytest.raises(ValueError, match=r"^inputs must have shape \(B, L, 4\) and not be empty; got \(2, 7, 3\)$"):
        model.predict(np.zeros((2, 7, 3)))
