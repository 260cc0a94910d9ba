"""What a pinned kernel of the BLAS library costs.

OpenBLAS chooses among kernels written for different processors. The environment variable OPENBLAS_CORETYPE overrides
its choice, which can halve the speed; it is read once, when NumPy is first imported.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_info

from model.blas import libraries

PIN = "OPENBLAS_CORETYPE"
_ONE_SIZE = 768  # matrices of the timing: large enough for the peak, a few milliseconds each


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
    code = "from validate.runs import pin; print(pin.kernel_type(), pin.gigaflops())"
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
