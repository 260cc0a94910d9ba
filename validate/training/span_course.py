"""R2_OOD while a network trains: where states of fresh tasks go, by layer.

The statistic is that of `statistics.subspace` for single sequences, with task vectors estimated anew at each step, on a
few sequences drawn once; it is for a figure and judges nothing. To look costs as much as some steps of training, so it
is done at few records: number 0, 1, 2, 3, 4, 6, 8, 11, 16, ..., the powers of the square root of 2, and the last.
"""

import numpy as np

from model import Transformer
from theory import Mixture
from validate.capture.labelled import capture_labelled
from validate.capture.sources import NetworkSource
from validate.experiment.schema import Measurement
from validate.experiment.setting import Setting
from validate.statistics.subspace import share_inside, span_basis, subspace_moments

MOST_MAJORS = 16
"""Of a pool of more tasks the span is not followed: it would be most of the space, and dear."""

CELL_SEQUENCES, FRESH_TASKS, FRESH_SEQUENCES = 8, 64, 4
"""Sequences of a cell, fresh tasks, and sequences of each, at most."""


def is_looked_at(record: int) -> bool:
    """Tell whether the record of this number, from 0 on, is one of those looked at."""
    return record == 0 or record in {round(2 ** (power / 2)) for power in range(2 * record.bit_length() + 1)}


class SpanCourse:
    """The sequences on which R2_OOD is followed; call it with a network.

    Parameters
    ----------
    sizes : Measurement
        Sample sizes that are not exceeded.
    """

    def __init__(self, mixture: Mixture, seed: int, sizes: Measurement) -> None:
        few = {
            "cell_sequences": min(sizes.cell_sequences, CELL_SEQUENCES),
            "fresh_tasks": min(sizes.fresh_tasks, FRESH_TASKS),
            "fresh_sequences": min(sizes.fresh_sequences, FRESH_SEQUENCES),
        }
        label, sizes = f"{mixture.family.name}/evaluation", sizes.model_copy(update=few)
        self._setting = Setting(label, mixture.family, mixture.majors, seed, sizes)

    def __call__(self, network: Transformer) -> dict[str, float]:
        """Return R2_OOD by site; nan where states are not finite."""
        return {site: share for site, (share, _) in self.shares(network).items()}

    def shares(self, network: Transformer) -> dict[str, tuple[float, float]]:
        """Return R2_OOD and R2_OOD* by site, of the latter states less the vector nu of what is current."""
        setting = self._setting
        source = NetworkSource(network, setting.family)
        n_each, rng = setting.sizes.cell_sequences, setting.stream("balanced")
        labelled = capture_labelled(source, setting.family, setting.majors, setting.late, n_each, rng)
        majors, fresh = (source.states(batch, last=True) for batch in (setting.fit, setting.fresh))
        here = [setting.current(batch)[:, -1:] for batch in (setting.fit, setting.fresh)]
        found = {}
        for site in source.sites:
            effects = labelled[site].main_effects()
            if not (np.isfinite(effects.task).all() and np.isfinite(fresh[site]).all()):
                found[site] = float("nan"), float("nan")
                continue
            basis = span_basis(effects.task)
            bare = [part[site] - current @ effects.current for part, current in zip((majors, fresh), here, strict=True)]
            found[site] = _share(majors[site], fresh[site], basis), _share(bare[0], bare[1], basis)
        return found


def _share(majors: np.ndarray, fresh: np.ndarray, basis: np.ndarray) -> float:
    moments = subspace_moments(fresh, majors.mean(axis=(0, 1)), basis)
    return share_inside(moments.mean(axis=0, keepdims=True)).item()
