"""Packing loses no bit, and halves what float32 holds."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from validate.capture.packed import Packed


@given(arrays(np.float64, (3, 2), elements=st.floats(allow_nan=True, allow_infinity=True)))
def test_any_numbers_come_back_as_they_were(numbers):
    packed = Packed({"a": numbers})
    assert packed["a"].dtype == np.float64
    assert np.array_equal(packed["a"], numbers, equal_nan=True)


@given(arrays(np.float32, (3, 2), elements=st.floats(width=32, allow_nan=False)))
def test_what_a_network_computes_takes_half(numbers):
    packed = Packed({"a": numbers.astype(np.float64), "b": numbers.astype(np.float64)})
    assert np.array_equal(packed["b"], numbers)
    assert packed.n_bytes == 2 * numbers.nbytes
    assert list(packed) == ["a", "b"]
