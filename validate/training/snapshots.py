"""A network at several steps of its training: what a map over training steps is measured on, now or later.

Snapshots are parameters alone, a file a step. Whatever is thought of after a network was trained can be measured on
them without training it again.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from model import Checkpoint, Transformer, load_checkpoint, save_checkpoint
from validate.experiment.network_plan import NetworkPlan

FIRST = 8
"""Updates before the first of the steps spaced in log: before it nothing has been learned."""


def spaced_steps(steps: int, count: int) -> tuple[int, ...]:
    """Return about `count` different numbers of updates from `FIRST` to `steps`, evenly spaced in log."""
    return tuple(int(step) for step in np.unique(np.geomspace(min(FIRST, steps), steps, count).round().astype(int)))


def snapshot_path(plan: NetworkPlan, folder: Path, step: int) -> Path:
    """Return where a network is kept as it was after so many updates."""
    return folder / "snapshots" / plan.file_name / f"{step}.safetensors"


class Snapshots:
    """Keeps a network that trains at some numbers of updates.

    Parameters
    ----------
    steps : iterable of int
        Numbers of updates.
    """

    def __init__(self, plan: NetworkPlan, folder: Path, steps: Iterable[int]) -> None:
        self._plan, self._folder, self._steps = plan, folder, frozenset(steps)

    def keep(self, network: Transformer, step: int) -> None:
        """Keep the network if it is wanted at this number of updates."""
        if step not in self._steps:
            return
        path = snapshot_path(self._plan, self._folder, step)
        path.parent.mkdir(parents=True, exist_ok=True)
        save_checkpoint(path, Checkpoint(network.config, network.buffer, network.backend, step))


def load_snapshot(plan: NetworkPlan, folder: Path, step: int) -> Transformer:
    """Return a network as it was after so many updates."""
    return load_checkpoint(snapshot_path(plan, folder, step)).model(threads=1)
