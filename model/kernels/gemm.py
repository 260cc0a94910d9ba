"""Matrix products from compiled code, C = alpha A B + beta C into C, and transposed copies.

Operands are two-dimensional arrays of one dtype with one axis contiguous: whole arrays, slices of columns or rows, and
transposes of these (C must not be a transpose). The product is the BLAS function that `model.blas` registers. So is
the copy with OpenBLAS, four times as fast as a compiled loop, which stands in for it with another library.
"""
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import numba
import numpy as np
from numba.extending import overload

from model import blas

blas.register()

_ROW_MAJOR, _PLAIN, _TRANSPOSED = np.int32(101), np.int32(111), np.int32(112)


def _external(dtype):
    number = numba.from_dtype(dtype)
    integer = numba.int64 if blas.product(dtype).integer_bits == 64 else numba.int32
    flag, address = numba.int32, numba.uintp
    signature = numba.void(
        flag, flag, flag, integer, integer, integer, number, address, integer, address, integer, number, address,
        integer,
    )  # fmt: skip
    return numba.types.ExternalFunction(blas.SYMBOLS[dtype], signature)


_SGEMM, _DGEMM = (_external(np.dtype(dtype)) for dtype in (np.float32, np.float64))


def _external_copy(dtype):
    found = blas.transposition(dtype)
    if found is None:
        return None
    number = numba.from_dtype(dtype)
    integer = numba.int64 if found.integer_bits == 64 else numba.int32
    flag, address = numba.int32, numba.uintp
    signature = numba.void(flag, flag, integer, integer, number, address, integer, address, integer)
    return numba.types.ExternalFunction(blas.COPIES[dtype], signature)


_SCOPY, _DCOPY = (_external_copy(np.dtype(dtype)) for dtype in (np.float32, np.float64))


def gemm(a, b, c, beta, alpha=1.0):
    """Write alpha A B + beta C into C; with beta 0 what C held does not matter."""
    product = c.dtype.type(alpha) * (a @ b)
    c[...] = product + beta * c if beta else product


@overload(gemm, jit_options={"error_model": "numpy", "forceinline": True})
def _gemm_overload(a, b, c, beta, alpha=1.0):
    external, number = (_SGEMM, numba.float32) if a.dtype == numba.float32 else (_DGEMM, numba.float64)
    size = number.bitwidth // 8

    def call(a, b, c, beta, alpha=1.0):
        # a matrix of one column has two contiguous axes; the one BLAS is told of must be at least as long as a row
        a_plain = a.strides[1] == size and a.strides[0] >= size * a.shape[1]
        b_plain = b.strides[1] == size and b.strides[0] >= size * b.shape[1]
        external(
            _ROW_MAJOR,
            _PLAIN if a_plain else _TRANSPOSED,
            _PLAIN if b_plain else _TRANSPOSED,
            c.shape[0],
            c.shape[1],
            a.shape[1],
            number(alpha),
            a.ctypes.data,
            (a.strides[0] if a_plain else a.strides[1]) // size,
            b.ctypes.data,
            (b.strides[0] if b_plain else b.strides[1]) // size,
            number(beta),
            c.ctypes.data,
            c.strides[0] // size,
        )

    return call


def copy_transposed(x, y):
    """Write x' into y; rows of both are contiguous."""
    y[: x.shape[1], : x.shape[0]] = x.T


@overload(copy_transposed, jit_options={"error_model": "numpy", "forceinline": True})
def _copy_transposed_overload(x, y):
    external, number = (_SCOPY, numba.float32) if x.dtype == numba.float32 else (_DCOPY, numba.float64)
    size = number.bitwidth // 8

    def call(x, y):
        external(
            _ROW_MAJOR,
            _TRANSPOSED,
            x.shape[0],
            x.shape[1],
            number(1.0),
            x.ctypes.data,
            x.strides[0] // size,
            y.ctypes.data,
            y.strides[0] // size,
        )

    def loop(x, y):
        for i in range(x.shape[0]):
            for c in range(x.shape[1]):
                y[c, i] = x[i, c]

    return loop if external is None else call
