import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from theory import stream

KEYS = st.tuples(st.integers(0, 2**40), st.text(max_size=8), st.integers(0, 2**40))


@given(KEYS)
def test_same_key_repeats(key):
    assert np.array_equal(stream(*key).integers(2**63, size=8), stream(*key).integers(2**63, size=8))


@given(KEYS, KEYS)
def test_different_keys_differ(first, second):
    same = np.array_equal(stream(*first).integers(2**63, size=8), stream(*second).integers(2**63, size=8))
    assert same == (first == second)


def test_steps_and_purposes_never_collide_in_a_grid():
    heads = {
        tuple(stream(seed, purpose, step).integers(2**63, size=2))
        for seed in range(5)
        for purpose in ("pool", "sequences", "evaluation")
        for step in range(50)
    }
    assert len(heads) == 5 * 3 * 50


def test_another_process_draws_the_same_numbers():
    # Python's own hash() of a string would differ there.
    code = "from theory import stream; print(stream(3, 'training sequences', 7).integers(2**63))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert int(printed) == stream(3, "training sequences", 7).integers(2**63)


@pytest.mark.parametrize(("seed", "step", "message"), [(-1, 0, "seed must be"), (0, -1, "step must be")])
def test_negative_keys_are_refused(seed, step, message):
    with pytest.raises(ValueError, match=message):
        stream(seed, "pool", step)
