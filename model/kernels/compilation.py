"""How kernels are compiled, and when compiled code on disk is out of date.

Every kernel releases the interpreter lock and is cached on disk. Reductions may be reassociated (that is what
vectorises them) and division does not raise; NaN and infinity keep their meaning. With ``NUMBA_DISABLE_JIT=1`` the
same source runs as plain Python.

Numba looks for changes in the file a cached kernel stands in and in no other. Kernels call each other across files and
use constants of `model.ops`, so each carries a stamp of them all: one changed file and everything is compiled anew. The
stamp extends the version of Numba that a file on disk was written by, which Numba compares before it reads further: the
rest may name types that are no more. That is a private attribute; where it is not found, nothing is kept on disk.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np

from model import blas, ops

_MODES: dict[str, Any] = {"nogil": True, "error_model": "numpy", "boundscheck": False}
_FAST = {"reassoc", "contract", "nsz", "arcp"}


def source_stamp() -> str:
    """Return a digest of all that compiled code depends on beside its own file."""
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    for path in (*sorted(folder.glob("*.py")), Path(ops.__file__)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    found = (function(dtype) for function in (blas.product, blas.transposition) for dtype in blas.SYMBOLS)
    digest.update(str([routine and routine.integer_bits for routine in found]).encode())
    return f"numba {numba.__version__} numpy {np.__version__} {digest.hexdigest()}"


_STAMP = source_stamp()


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function that Python calls, and keep it on disk; where nothing can be written, in memory alone."""
    try:
        compiled = numba.njit(function, cache=True, fastmath=_FAST, **_MODES)
    except RuntimeError:  # Numba finds no folder for it: installed read-only, without a home that can be written
        return numba.njit(function, fastmath=_FAST, **_MODES)
    if numba.config.DISABLE_JIT:
        return compiled
    if (file := _file(compiled)) is None:
        return numba.njit(function, fastmath=_FAST, **_MODES)
    file._version = _STAMP
    return compiled


def is_kept(compiled: Any) -> bool:
    """Return whether a kernel's code is kept on disk, once it is compiled."""
    return _file(compiled) is not None


def is_on_disk(compiled: Any) -> bool:
    """Return whether code of a kernel, for any types, is found on disk."""
    file = _file(compiled)
    return file is not None and bool(file._load_index())


def _file(compiled: Any) -> Any:
    """Return what Numba keeps a kernel's code with, if it has the attributes used here."""
    file = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    return file if hasattr(file, "_version") and hasattr(file, "_load_index") else None


def part(function: Callable[..., Any]) -> Any:
    """Compile a function into each kernel that calls it."""
    return numba.njit(function, forceinline=True, fastmath=_FAST, **_MODES)


def exact_part(function: Callable[..., Any]) -> Any:
    """Compile a function into its callers; its operations stay in the order they are written in."""
    return numba.njit(function, forceinline=True, fastmath={"contract"}, **_MODES)
