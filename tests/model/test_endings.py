"""Another ending of sequences that were read gives what reading it all over gives."""

import numpy as np
import pytest
from small_models import VARIANTS, arrays_for, model_for

from model.endings import Beginnings


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("start", "new"), [(0, 1), (3, 1), (2, 3), (6, 1)])
def test_an_ending_is_what_reading_it_all_gives(variant, start, new):
    model = model_for(VARIANTS[variant])
    read, other = arrays_for(model.config).inputs, arrays_for(model.config, seed=1).inputs[:, start : start + new]
    outputs, states = Beginnings(model, read).ended(start, other)
    whole = np.concatenate([read[:, :start], other], axis=1)
    all_outputs, all_states = model.forward(whole, capture=model.sites)
    np.testing.assert_allclose(outputs, all_outputs[:, -1], rtol=1e-12, atol=1e-12)
    assert tuple(states) == model.sites
    for site in model.sites:
        np.testing.assert_allclose(states[site], all_states[site][:, -1], rtol=1e-12, atol=1e-12)


def test_an_ending_may_be_longer_than_what_was_read():
    model = model_for(VARIANTS["dice"])
    inputs = arrays_for(model.config).inputs
    outputs, _ = Beginnings(model, inputs[:, :4]).ended(4, inputs[:, 4:])
    np.testing.assert_allclose(outputs, model.predict(inputs)[:, -1], rtol=1e-12, atol=1e-12)


def test_the_compiled_network_in_single_precision_agrees():
    model = model_for(VARIANTS["regression"], "numba", np.float32)
    inputs = arrays_for(model.config).inputs
    outputs, states = Beginnings(model, inputs).ended(5, inputs[:, 5:6])
    all_outputs, all_states = model.forward(inputs[:, :6], capture=model.sites)
    assert outputs.dtype == np.float32
    np.testing.assert_allclose(outputs, all_outputs[:, -1], rtol=2e-5, atol=2e-5)
    np.testing.assert_allclose(states["post_mlp.1"], all_states["post_mlp.1"][:, -1], rtol=2e-5, atol=2e-5)


def test_an_ending_that_fits_nothing_is_one_sentence():
    model = model_for(VARIANTS["dice"])
    inputs = arrays_for(model.config).inputs
    beginnings = Beginnings(model, inputs[:, :4])
    for start, ending in (
        (5, inputs[:, :1]),
        (4, inputs),
        (-1, inputs[:, :1]),
        (2, inputs[:1, :1]),
        (2, inputs[:, :0]),
    ):
        with pytest.raises(ValueError, match="must begin within the 4 positions read, of 3 sequences"):
            beginnings.ended(start, ending)
