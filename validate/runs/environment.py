"""The machine and the libraries a result came from."""

import os
import platform
import resource
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_info

if TYPE_CHECKING:
    from distributed import Client

LIBRARIES = ("numpy", "scipy", "numba", "sympy", "matplotlib", "safetensors")


def describe() -> dict[str, Any]:
    """Return versions, processor, and the BLAS library with its kernel type and threads."""
    import numpy  # noqa: F401  (loads the BLAS library that is described)

    blas = [
        {key: library.get(key) for key in ("internal_api", "version", "architecture", "num_threads")}
        for library in threadpool_info()
        if library.get("user_api") == "blas"
    ]
    return {
        "dual-modes": _own_version(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "blas": blas,
        "openblas_coretype": os.environ.get("OPENBLAS_CORETYPE"),
    }


def _own_version() -> str:
    """Return the version of this package, which also runs from a folder where it was never installed."""
    try:
        return version("dual-modes")
    except PackageNotFoundError:
        return "not installed"


def peak_memory_bytes(client: "Client | None" = None) -> int:
    """Return the largest resident size so far of any one process: this one, those that ended, a client's workers."""
    if client is not None:
        return max([peak_memory_bytes(), *client.run(peak_memory_bytes).values()])
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return peak if sys.platform == "darwin" else peak * 1024
