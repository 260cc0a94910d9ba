"""A pass that begins at a site gives the bits of a whole pass whose states were put there."""

import numpy as np
import pytest
from small_models import VARIANTS, arrays_for

from model import Transformer
from model.continuation import gradient_from, outputs_from


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


def test_what_does_not_fit_is_one_sentence():
    model = Transformer(VARIANTS["dice"])
    width, length = model.config.width, model.config.length
    states = np.zeros((2, length, width), np.float32)
    with pytest.raises(ValueError, match="a site must be one of embed"):
        outputs_from(model, "nowhere", states)
    with pytest.raises(ValueError, match=r"states must have shape \(B, L, "):
        outputs_from(model, "embed", states[..., 1:])
    with pytest.raises(ValueError, match="must stand beside inputs"):
        gradient_from(model, "embed", states[:1], arrays_for(model.config, 2))
