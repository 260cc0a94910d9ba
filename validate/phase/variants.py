"""What a variant of the training distribution changes: its networks beside those of the base, seed by seed.

At the last look, of each seed the mean over the diversities that all variants have, and over seeds the mean with the
interval of Student's t:

    skill             of the training mixture
    second pole       weight of the second pole in the nearest mix on fresh tasks
    R2_OOD*           of the middle site, where it is measured
    OOD loss          on fresh tasks beyond the second pole's, nats

and the same of variant - base, a difference within each seed. A seed of an axis has the base's random streams, so what
an axis leaves alone is the same in both.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy import nan

from validate.phase.experiment import BASE, POLES, Kind
from validate.phase.found import ColumnResult, Look
from validate.phase.thresholds import grids, seeds_of
from validate.statistics.intervals import Estimate, over_seeds


def _beyond_second(column: ColumnResult, look: Look) -> float:
    second = POLES[column.mixture][1]
    return look.loss["fresh"] - column.poles["fresh"].loss[second]


def _inside(_: ColumnResult, look: Look) -> float:
    return look.inside_starred[look.middle_site] if look.inside_starred else nan


MEASURES: Mapping[str, Callable[[ColumnResult, Look], float]] = {
    "skill": lambda _, look: look.skill,
    "second pole, fresh tasks": lambda _, look: look.mix["fresh"].weight,
    "R²_OOD*": _inside,
    "OOD loss beyond second pole, nats": _beyond_second,
}
"""By name, a number of a column at a look."""


@dataclass(frozen=True)
class Variant:
    """One variant: its numbers, and what differs from the base, by name of the measure."""

    name: str
    values: dict[str, Estimate]
    differences: dict[str, Estimate]


def by_seed(columns: Sequence[ColumnResult], diversities: set[int]) -> dict[int, dict[str, float]]:
    """Return the measures of each seed at the end, means over some diversities."""
    shared = [column for column in columns if column.diversity in diversities]
    return {
        seed: {name: float(np.mean([measure(c, c.looks[-1]) for c in own])) for name, measure in MEASURES.items()}
        for seed, own in seeds_of(shared).items()
    }


def variants(columns: Iterable[ColumnResult]) -> dict[tuple[str, Kind], list[Variant]]:
    """Return the variants of each family and mixture that has more than its base, the base first."""
    groups: dict[tuple[str, Kind], dict[str, list[ColumnResult]]] = {}
    for grid in grids(columns):
        groups.setdefault((grid[0].family, grid[0].mixture), {})[grid[0].variant] = grid
    return {key: _of_group(group) for key, group in groups.items() if len(group) > 1 and BASE in group}


def _of_group(group: Mapping[str, list[ColumnResult]]) -> list[Variant]:
    shared = set.intersection(*({column.diversity for column in grid} for grid in group.values()))
    found = {name: by_seed(grid, shared) for name, grid in group.items()}
    base = found.pop(BASE)
    rows = [Variant(BASE, _over(list(base.values())), {})]
    for name, seeds in sorted(found.items()):
        pairs = [(own, base[seed]) for seed, own in seeds.items() if seed in base]
        change = [{key: own[key] - other[key] for key in MEASURES} for own, other in pairs]
        rows.append(Variant(name, _over(list(seeds.values())), _over(change)))
    return rows


def _over(seeds: Sequence[Mapping[str, float]]) -> dict[str, Estimate]:
    def one(name: str) -> Estimate:
        # One seed has a value and no interval.
        values = [Estimate(own[name], nan, nan) for own in seeds if np.isfinite(own[name])]
        return over_seeds(values)

    return {name: one(name) for name in MEASURES}
