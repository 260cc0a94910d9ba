"""The matrix product of the BLAS library NumPy computes with, by address.

Compiled code calls cblas's general matrix product C = alpha A B + beta C by address, so that results accumulate in
place and operands may be slices or transposes. The address is looked up in the library NumPy has loaded and registered
with LLVM under a name of our own; code cached on disk refers to the name. Where no such symbol is found (a NumPy built
on another library) the name stands for a call back into `numpy.matmul`: the same results, slower.
"""

import ctypes
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import ThreadpoolController, threadpool_info

SYMBOLS = {np.dtype(np.float32): "dual_modes_sgemm", np.dtype(np.float64): "dual_modes_dgemm"}
COPIES = {np.dtype(np.float32): "dual_modes_somatcopy", np.dtype(np.float64): "dual_modes_domatcopy"}
_CBLAS = ("scipy_cblas_{}64_", "cblas_{}64_", "scipy_cblas_{}", "cblas_{}")
_ROW_MAJOR, _TRANSPOSED = 101, 112


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
