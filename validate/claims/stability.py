"""Is the state of a major a function of (task, current) where that of a minor is not?

    contrast = P0(majors) - P0(minors)        last site, last position

P0 is the held-out R2 of `statistics.effects` or `statistics.covariance`. Minors are taken in groups of as many as
there are majors, so that both R2 compare equally many tasks; their P0 is the mean over groups with the interval of
Student's t over groups. The contrast's interval adds the two half-widths in quadrature, the samples being independent.

Source: the paper, table of R2_cell of majors and minors.
"""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from theory import Mixture, Pool
from validate.capture.designs import capture_design
from validate.capture.sources import StateSource
from validate.claims.properties import Setting
from validate.statistics.intervals import LEVEL, UNDEFINED, Estimate, hull

GROUPS = 4
"""Groups of minors, as far as there are enough."""


def minor_groups(mixture: Mixture) -> list[Pool]:
    """Return the first groups of minors, none twice."""
    if mixture.minors is None:
        return []
    size = len(mixture.majors)
    tasks = mixture.minors.parameters
    starts = range(0, min(GROUPS, len(tasks) // size) * size, size)
    return [mixture.family.make_pool(tasks[start : start + size]) for start in starts]


def stability(source: StateSource, pool: Pool, setting: Setting, purpose: str, step: int = 0) -> dict[str, Estimate]:
    """Estimate P0 of a pool's tasks at the last position, by site."""
    rng, n = setting.stream(f"stability/{purpose}", step), setting.sizes.cell_sequences
    design = capture_design(source, setting.family, pool, (setting.n_positions - 1,), n, rng)
    draws = setting.stream("bootstrap/stability")
    return {site: states.estimate(draws, setting.sizes.replicates)["P0"] for site, states in design.items()}


def stabilities(source: StateSource, mixture: Mixture, setting: Setting) -> dict[str, dict[str, Estimate]]:
    """Estimate P0 of the majors and, over groups, of the minors, by site."""
    majors = stability(source, mixture.majors, setting, "majors")
    groups = [stability(source, pool, setting, "minors", index) for index, pool in enumerate(minor_groups(mixture))]
    return {site: {"majors": majors[site], "minors": over_groups([group[site] for group in groups])} for site in majors}


def over_groups(groups: Sequence[Estimate]) -> Estimate:
    """Return the mean over groups with the interval of Student's t; of one group, its own interval."""
    if len(groups) < 2:
        return hull(groups)
    values = np.array([group.value for group in groups])
    half = stats.t.ppf((1 + LEVEL) / 2, len(values) - 1) * stats.sem(values)
    return Estimate(float(values.mean()), float(values.mean() - half), float(values.mean() + half))


def contrast(majors: Estimate, minors: Estimate) -> Estimate:
    """Return the difference of two independent estimates."""
    value = majors.value - minors.value
    low = value - np.hypot(majors.value - majors.low, minors.high - minors.value)
    high = value + np.hypot(majors.high - majors.value, minors.value - minors.low)
    return Estimate(value, float(low), float(high))


def stability_contrast(source: StateSource, mixture: Mixture, setting: Setting) -> Estimate:
    """Estimate the contrast at the last site; undefined without enough minors for one group."""
    if not minor_groups(mixture):
        return UNDEFINED
    last = stabilities(source, mixture, setting)[source.sites[-1]]
    return contrast(last["majors"], last["minors"])
