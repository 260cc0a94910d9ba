"""How long a training step of a network's shape takes on this machine: a few real steps are timed.

One step warms up, and compiles if nothing is compiled yet; then as large a part of the batch as the budget allows is
timed, and the time taken as proportional to it.
"""

from itertools import pairwise
from statistics import median

from model import TrainingConfig, Transformer, train
from validate.experiment.network_plan import NetworkPlan

FIRST_BATCH = 4
"""Sequences of the first step that is timed."""

FEWEST, MOST = 3, 20
"""Steps whose median is taken: the more, the cheaper a step."""


def seconds_per_step(plan: NetworkPlan, budget: float) -> float:
    """Measure one training step of a network's shape.

    Parameters
    ----------
    budget : float
        Seconds the timed steps may take; the step that warms up comes on top.
    """
    network, family, batch = (
        Transformer(plan.config, threads=1),
        plan.mixture.family,
        plan.seed_plan.plan.training.batch,
    )

    def timed(n_sequences: int, n_steps: int) -> float:
        settings = TrainingConfig(steps=1 + n_steps, peak_rate=1e-6, record_every=1)
        records = train(network, lambda step: family.encode(plan.batch(step, n_sequences)), settings).records
        return median(after.seconds - before.seconds for before, after in pairwise(records))

    first = min(FIRST_BATCH, batch)
    seconds = timed(first, 1)
    size = min(batch, int(first * budget / (FEWEST + 1) / seconds))
    if size <= first:
        return seconds * batch / first
    n_steps = int(budget / (seconds * size / first)) - 1
    return timed(size, min(max(n_steps, FEWEST), MOST)) * batch / size
