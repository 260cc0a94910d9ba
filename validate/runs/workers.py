"""Seeds are measured side by side, each in a process of its own with one BLAS thread.

The statistics are many small products, which threads would only slow down. One BLAS thread also makes the numbers the
same however many processes there are.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from model import Transformer
from validate.experiment.schema import Experiment, network_config
from validate.experiment.seed_plan import SeedPlan
from validate.judging.examination import Examination, examine
from validate.runs.kept import kept

WORKERS = 2
"""Processes that measure; each holds the states of one seed."""

Buffers = Mapping[str, np.ndarray]


def measure_seed(experiment: Experiment, kind: str, seed: int, buffers: Buffers, folder: Path) -> Examination:
    """Measure one seed from the trained parameters by design, or take what was measured before."""
    part = SeedPlan.of(experiment, kind, seed)
    networks = {}
    for design, buffer in buffers.items():
        networks[design] = Transformer(network_config(part.family, part.plan.network), seed=seed)
        networks[design].buffer[:] = buffer
    with threadpool_limits(1, user_api="blas"):
        return kept(folder, part, networks, lambda: examine(part, networks))


def measure_seeds(
    experiment: Experiment, parts: Sequence[SeedPlan], buffers: Sequence[Buffers], folder: Path
) -> Iterator[Examination]:
    """Measure seeds, as many at a time as there are workers, and yield them in their order."""
    tasks = [(experiment, p.kind, p.seed, own, folder) for p, own in zip(parts, buffers, strict=True)]
    if len(tasks) == 1:
        yield measure_seed(*tasks[0])
        return
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(measure_seed, *task) for task in tasks]
        try:
            for future in futures:
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)
