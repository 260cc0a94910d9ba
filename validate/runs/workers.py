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
from validate.capture.sources import NetworkSource
from validate.experiment.schema import Experiment, network_config
from validate.experiment.seed_plan import SeedPlan
from validate.judging.examination import Subjects, examine
from validate.judging.results import Examination
from validate.runs.kept import kept, kept_path, measurement_key
from validate.training.networks import untrained_networks

WORKERS = 2
"""Processes that measure; each holds the states of one seed."""

Buffers = Mapping[str, np.ndarray]


def subjects_of(seed_plan: SeedPlan, networks: Mapping[str, Transformer]) -> Subjects:
    """Return trained networks beside untrained ones of the same shape."""
    family = seed_plan.family
    trained = {design: NetworkSource(network, family) for design, network in networks.items()}
    return Subjects(seed_plan, trained, [NetworkSource(network, family) for network in untrained_networks(seed_plan)])


def measure_seed(experiment: Experiment, family: str, seed: int, buffers: Buffers, folder: Path) -> Examination:
    """Measure one seed from the trained parameters by design, or take what was measured before."""
    seed_plan = SeedPlan.of(experiment, family, seed)
    networks = {}
    for design, buffer in buffers.items():
        networks[design] = Transformer(network_config(seed_plan.family, seed_plan.plan.network), seed=seed)
        networks[design].buffer[:] = buffer
    path, key = kept_path(folder, seed_plan), measurement_key(seed_plan, networks)
    with threadpool_limits(1, user_api="blas"):
        return kept(path, key, lambda: examine(subjects_of(seed_plan, networks)))


def measure_seeds(
    experiment: Experiment, seed_plans: Sequence[SeedPlan], buffers: Sequence[Buffers], folder: Path
) -> Iterator[Examination]:
    """Measure seeds, as many at a time as there are workers, and yield them in their order."""
    pairs = zip(seed_plans, buffers, strict=True)
    tasks = [(experiment, plan.family.name, plan.seed, own, folder) for plan, own in pairs]
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
