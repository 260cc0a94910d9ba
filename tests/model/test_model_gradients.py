"""Every parameter of the whole model by name: finite differences, an independent autodiff framework, both backends."""

import autograd_transformer
import numpy as np
import pytest
from small_models import VARIANTS, arrays_for, model_for

from model.gradcheck import directional_derivative

BACKENDS = ("numpy", "numba")
by_variant = pytest.mark.parametrize("config", VARIANTS.values(), ids=VARIANTS)


def assert_gradients_agree(found, wanted, tolerance):
    """Entry by entry, relative to the largest entry of each tensor."""
    assert list(found) == list(wanted)
    errors = {name: np.abs(found[name] - wanted[name]).max() / np.abs(wanted[name]).max() for name in wanted}
    worst = max(errors, key=errors.get)
    assert errors[worst] <= tolerance, f"{worst}: {errors[worst]:.1e}"


@by_variant
def test_every_tensor_against_finite_differences(config):
    model, arrays = model_for(config), arrays_for(config)
    _, gradients = model.loss_and_gradients(arrays)
    rng = np.random.default_rng(3)
    for name, gradient in gradients.items():
        parameter, start = model.parameters[name], model.parameters[name].copy()
        numeric, analytic = [], []
        for _ in range(2):
            direction = rng.standard_normal(parameter.shape)

            def loss(h, parameter=parameter, start=start, direction=direction):
                parameter[...] = start + h * direction
                return np.float64(model.loss_and_gradients(arrays)[0])

            numeric.append(directional_derivative(loss, step=1e-4))
            analytic.append(np.sum(gradient * direction))
        parameter[...] = start
        np.testing.assert_allclose(analytic, numeric, rtol=0, atol=1e-6 * np.linalg.norm(numeric), err_msg=name)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-9), (np.float32, 1e-4)])
@by_variant
def test_every_tensor_against_autograd(config, dtype, tolerance, backend):
    arrays = arrays_for(config)
    exact = {name: value.astype(np.float64) for name, value in model_for(config, backend, dtype).parameters.items()}
    wanted_loss, wanted = autograd_transformer.loss_and_gradients(config, exact, arrays)
    loss, gradients = model_for(config, backend, dtype).loss_and_gradients(arrays)
    assert all(gradient.dtype == dtype for gradient in gradients.values())
    assert loss == pytest.approx(wanted_loss, rel=tolerance)
    assert_gradients_agree(gradients, {name: wanted[name] for name in gradients}, tolerance)


@by_variant
def test_outputs_against_the_independent_network(config):
    model, inputs = model_for(config), arrays_for(config).inputs
    wanted = autograd_transformer.predict(config, model.parameters, inputs)
    np.testing.assert_allclose(model.predict(inputs), wanted, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 5e-5)])
@by_variant
def test_both_backends_compute_the_same_function(config, dtype, tolerance):
    arrays = arrays_for(config)
    reference, compiled = (model_for(config, backend, dtype) for backend in BACKENDS)
    largest = np.abs(reference.predict(arrays.inputs)).max()
    difference = np.abs(compiled.predict(arrays.inputs) - reference.predict(arrays.inputs)).max()
    assert difference <= tolerance * largest
    assert_gradients_agree(compiled.loss_and_gradients(arrays)[1], reference.loss_and_gradients(arrays)[1], tolerance)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_same_call_gives_the_same_bits(backend):
    config = VARIANTS["dice"]
    arrays = arrays_for(config, sequences=9)
    model = model_for(config, backend, np.float32)
    loss, gradients = model.loss_and_gradients(arrays)
    for other in (model, model_for(config, backend, np.float32)):
        again, same = other.loss_and_gradients(arrays)
        assert again == loss
        for name, gradient in gradients.items():
            np.testing.assert_array_equal(same[name], gradient)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_loss_of_a_batch_is_the_mean_over_its_sequences(backend):
    config = VARIANTS["regression"]
    model, arrays = model_for(config, backend), arrays_for(config, sequences=5)
    loss, gradients = model.loss_and_gradients(arrays)
    singles = [
        model.loss_and_gradients(arrays._replace(inputs=x[None], targets=y[None]))
        for x, y in zip(arrays.inputs, arrays.targets, strict=True)
    ]
    assert loss == pytest.approx(np.mean([single for single, _ in singles]), rel=1e-12)
    means = {name: np.mean([single[name] for _, single in singles], axis=0) for name in gradients}
    assert_gradients_agree(gradients, means, 1e-12)


@by_variant
def test_the_reference_keeps_half_precision_throughout(config):
    loss, gradients = model_for(config, dtype=np.float16).loss_and_gradients(arrays_for(config))
    assert {gradient.dtype for gradient in gradients.values()} == {np.dtype(np.float16)}
    assert loss == pytest.approx(model_for(config).loss_and_gradients(arrays_for(config))[0], rel=0.02)
