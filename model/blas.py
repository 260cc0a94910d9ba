"""The BLAS library NumPy computes with: its product by address, its kernel type, and what a pinned kernel costs.

Compiled code calls cblas's general matrix product C = alpha A B + beta C by address, so that results accumulate in
place and operands may be slices or transposes. The address is looked up in the library NumPy has loaded and registered
with LLVM under a name of our own; code cached on disk refers to the name. Where no such symbol is found (a NumPy built
on another library) the name stands for a call back into `numpy.matmul`: the same results, slower.

OpenBLAS chooses among kernels written for different processors. The environment variable OPENBLAS_CORETYPE overrides
its choice, which can halve the speed; it is read once, when NumPy is first imported.
"""

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import ThreadpoolController, threadpool_info

PIN = "OPENBLAS_CORETYPE"
SYMBOLS = {np.dtype(np.float32): "dual_modes_sgemm", np.dtype(np.float64): "dual_modes_dgemm"}
COPIES = {np.dtype(np.float32): "dual_modes_somatcopy", np.dtype(np.float64): "dual_modes_domatcopy"}
_CBLAS = ("scipy_cblas_{}64_", "cblas_{}64_", "scipy_cblas_{}", "cblas_{}")
_ROW_MAJOR, _TRANSPOSED = 101, 112
_ONE_SIZE = 768  # matrices of the timing: large enough for the peak, a few milliseconds each


class Product(NamedTuple):
    """Where a routine for one dtype is found: its address, its integer type, and what it is called."""

    address: int
    integer_bits: int
    name: str


@cache
def libraries() -> ThreadpoolController:
    """Return the handle that sets the number of threads of every loaded BLAS."""
    return ThreadpoolController()


@cache
def product(dtype: np.dtype[Any]) -> Product:
    """Return the matrix product of `dtype` in NumPy's BLAS, or a call back into NumPy."""
    if found := _found("gemm", dtype):
        return found
    function = _callback(dtype)
    return Product(ctypes.cast(function, ctypes.c_void_p).value or 0, 64, "numpy.matmul")


@cache
def transposition(dtype: np.dtype[Any]) -> Product | None:
    """Return OpenBLAS's transposed copy of a matrix, which other libraries do not have."""
    return _found("omatcopy", dtype)


def _found(routine: str, dtype: np.dtype[Any]) -> Product | None:
    letter = "s" if dtype == np.float32 else "d"
    for path in _library_paths():
        library = ctypes.CDLL(path)
        for pattern in _CBLAS:
            name = pattern.format(letter + routine)
            if function := getattr(library, name, None):
                address = ctypes.cast(function, ctypes.c_void_p).value or 0
                return Product(address, 64 if "64_" in name else 32, name)
    return None


def register() -> None:
    """Give the routines their names in LLVM; compiled code cannot be loaded before."""
    import llvmlite.binding  # type: ignore[import-untyped]

    for dtype, symbol in SYMBOLS.items():
        llvmlite.binding.add_symbol(symbol, product(dtype).address)
    for dtype, symbol in COPIES.items():
        if copy := transposition(dtype):
            llvmlite.binding.add_symbol(symbol, copy.address)


def _library_paths() -> list[str]:
    """Return the loaded BLAS libraries, NumPy's own before SciPy's."""
    paths = [info["filepath"] for info in threadpool_info() if info["user_api"] == "blas"]
    return sorted(paths, key=lambda path: "numpy" not in path)


@cache
def _callback(dtype: np.dtype[Any]) -> Any:
    """Return a C function with cblas's signature that computes with `numpy.matmul`; kept alive by the cache."""
    number = ctypes.c_float if dtype == np.float32 else ctypes.c_double
    integer, pointer, flag = ctypes.c_int64, ctypes.c_void_p, ctypes.c_int32

    def matrix(address: int, transposed: bool, rows: int, columns: int, stride: int) -> Any:
        shape = (columns, rows) if transposed else (rows, columns)
        flat = np.ctypeslib.as_array(
            ctypes.cast(address, ctypes.POINTER(number)), ((shape[0] - 1) * stride + shape[1],)
        )
        view = np.lib.stride_tricks.as_strided(flat, shape, (stride * dtype.itemsize, dtype.itemsize))
        return view.T if transposed else view

    def gemm(
        order: int, first: int, second: int, rows: int, columns: int, inner: int, alpha: float,
        a: int, a_stride: int, b: int, b_stride: int, beta: float, c: int, c_stride: int,
    ) -> None:  # fmt: skip
        left = matrix(a, first == _TRANSPOSED, rows, inner, a_stride)
        right = matrix(b, second == _TRANSPOSED, inner, columns, b_stride)
        out = matrix(c, False, rows, columns, c_stride)
        out[...] = alpha * (left @ right) + (beta * out if beta else 0)

    kind = ctypes.CFUNCTYPE(
        None, flag, flag, flag, integer, integer, integer, number, pointer, integer, pointer, integer, number, pointer,
        integer,
    )  # fmt: skip
    return kind(gemm)


# --- kernel type ----------------------------------------------------------------------------------------------------


def kernel_type() -> str | None:
    """Return the processor whose kernels OpenBLAS runs ("SkylakeX", "Haswell", ...); None for another library."""
    for info in sorted(threadpool_info(), key=lambda info: "numpy" not in info["filepath"]):
        if info["user_api"] == "blas" and info.get("architecture"):
            return str(info["architecture"])
    return None


def gigaflops(size: int = _ONE_SIZE, seconds: float = 0.15) -> float:
    """Return the speed of a float32 product of square matrices on one thread, the best of what fits `seconds`."""
    a = np.full((size, size), 0.5, np.float32)
    out = np.empty_like(a)
    with libraries().limit(limits=1, user_api="blas"):
        return 2e-9 * size**3 / _shortest(lambda: np.matmul(a, a, out=out), seconds)


def _shortest(function: Callable[[], Any], seconds: float) -> float:
    function()
    best, end = np.inf, time.perf_counter() + seconds
    while time.perf_counter() < end or not np.isfinite(best):
        start = time.thread_time()
        function()
        best = min(best, time.thread_time() - start)
    return best


class PinCost(NamedTuple):
    """A pinned kernel type and the one OpenBLAS would choose, with the speed of one thread in GFLOP/s."""

    pinned: str
    pinned_speed: float
    chosen: str
    chosen_speed: float


@cache
def pin_cost() -> PinCost | None:
    """Measure this process against one without the pin (about a second); None if nothing is pinned."""
    if PIN not in os.environ or kernel_type() is None:
        return None
    free = {key: value for key, value in os.environ.items() if key != PIN}
    code = "from model import blas; print(blas.kernel_type(), blas.gigaflops())"
    done = subprocess.run([sys.executable, "-c", code], env=free, capture_output=True, text=True, check=True)
    chosen, speed = done.stdout.split()
    return PinCost(str(kernel_type()), gigaflops(), chosen, float(speed))


def pin_warning(tolerated: float = 1.1) -> str | None:
    """Return one sentence with the measured cost and the remedy if the pinned kernel is slower than OpenBLAS's choice.

    Parameters
    ----------
    tolerated : float
        Ratio of speeds up to which nothing is said.
    """
    cost = pin_cost()
    if cost is None or cost.chosen_speed <= tolerated * cost.pinned_speed:
        return None
    return (
        f"{PIN}={os.environ[PIN]} makes OpenBLAS use its {cost.pinned} kernels, {cost.pinned_speed:.0f} GFLOP/s a "
        f"thread against {cost.chosen_speed:.0f} with its own choice, {cost.chosen}: unset it before Python starts"
    )
