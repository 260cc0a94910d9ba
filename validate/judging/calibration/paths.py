"""Worlds of planted Dyck paths: the rungs of the ladder whose states hold the prefix, or do not.

    prefix          what an exact Bayesian holds, beside which prefix was shown
    exact Bayes     the same without the prefix
    symbol counts   running frequencies of symbols

The states are fixed functions of what was read, with a little noise (`capture.rungs`); draws differ in the sequences.
True values are those of `N_TRUE` sequences a cell. A probe fitted on few sequences reads less than one fitted on many:
held-out R2 is low at small n, and bias says by how much.
"""

from collections.abc import Iterator
from functools import cache, partial

import numpy as np

from theory import Mixture, PlantedDyck, stream
from validate.capture.rungs import EXACT, RUNGS, FeatureFunction, FeatureSource, RandomSource
from validate.capture.sources import StateSource
from validate.claims.base import Observed, Statistics
from validate.claims.prefix import cells, question
from validate.claims.prefix.rungs import PREFIX_RUNGS
from validate.experiment.schema import Measurement
from validate.experiment.setting import Setting
from validate.judging.calibration.interpolating import REPLICATES
from validate.judging.calibration.rows import World

FAMILY, N_MAJORS, N_TRUE = PlantedDyck(pairs=4, background=2, density=0.4, length=24), 3, 1000

FEATURES: dict[str, FeatureFunction] = {EXACT: RUNGS[EXACT], **PREFIX_RUNGS}


def measured(seed: int, name: str | None, n: int, index: int, label: str) -> Statistics:
    """Put the questions of prefixes to a rung, None for noise, on n sequences a cell."""
    majors = FAMILY.sample_pool(stream(seed, "calibration/paths"), N_MAJORS)
    sizes = Measurement(
        cell_sequences=n, fresh_tasks=4, fresh_sequences=4, mode_sequences=4, untrained=2, replicates=REPLICATES
    )
    setting = Setting(f"{label} {seed}", FAMILY, majors, index, sizes)
    return _asked(_source(seed, name, Mixture(FAMILY, majors)), setting if n < N_TRUE else setting.without_intervals)


def _source(seed: int, name: str | None, mixture: Mixture) -> StateSource:
    def of_world(purpose: str) -> np.random.Generator:
        return stream(seed, f"calibration/paths/{name}/{purpose}")

    if name is None:
        return RandomSource(FAMILY, of_world)
    return FeatureSource(FAMILY, partial(FEATURES[name], mixture), of_world)


def _asked(source: StateSource, setting: Setting) -> Statistics:
    observed = Observed(source, setting, source.sites[-1])
    return question.at_site(observed) | cells.at_site(observed)


@cache
def truth(seed: int, name: str) -> dict[str, float]:
    """Return the values of many sequences."""
    return {key: e.value for key, e in measured(seed, name, N_TRUE, 0, f"calibration/{name}/many").items()}


def path_worlds(seed: int, n: int) -> Iterator[World]:
    """Yield worlds of n sequences a cell; what must not pass are states of noise."""
    null = measured(seed, None, n, 0, f"calibration/noise/{n}")
    for name in FEATURES:

        def measure(index: int, name: str = name) -> Statistics:
            return measured(seed, name, n, index, f"calibration/{name}/{n}")

        yield World(f"paths, {name}", n, truth(seed, name), measure, null)
