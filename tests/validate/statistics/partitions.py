"""Populations whose parts are known, for the analyses of variance and covariance."""

import numpy as np

from validate.statistics.parts import SHARES


def cells_of(rng, shape, task, current, interaction, width):
    """Return cell means (K, V, W) whose parts have exactly these sizes."""
    n_tasks, n_symbols = shape
    effects = rng.normal(size=(n_tasks, 1, width)), rng.normal(size=(1, n_symbols, width))
    both = rng.normal(size=(n_tasks, n_symbols, width))
    both = both - both.mean(axis=0) - both.mean(axis=1, keepdims=True) + both.mean(axis=(0, 1))
    parts = effects[0] - effects[0].mean(axis=0), effects[1] - effects[1].mean(axis=1), both
    return sum(
        part * np.sqrt(size / np.square(part).sum(axis=-1).mean())
        for part, size in zip(parts, (task, current, interaction), strict=True)
    )


def noise_of(rng, shape, width, within, directions=None):
    """Return noise of a mean square `within`, most of it in a few directions if asked."""
    scale = np.full(width, 1.0)
    if directions is not None:
        scale[directions:] = 0.05
    return rng.normal(size=(*shape, width)) * scale * np.sqrt(within / np.square(scale).sum())


def true_shares(*parts):
    """Return the shares of a population from the sizes of task, current, interaction and within."""
    sizes = np.array(parts)
    return {name: (above @ sizes) / (below @ sizes) for name, (above, below) in weights().items()}


def weights():
    return {name: share.weights for name, share in SHARES.items()}
