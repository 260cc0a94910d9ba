"""The table of calibration: every kind of world at every size, drawn as often as asked."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from validate.judging.calibration.cells import cell_worlds, group_worlds, slope_worlds
from validate.judging.calibration.interpolating import interpolating_worlds
from validate.judging.calibration.networks import network_worlds
from validate.judging.calibration.paths import path_worlds
from validate.judging.calibration.predictions import prediction_worlds
from validate.judging.calibration.rows import Calibration, World, rows_of
from validate.judging.calibration.subspaces import subspace_worlds

SIZES = (24, 64, 128)
"""Sequences of a cell; fresh tasks; sequences of a population."""

KINDS: Mapping[str, Callable[[int, int], Iterator[World]]] = {
    "cells": cell_worlds,
    "slopes": slope_worlds,
    "groups": group_worlds,
    "states": interpolating_worlds,
    "subspaces": subspace_worlds,
    "predictions": prediction_worlds,
    "networks": network_worlds,
    "paths": path_worlds,
}
"""Each maps (seed, n) to worlds."""

FEW, CHEAP = 20, ("cells", "slopes")
"""Draws and kinds of worlds of a small table, which takes a few seconds."""


def calibrate(
    seed: int,
    worlds: int,
    sizes: Sequence[int] = SIZES,
    kinds: Sequence[str] = tuple(KINDS),
    tell: Callable[[str], None] = lambda text: None,
) -> Calibration:
    """Draw every world so often, and score each statistic that is judged.

    Parameters
    ----------
    seed : int
        Of the populations and all that is drawn from them.
    worlds : int
        Draws of each world.
    sizes : sequence of int
    kinds : sequence of str
        Keys of `KINDS`.
    tell : callable
        Is told the name and size of each world before it is drawn.
    """
    rows = []
    for kind in kinds:
        for n in sizes:
            for world in KINDS[kind](seed, n):
                tell(f"{world.name}, n = {n}")
                rows += rows_of(world, [world.drawn(index) for index in range(worlds)])
    return Calibration(seed=seed, worlds=worlds, rows=rows)


def small_calibration(seed: int = 1000) -> Calibration:
    """Return the table of the cheap worlds at the smallest and largest size, with few draws."""
    return calibrate(seed, FEW, sizes=(SIZES[0], SIZES[-1]), kinds=CHEAP)
