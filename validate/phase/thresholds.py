"""The measured threshold: the diversity at which a network changes from the first pole to the second.

At one step, the phase log10 KL(first || network) / KL(second || network) over log2 N, in order (`theory.thresholds`),
crosses 0 once or not at all. If not, the threshold lies below or above the grid, and the end of the grid stands for it:
such a seed is counted as *censored*. Over seeds: the mean with the interval of Student's t.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby

import numpy as np

from theory.thresholds import crossing
from validate.phase.found import ColumnResult
from validate.phase.results import Threshold
from validate.statistics.intervals import Estimate, over_seeds


def group_key(column: ColumnResult) -> tuple[str, str, str]:
    """Return what the columns of one map have in common."""
    return column.family, column.mixture, column.variant


def grids(columns: Iterable[ColumnResult]) -> list[list[ColumnResult]]:
    """Return the columns of each family, mixture and variant, by seed and diversity."""
    ordered = sorted(columns, key=lambda column: (*group_key(column), column.seed, column.diversity))
    return [list(part) for _, part in groupby(ordered, key=group_key)]


def seeds_of(grid: Sequence[ColumnResult]) -> dict[int, list[ColumnResult]]:
    """Return the columns of one grid by seed, in ascending diversity."""
    return {seed: list(part) for seed, part in groupby(grid, key=lambda column: column.seed)}


def phase_row(columns: Sequence[ColumnResult], population: str, index: int) -> np.ndarray:
    """Return the phase at one look, by diversity."""
    return np.array([column.looks[index].phase[population] for column in columns])


def threshold_at(columns: Sequence[ColumnResult], population: str, index: int) -> tuple[float, str]:
    """Return log2 of the threshold of one seed at one look, and whether it is censored."""
    diversities = [column.diversity for column in columns]
    found = crossing(diversities, phase_row(columns, population, index))
    if np.isfinite(found):
        return found, ""
    return float(np.log2(diversities[0 if found < 0 else -1])), "below" if found < 0 else "above"


def thresholds(columns: Iterable[ColumnResult]) -> list[Threshold]:
    """Return the thresholds at the end of training, of every map and population."""
    rows = []
    for grid in grids(columns):
        for population in grid[0].looks[-1].phase:
            found = [threshold_at(own, population, -1) for own in seeds_of(grid).values()]
            values = [value for value, _ in found]
            rows.append(
                Threshold(
                    family=grid[0].family,
                    mixture=grid[0].mixture,
                    variant=grid[0].variant,
                    population=population,
                    seeds=values,
                    censored=[how for _, how in found],
                    estimate=over_seeds([Estimate.of_value(value) for value in values]),
                )
            )
    return rows
