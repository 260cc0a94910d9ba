"""A pass that begins at a site gives the bits of a whole pass whose states were put there."""

import numpy as np
import pytest
from small_models import VARIANTS, arrays_for

from model import Transformer
from model.continuation import gradient_from, outputs_from, states_until
from model.endings import Beginnings


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("backend", ["numba", "numpy"])
def test_it_is_an_edit_without_the_stages_before(variant, backend):
    model = Transformer(VARIANTS[variant], seed=1, backend=backend)
    arrays = arrays_for(model.config)
    for site in model.sites:
        changed = model.forward(arrays.inputs, capture=(site,))[1][site] * np.float32(1.25)
        edit = {site: lambda states, changed=changed: changed}
        assert np.array_equal(outputs_from(model, site, changed), model.forward(arrays.inputs, edit=edit)[0])
        loss, gradient = gradient_from(model, site, changed, arrays)
        whole, there = model.gradient_at(site, arrays, edit)
        assert loss == whole
        assert np.array_equal(gradient, there)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("backend", ["numba", "numpy"])
def test_states_need_no_stage_behind_them(variant, backend):
    model = Transformer(VARIANTS[variant], seed=2, backend=backend)
    inputs = arrays_for(model.config).inputs
    whole = model.forward(inputs, capture=model.sites)[1]
    for some in ((), ("embed",), model.sites[1:3], model.sites[::-1]):
        states = states_until(model, inputs, some)
        assert set(states) == set(some)
        assert all(np.array_equal(states[site], whole[site]) for site in some)


@pytest.mark.parametrize("variant", VARIANTS)
def test_one_other_state_of_the_last_position_moves_its_output_alone(variant):
    model = Transformer(VARIANTS[variant], seed=3, dtype=np.float64)
    inputs = arrays_for(model.config).inputs
    read = Beginnings(model, inputs)
    for site in model.sites:
        states = model.forward(inputs, capture=(site,))[1][site]
        states[:, -1] *= 1.5
        whole = outputs_from(model, site, states)[:, -1]
        assert np.allclose(read.continued(site, states[:, -1]), whole, rtol=1e-9, atol=1e-12)


def test_what_does_not_fit_is_one_sentence():
    model = Transformer(VARIANTS["dice"])
    width, length = model.config.width, model.config.length
    states = np.zeros((2, length, width), np.float32)
    with pytest.raises(ValueError, match="a site must be one of embed"):
        outputs_from(model, "nowhere", states)
    with pytest.raises(ValueError, match=r"states must have shape \(B, L, "):
        outputs_from(model, "embed", states[..., 1:])
    with pytest.raises(ValueError, match=r"states must have shape \(2, "):
        Beginnings(model, arrays_for(model.config, 2).inputs).continued("embed", states[:1, -1])
    with pytest.raises(ValueError, match="must stand beside inputs"):
        gradient_from(model, "embed", states[:1], arrays_for(model.config, 2))
