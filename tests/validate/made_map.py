"""Columns of a map whose networks are mixes of known weight."""

import numpy as np

from validate.phase.found import ColumnResult, Look, Mix, Poles
from validate.phase.looks import GRID

DIVERSITIES = [2**power for power in range(9)]
STEPS = [10 * 2**power for power in range(9)]
TOLD, TARGETS = 4.0, 100
EXCESS = 0.02 / np.sqrt(DIVERSITIES)


def made(weight, seed, noise=0.01, loss=None, variant="base"):
    """A column for each diversity whose network is a mix of known weight (step, N), plus an error of its own."""
    columns = []
    for n, diversity in enumerate(DIVERSITIES):
        looks = []
        for s, step in enumerate(STEPS):
            w = float(weight[s, n])
            grid = [noise + (g - w) ** 2 for g in GRID]
            mix = Mix(weight=w, distance=noise, grid=grid, variation=grid, relative=1 - w)
            fresh = 1.0 if loss is None else float(loss[s, n])
            looks.append(
                Look(
                    step=step,
                    skill=0.9,
                    phase={"training": w - 0.5, "fresh": w - 0.5},
                    distance={},
                    loss={"fresh": fresh},
                    fresh_halves=[fresh, fresh],
                    mix={"training": mix, "fresh": mix},
                    inside={},
                    inside_starred={},
                )
            )
        poles = {
            name: Poles(loss={"M1": 2.0, "M2": 1.0}, apart=float(EXCESS[n]), symmetrised=1.0, relative=list(1 - GRID))
            for name in ("training", "fresh")
        }
        columns.append(
            ColumnResult(
                family="dice",
                mixture="minors",
                variant=variant,
                diversity=diversity,
                seed=seed,
                parameters=1000,
                targets=TARGETS,
                poles=poles,
                looks=looks,
                training_seconds=1.0,
                looking_seconds=1.0,
            )
        )
    return columns
