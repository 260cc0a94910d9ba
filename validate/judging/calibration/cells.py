"""Worlds of labelled states: parts of the variation of exactly known sizes, in cells and in slopes.

    quiet       hardly any noise: P0 to P1* hold
    noisy       as much noise as effect, most of it in three directions: P0 and P0* fail, P1 and P1* hold
    just off    every share misses its tolerance by a little: what must not be supported
    interacting a third of the task's effect depends on what is current

The last world is of groups of tasks: majors whose states hold task and current, and minors that differ in how far
theirs do.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from theory import stream
from validate.capture.labelled import CellStates, SlopeStates
from validate.claims.base import Statistics
from validate.claims.stability import GROUPS, contrast
from validate.judging.calibration.rows import World
from validate.statistics.intervals import Estimate, over_seeds
from validate.statistics.parts import SHARES

N_TASKS, N_SYMBOLS, N_FEATURES, WIDTH = 3, 6, 2, 16

SIZES: dict[str, tuple[float, float, float, float]] = {
    "quiet": (1.0, 3.0, 0.0, 0.02),
    "noisy": (1.0, 3.0, 0.0, 1.0),
    "just off": (1.0, 0.001, 0.0215, 0.057),
    "interacting": (1.0, 3.0, 0.33, 0.2),
}
"""Sizes of task, current, interaction and within."""

FEW = {"noisy": 3}
"""Directions that hold most of the noise, where it is not spread evenly."""


def true_shares(sizes: tuple[float, float, float, float]) -> dict[str, float]:
    """Return the shares of a population from the sizes of its parts."""
    found = {}
    for name, share in SHARES.items():
        above, below = share.weights
        found[name] = float((above @ np.array(sizes)) / (below @ np.array(sizes)))
    return found


def cells_of(
    rng: np.random.Generator, shape: tuple[int, int], sizes: tuple[float, float, float], width: int = WIDTH
) -> Float[np.ndarray, "K V W"]:
    """Return cell means whose task, current and interaction have exactly these sizes."""
    n_tasks, n_symbols = shape
    task, symbol = rng.standard_normal((n_tasks, 1, width)), rng.standard_normal((1, n_symbols, width))
    both = rng.standard_normal((n_tasks, n_symbols, width))
    both = both - both.mean(axis=0) - both.mean(axis=1, keepdims=True) + both.mean(axis=(0, 1))
    parts = task - task.mean(axis=0), symbol - symbol.mean(axis=1), both
    scaled = [
        part * np.sqrt(size / np.square(part).sum(axis=-1).mean()) for part, size in zip(parts, sizes, strict=True)
    ]
    return scaled[0] + scaled[1] + scaled[2]


def slopes_of(
    rng: np.random.Generator, shape: tuple[int, int], sizes: tuple[float, float, float], width: int = WIDTH
) -> tuple[Float[np.ndarray, "K 1 W"], Float[np.ndarray, "K F W"]]:
    """Return intercepts and slopes by task, on standard normal covariates, whose parts have exactly these sizes."""
    n_tasks, n_features = shape
    intercepts = rng.standard_normal((n_tasks, 1, width))
    common, own = rng.standard_normal((n_features, width)), rng.standard_normal((n_tasks, n_features, width))
    intercepts, own = intercepts - intercepts.mean(axis=0), own - own.mean(axis=0)
    squares = [np.square(part).sum() for part in (intercepts, common, own)]
    scale = np.sqrt(np.array(sizes) * (n_tasks, 1, n_tasks) / squares)
    return scale[0] * intercepts, scale[1] * common + scale[2] * own


def noise_of(
    rng: np.random.Generator, shape: tuple[int, ...], within: float, width: int = WIDTH, directions: int | None = None
) -> Float[np.ndarray, "*shape W"]:
    """Return noise of a mean square `within`, nearly all of it in a few directions if asked."""
    scale = np.ones(width)
    scale[directions if directions is not None else width :] = 0.05
    return rng.standard_normal((*shape, width)) * scale * np.sqrt(within / np.square(scale).sum())


def cell_worlds(seed: int, n: int) -> Iterator[World]:
    """Yield worlds of balanced cells with n sequences each."""
    shape = (N_TASKS, N_SYMBOLS)
    noise = noise_of(stream(seed, "calibration/no effect", n), (*shape, n), 1.0)
    null = CellStates(noise[None]).estimate()
    for name, sizes in SIZES.items():
        means = cells_of(stream(seed, f"calibration/cells/{name}"), shape, sizes[:3])[:, :, None]

        def measure(index: int, name: str = name, means: np.ndarray = means, within: float = sizes[3]) -> Statistics:
            rng = stream(seed, f"calibration/cells/{name}/{n}", index)
            states = means + noise_of(rng, (*shape, n), within, directions=FEW.get(name))
            return CellStates(states[None]).estimate()

        yield World(f"cells, {name}", n, true_shares(sizes), measure, null)


def slope_worlds(seed: int, n: int) -> Iterator[World]:
    """Yield worlds of tasks with slopes, n sequences a task for each covariate and the intercept."""
    size = (N_TASKS, n * (N_FEATURES + 1))

    def drawn(rng: np.random.Generator, sizes: tuple[float, float, float, float], few: int | None) -> Statistics:
        intercepts, slopes = slopes_of(stream(seed, "calibration/slopes"), (N_TASKS, N_FEATURES), sizes[:3])
        current = rng.standard_normal((*size, N_FEATURES))
        states = intercepts + current @ slopes + noise_of(rng, size, sizes[3], directions=few)
        return SlopeStates(states[None], current[None]).estimate()

    null = drawn(stream(seed, "calibration/no slopes", n), (0.0, 0.0, 0.0, 1.0), None)
    for name, sizes in SIZES.items():

        def measure(index: int, name: str = name, sizes: tuple[float, float, float, float] = sizes) -> Statistics:
            return drawn(stream(seed, f"calibration/slopes/{name}/{n}", index), sizes, FEW.get(name))

        yield World(f"slopes, {name}", n, true_shares(sizes), measure, null)


def group_worlds(seed: int, n: int) -> Iterator[World]:
    """Yield worlds of majors beside groups of minors, whose noise is another in each group."""
    shape, (task, current, interaction, within) = (N_TASKS, N_SYMBOLS), SIZES["quiet"]
    for name, levels in {"as stable": (within, within), "less stable": (0.1, 0.3)}.items():

        def estimate(rng: np.random.Generator, level: float) -> Estimate:
            means = cells_of(rng, shape, (task, current, interaction))[:, :, None]
            return CellStates((means + noise_of(rng, (*shape, n), level))[None]).estimate()["P0"]

        def measure(index: int, name: str = name, levels: tuple[float, float] = levels) -> Statistics:
            rng = stream(seed, f"calibration/groups/{name}/{n}", index)
            minors = [estimate(rng, rng.uniform(*levels)) for _ in range(GROUPS)]
            return {"P0 contrast": contrast(estimate(rng, within), over_seeds(minors))}

        grid = np.linspace(*levels, 1001)
        shares = [true_shares((task, current, interaction, level))["P0"] for level in grid]
        majors = true_shares(SIZES["quiet"])["P0"]
        equal = levels[0] == levels[1]
        yield World(f"groups, {name}", n, {"P0 contrast": 0.0 if equal else majors - float(np.mean(shares))}, measure)
