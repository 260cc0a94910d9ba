"""The BLAS symbol and its substitute."""

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest
import toy_training
from hypothesis import given
from hypothesis import strategies as st

from model import blas

SIZES = st.integers(1, 9)
DTYPES = [np.dtype(np.float32), np.dtype(np.float64)]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@given(shape=st.tuples(SIZES, SIZES, SIZES), flags=st.tuples(*[st.booleans()] * 3), seed=st.integers(0, 99))
def test_the_substitute_multiplies_as_cblas_does(dtype, shape, flags, seed):
    (m, n, k), (a_transposed, b_transposed, accumulate) = shape, flags
    rng = np.random.default_rng(seed)
    a, b, c = (rng.standard_normal(s).astype(dtype) for s in ((k, m) if a_transposed else (m, k), (n, k), (m, n + 2)))
    b = b if b_transposed else np.ascontiguousarray(b.T)
    wanted = c.copy()
    product = (a.T if a_transposed else a) @ (b.T if b_transposed else b)
    wanted[:, :n] = 2 * product + (0.5 * c[:, :n] if accumulate else 0)
    if not accumulate:
        c[:, :n] = np.nan
    marks = (112 if a_transposed else 111, 112 if b_transposed else 111)
    places = [(x.ctypes.data, x.shape[1]) for x in (a, b, c)]
    blas._callback(dtype)(101, *marks, m, n, k, 2.0, *places[0], *places[1], 0.5 * accumulate, *places[2])
    np.testing.assert_allclose(c, wanted, rtol=0, atol=64 * np.finfo(dtype).eps * np.abs(wanted).max(initial=1))


def test_the_symbol_is_found_in_numpys_own_library():
    for dtype in DTYPES:
        found = blas.product(dtype)
        if found.name == "numpy.matmul":
            pytest.skip("this NumPy is built on a library without cblas symbols")
        assert "gemm" in found.name
        assert ctypes.c_void_p(found.address)


def in_fresh_python(code):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(toy_training.__file__).parent), *sys.path])}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_importing_the_package_changes_no_environment_and_loads_no_compiler():
    code = """
import os, sys
before = dict(os.environ)
import model
assert dict(os.environ) == before
print("numba" in sys.modules, "scipy" in sys.modules)
"""
    assert in_fresh_python(code) == "False False"


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="compiled code alone calls by address")
def test_training_needs_no_symbol():
    code = """
import toy_training
from model import blas
blas._CBLAS = {patterns}
print(blas.product(blas.np.dtype("float32")).name)
print([record.loss for record in toy_training.run()[1].records])
"""
    name, found = in_fresh_python(code.format(patterns=())).split("\n")
    assert name == "numpy.matmul"
    _, wanted = in_fresh_python(code.format(patterns=blas._CBLAS)).split("\n")
    np.testing.assert_allclose(json.loads(found), json.loads(wanted), rtol=1e-4)
