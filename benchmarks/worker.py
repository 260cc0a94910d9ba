"""One measurement in a process of its own: `python -m benchmarks.worker JOB`, JOB and the answer in JSON.

A process of its own has memory of its own, the number of threads it is told, and the environment it is told: BLAS reads
both when it is loaded.
"""

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.cases import Arrays, Case
from model import TrainingConfig, Transformer, blas
from model.engine import Backend
from validate.runs.pin import kernel_type

_MOST = 200  # timed steps


def stepper(engine: str, case: Case, arrays: Arrays, threads: int) -> Callable[[], float]:
    """Return a function that makes one training step and returns the loss."""
    if engine.startswith("torch"):
        from benchmarks import torch_network

        return torch_network.stepper(case, arrays, threads, compiled=engine == "torch-compile")
    from model.optimizers import OPTIMIZERS, Step, gradient_norm

    backend: Backend = "numpy" if engine == "numpy-reference" else "numba"
    model = Transformer(case.config, backend=backend, threads=threads)
    training = TrainingConfig(steps=1, peak_rate=1e-4, optimizer="muon" if engine.endswith("muon") else "adamw")
    init, update = OPTIMIZERS[training.optimizer]
    state = init(model.config, model.buffer, training)

    def step() -> float:
        loss, gradient = model.loss_and_gradient(arrays)
        gradient_norm(gradient, backend)
        update(model.config, training, model.buffer, gradient, state, Step(1, 1e-4, 1.0, backend, threads))
        return loss

    return step


def times(function: Callable[[], Any], seconds: float, warm: bool = False) -> list[float]:
    """Return the seconds of calls for about `seconds`, one at least, after one that is not counted unless `warm`."""
    if not warm:
        function()
    found: list[float] = []
    while not found or (sum(found) < seconds and len(found) < _MOST):
        start = time.perf_counter()
        function()
        found.append(time.perf_counter() - start)
    return found


def memory() -> float:
    """Return the peak memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def step(job: dict[str, Any]) -> dict[str, Any]:
    """Measure one engine on one case."""
    case = Case.from_dict(job["case"])
    before, start = memory(), time.perf_counter()
    make = stepper(job["engine"], case, case.arrays(), job["threads"])
    make()
    first = time.perf_counter() - start
    compiles = job["engine"] != "numpy-reference"  # if nothing is compiled, a slow first step is as good as any
    found = times(make, job["seconds"], warm=True) if compiles or first < job["seconds"] else [first]
    return {
        "milliseconds": 1e3 * statistics.median(found),
        "fastest": 1e3 * min(found),
        "steps": len(found),
        "first_seconds": first,
        "memory_mb": memory(),
        "memory_of_libraries_mb": before,
    }


def peak(job: dict[str, Any]) -> dict[str, Any]:
    """Measure the product of two square matrices of 2048, in GFLOP/s: the median, as for the steps."""
    a = np.random.default_rng(0).standard_normal((2048, 2048)).astype(np.float32)
    out = np.empty_like(a)
    with blas.libraries().limit(limits=job["threads"], user_api="blas"):
        found = times(lambda: np.matmul(a, a, out=out), job["seconds"])
    return {"gigaflops": 2e-9 * 2048**3 / statistics.median(found), "kernel": kernel_type()}


def products(job: dict[str, Any]) -> dict[str, Any]:
    """Time the weight products of a step on the whole batch, forward and both backward, by `numpy.matmul`."""
    case, rng = Case.from_dict(job["case"]), np.random.default_rng(0)
    rows, total = case.batch * case.config.length, 0.0
    with blas.libraries().limit(limits=job["threads"], user_api="blas"):
        for inputs, outputs, count in case.weight_products():
            x, w, y = (
                rng.standard_normal(s).astype(np.float32) for s in ((rows, inputs), (inputs, outputs), (rows, outputs))
            )
            triple = ((x, w, y.copy()), (y, w.T, x.copy()), (x.T, y, w.copy()))
            for a, b, out in triple:
                total += count * statistics.median(times(partial(np.matmul, a, b, out=out), job["seconds"] / 12))
    return {"milliseconds": 1e3 * total, "memory_mb": memory()}


def breakdown(job: dict[str, Any]) -> dict[str, Any]:
    """Time every kernel of a step on one thread; what no kernel claims is Python's and NumPy's."""
    from model import kernels

    case = Case.from_dict(job["case"])
    spent: dict[str, float] = {}
    for name in kernels.__all__:
        kernel = getattr(kernels, name)
        if name in ("exp", "gemm", "on_disk"):
            continue

        def timed(*arguments: Any, kernel: Any = kernel, name: str = name) -> Any:
            start = time.perf_counter()
            result = kernel(*arguments)
            spent[name] = spent.get(name, 0.0) + time.perf_counter() - start
            return result

        setattr(kernels, name, timed)
    make = stepper("dual-modes", case, case.arrays(), 1)
    make()
    best: tuple[float, dict[str, float]] = (np.inf, {})
    for _ in range(5):
        spent.clear()
        start = time.perf_counter()
        make()
        best = min(best, (time.perf_counter() - start, dict(spent)), key=lambda found: found[0])
    total, parts = best
    rest = total - sum(parts.values())
    ordered = sorted(parts.items(), key=lambda part: -part[1])
    return {"milliseconds": {name: 1e3 * value for name, value in (*ordered, ("python and numpy", rest))}}


def predictors(job: dict[str, Any]) -> dict[str, Any]:
    """See `benchmarks.predictors`."""
    from benchmarks.predictors import measure

    return measure(job["tasks"], job["seconds"]) | {"memory_mb": memory()}


def large_predictor(job: dict[str, Any]) -> dict[str, Any]:
    """See `benchmarks.predictors.large`."""
    from benchmarks.predictors import LARGE, large

    return large(**LARGE) | {"memory_mb": memory()}


def bayes_risk(job: dict[str, Any]) -> dict[str, Any]:
    """See `benchmarks.bayes_risk`."""
    from benchmarks.bayes_risk import measure

    return measure(job["engine"], job["family"], job["seed"], job["limit"], job.get("steps"))


JOBS = {
    "bayes_risk": bayes_risk,
    "step": step,
    "peak": peak,
    "products": products,
    "breakdown": breakdown,
    "predictors": predictors,
    "large_predictor": large_predictor,
}


if __name__ == "__main__":
    work = json.loads(sys.argv[1])
    print(json.dumps(JOBS[work["job"]](work)))
