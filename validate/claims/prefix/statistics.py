"""The statistics of prefixes at one position and site, with their intervals."""

import numpy as np
from jaxtyping import Float

from model.blas import libraries
from validate.claims.prefix.probe import probe, regression
from validate.claims.prefix.sample import PrefixSample, Rows, States, dummies
from validate.claims.prefix.within import Within
from validate.experiment.setting import Setting
from validate.statistics.effects import cell_parts
from validate.statistics.intervals import Estimate, Statistic, bootstrap, explained_share, ratio
from validate.statistics.parts import Share

N_FITS = 20
"""Resampled fits over which intervals run."""


def _first_share(moments: Float[np.ndarray, "R 2"]) -> Float[np.ndarray, " R"]:
    return ratio(moments[..., 0], moments[..., 1])


RESIDUALS: dict[str, Share] = {
    "Dyck residual": Share(("within",), ("task", "current", "interaction")),
    "Dyck residual*": Share(("within",), ("task", "interaction")),
}
"""The statistics of the two-way analysis of variance; prefixes play no part in them."""

SHARES_OF_PREFIX = ("Dyck residual given prefix", "prefix effect")
"""Variance within prefixes as a share of all, and by how much it is less than within cells, as a share of what the
symbol leaves."""

READ: dict[str, Statistic] = {
    "prefix R2": explained_share,
    "prefix R2 beyond task": explained_share,
    "prefix R2 beyond counts": explained_share,
    "prefix accuracy": _first_share,
    "prefix accuracy of cells": _first_share,
}
"""What can be read, as functions of the sequences' mean moments. The last is the accuracy of task and symbol alone."""

PREFIX_STATISTICS = (*SHARES_OF_PREFIX, *READ)
"""Statistics in which prefixes play a part."""


def prefix_moments(
    states: States, sample: PrefixSample, resample: np.random.Generator | None = None
) -> dict[str, Float[np.ndarray, "N 2"]]:
    """Return each sequence's held-out moments by statistic of `READ`.

    With `resample`, the rows fitted on are drawn again with replacement, each half of a cell by itself.
    """
    moments = {name: np.empty((len(states), 2)) for name in READ}
    for fit, test in (sample.halves, sample.halves[::-1]):
        if resample is not None:
            parts = fit.reshape(-1, sample.n // 2)
            fit = np.take_along_axis(parts, resample.integers(parts.shape[1], size=parts.shape), axis=1).ravel()
        with libraries().limit(limits=1, user_api="blas"):  # small matrices: threads would wait for each other
            scores = _scores(states, sample, fit)
        for name, pair in scores.items():
            moments[name][test] = np.stack(pair, axis=-1)[test]
    return moments


def _scores(states: States, sample: PrefixSample, fit: Rows) -> dict[str, tuple[np.ndarray, ...]]:
    """Return the two moments of every sequence, the rows `fit` fitted on."""
    ones, cells = np.ones((len(states), 1)), dummies(sample.cells)
    steps, prefixes = sample.steps[:, None].astype(np.float64), dummies(sample.prefixes)

    def squares(target: np.ndarray, *predictions: np.ndarray) -> tuple[np.ndarray, ...]:
        return tuple(np.square(target - prediction).sum(axis=1) for prediction in predictions)

    def hits(scores: np.ndarray) -> tuple[np.ndarray, ...]:
        return scores.argmax(axis=1) == prefixes.argmax(axis=1), ones[:, 0]

    beyond_counts = np.hstack([cells, sample.counts])
    return {
        "prefix R2": squares(steps, *probe(states, steps, ones, fit)),
        "prefix R2 beyond task": squares(steps, *probe(states, steps, cells, fit)),
        "prefix R2 beyond counts": squares(prefixes, *probe(states, prefixes, beyond_counts, fit)),
        "prefix accuracy": hits(probe(states, prefixes, ones, fit)[0]),
        "prefix accuracy of cells": hits(regression(cells, prefixes, fit)),
    }


def residual_estimates(states: States, sample: PrefixSample, setting: Setting) -> dict[str, Estimate]:
    """Estimate the statistics in which prefixes play no part; intervals are over the sequences of each cell."""
    return cell_parts(sample.grid(states), intervals=setting.sizes.replicates > 0).shares(RESIDUALS)


def shares_of_prefix(states: States, sample: PrefixSample, setting: Setting) -> dict[str, Estimate]:
    """Estimate what variation prefixes leave, and explain; intervals are over the sequences of each cell."""
    cells = sample.cells
    by_prefix = cells * (2 * sample.family.pairs + 1) + sample.steps
    grouped = (np.zeros_like(cells), sample.symbols, cells, by_prefix)
    grand, symbol, cell, prefix = (Within.of(states, groups) for groups in grouped)
    interval = setting.sizes.replicates > 0
    return {
        "Dyck residual given prefix": prefix.share_of(grand, cells, interval),
        "prefix effect": (cell - prefix).share_of(symbol, cells, interval),
    }


def read_estimates(states: States, sample: PrefixSample, setting: Setting) -> dict[str, Estimate]:
    """Estimate what can be read; intervals are over the sequences fitted on and those scored."""
    own, rng, n = prefix_moments(states, sample), setting.stream("prefix/bootstrap"), setting.sizes.replicates
    fits = [prefix_moments(states, sample, again) for again in setting.streams("prefix/fits", N_FITS)]
    return {
        name: bootstrap(own[name], statistic, rng, n, np.stack([fit[name] for fit in fits]) if fits else None)
        for name, statistic in READ.items()
    }


def prefix_estimates(states: States, sample: PrefixSample, setting: Setting) -> dict[str, Estimate]:
    """Estimate the statistics in which prefixes play a part."""
    return shares_of_prefix(states, sample, setting) | read_estimates(states, sample, setting)


def estimates(states: States, sample: PrefixSample, setting: Setting) -> dict[str, Estimate]:
    """Estimate every statistic of states of a sample; shares are of squares, R2 is at most 1 and may be negative."""
    return residual_estimates(states, sample, setting) | prefix_estimates(states, sample, setting)
