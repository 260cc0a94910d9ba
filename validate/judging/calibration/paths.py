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

from theory import Mixture, PlantedDyck, Pool, stream
from validate.capture.rungs import EXACT, RUNGS, FeatureFunction, FeatureSource, RandomSource
from validate.capture.sources import StateSource
from validate.claims.base import Observed, Statistics
from validate.claims.prefix import cells, question
from validate.claims.prefix.rungs import PREFIX_RUNGS
from validate.experiment.setting import Setting
from validate.judging.calibration.interpolating import sizes_of_cells
from validate.judging.calibration.rows import World, values_of

FAMILY, N_MAJORS, N_TRUE = PlantedDyck(pairs=4, background=2, density=0.4, length=24), 3, 1000

FEATURES: dict[str, FeatureFunction] = {EXACT: RUNGS[EXACT], **PREFIX_RUNGS}


def setting_of(seed: int, n: int, index: int, label: str) -> Setting:
    """Return the setting of a draw: the same majors, other sequences, n of each cell."""
    majors = FAMILY.sample_pool(stream(seed, "calibration/paths"), N_MAJORS)
    return Setting(f"{label} {seed}", FAMILY, majors, index, sizes_of_cells(n))


def source_of(seed: int, name: str | None, majors: Pool) -> StateSource:
    """Return a rung, None for noise."""

    def of_world(purpose: str) -> np.random.Generator:
        return stream(seed, f"calibration/paths/{name}/{purpose}")

    if name is None:
        return RandomSource(FAMILY, of_world)
    return FeatureSource(FAMILY, partial(FEATURES[name], Mixture(FAMILY, majors)), of_world)


def asked(seed: int, name: str | None, setting: Setting) -> Statistics:
    """Put the questions of prefixes to a rung, None for noise."""
    source = source_of(seed, name, setting.majors)
    observed = Observed(source, setting, source.sites[-1])
    return question.at_site(observed) | cells.at_site(observed)


@cache
def truth(seed: int, name: str) -> dict[str, float]:
    """Return the values of many sequences."""
    return values_of(asked(seed, name, setting_of(seed, N_TRUE, 0, f"calibration/{name}/many").without_intervals))


def path_worlds(seed: int, n: int) -> Iterator[World]:
    """Yield worlds of n sequences a cell; what must not pass are states of noise."""
    null = asked(seed, None, setting_of(seed, n, 0, f"calibration/noise/{n}"))
    for name in FEATURES:

        def measure(index: int, name: str = name) -> Statistics:
            return asked(seed, name, setting_of(seed, n, index, f"calibration/{name}/{n}"))

        yield World(f"paths, {name}", n, truth(seed, name), measure, null)
