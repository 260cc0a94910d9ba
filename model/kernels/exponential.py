"""exp: the library's in float64, in float32 a polynomial, because a call of the library is not vectorised.

With n = round(x / ln 2) and r = x - n ln 2, exp(x) = 2^n p(r), |r| <= ln(2) / 2, p the Taylor polynomial of degree 6:
relative error below 3 units in the last place. ln 2 is subtracted in two parts so that r keeps its digits. Adding
1.5 * 2^23 rounds x / ln 2 to an integer in the low bits of a float, from which one shift makes 2^n. Arguments are
clamped to [-87, 88], where 2^n is a normal number; NaN stays NaN.
Reassociation would undo the subtraction in two parts, so it is off here.
"""
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import math

import numba
import numpy as np
from numba.extending import overload

from model.kernels.compilation import exact_part

_INVERSE_LN2 = np.float32(1.0 / math.log(2.0))
_LN2_HIGH = np.float32(0.693359375)
_LN2_LOW = np.float32(math.log(2.0) - 0.693359375)
_ROUND = np.float32(1.5 * 2.0**23)
_LOWEST, _HIGHEST = np.float32(-87.0), np.float32(88.0)
_C2, _C3, _C4, _C5, _C6 = (np.float32(1.0 / math.factorial(k)) for k in (2, 3, 4, 5, 6))
_ONE = np.float32(1.0)
_BIAS, _MANTISSA = np.int32(127), np.int32(23)


def exp(x):
    """Return exp(x): the polynomial for float32, the library's for float64."""
    return _exp32(x) if isinstance(x, np.float32) else np.exp(x)


@overload(exp, jit_options={"error_model": "numpy", "forceinline": True})
def _exp_overload(x):
    if x == numba.float32:
        return lambda x: _exp32(x)
    return lambda x: math.exp(x)


@exact_part
def _exp32(x):
    x = min(max(x, _LOWEST), _HIGHEST)
    shifted = np.float32(x * _INVERSE_LN2 + _ROUND)
    n = np.float32(shifted - _ROUND)
    r = np.float32(np.float32(x - n * _LN2_HIGH) - n * _LN2_LOW)
    p = np.float32(_ONE + r * (_ONE + r * (_C2 + r * (_C3 + r * (_C4 + r * (_C5 + r * _C6))))))
    power = np.int32((shifted.view(np.int32) + _BIAS) << _MANTISSA)
    return np.float32(p * power.view(np.float32))
