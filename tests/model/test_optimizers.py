"""What every optimizer promises: both backends make the same updates, and a run that was stopped goes on."""

import numpy as np
import pytest
from small_models import VARIANTS, model_for
from toy_training import run

from model import TrainingConfig
from model.optimizers import OPTIMIZERS, Step

BACKENDS = ("numpy", "numba")
TOLERANCE = {np.float32: 2e-4, np.float64: 1e-12}
every_optimizer = pytest.mark.parametrize("optimizer", OPTIMIZERS)


@every_optimizer
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("config", VARIANTS.values(), ids=VARIANTS)
def test_both_backends_make_the_same_updates(optimizer, config, dtype):
    training = TrainingConfig(10, 0.01, optimizer=optimizer, weight_decay=0.3, muon_rate=0.05)
    models, states = [model_for(config, backend, dtype) for backend in BACKENDS], []
    init, update = OPTIMIZERS[optimizer]
    for model in models:
        states.append(init(config, model.buffer, training))
        for number, rate in enumerate((0.01, 0.01, 0.005), start=1):
            gradient = np.random.default_rng(number).standard_normal(model.buffer.size).astype(dtype)
            update(config, training, model.buffer, gradient, states[-1], Step(number, rate, 0.7, model.backend))
    np.testing.assert_allclose(models[1].buffer, models[0].buffer, rtol=0, atol=TOLERANCE[dtype])
    assert states[0].keys() == states[1].keys()
    for name, wanted in states[0].items():
        np.testing.assert_allclose(states[1][name], wanted, rtol=0, atol=TOLERANCE[dtype], err_msg=name)


@every_optimizer
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("stop", [2, 17])
def test_an_interrupted_run_goes_on_to_the_same_bits(optimizer, backend, stop, tmp_path):
    config = TrainingConfig(40, 0.02, optimizer=optimizer, clip_norm=0.5, record_every=1, checkpoint_every=3)
    whole, _ = run(backend=backend, config=config)

    def interrupt(record):
        if record.step == stop:
            raise KeyboardInterrupt

    path = tmp_path / "interrupted.safetensors"
    with pytest.raises(KeyboardInterrupt):
        run(path, backend, config, observe=interrupt)
    model, finished = run(path, backend, config)
    assert finished.resumed_from == stop // 3 * 3
    np.testing.assert_array_equal(model.buffer, whole.buffer)
