"""Tokens per second of the exact predictors, and of the loop over sequences, positions and tasks they stand for.

`large` is the case whose weights alone would take 6 GiB, and whose mean is predicted a few sequences at a time.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from theory import BiasedDice, Mixture, SymbolBatch, extrapolation, posterior, predicted_mean, retrieval
from theory.randomness import stream

SEQUENCES, LENGTH = 64, 128
_LOOP_SEQUENCES = 2
LARGE = {"tasks": 4096, "sequences": 1024, "length": 192}


def loop(symbols: np.ndarray, faces: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the Bayes prediction position by position, one vector of tasks at a time."""
    means = np.empty((*symbols.shape, faces.shape[1]))
    with np.errstate(divide="ignore"):
        for b, sequence in enumerate(symbols):
            log_weights = np.log(weights)
            for t, symbol in enumerate(sequence):
                alpha = np.exp(log_weights - log_weights.max())
                means[b, t] = alpha / alpha.sum() @ faces
                log_weights = log_weights + np.log(faces[:, symbol])
    return means


def measure(n_tasks: int, seconds: float) -> dict[str, Any]:
    """Return tokens per second of each predictor for a pool of three majors and the rest minors."""
    mixture, batch = _drawn(n_tasks, SEQUENCES, LENGTH)
    few = batch[:_LOOP_SEQUENCES]
    likelihood = mixture.family.log_likelihood(mixture.pool, batch)
    candidates: dict[str, tuple[Callable[[], Any], int]] = {
        "posterior": (lambda: posterior(likelihood, mixture.weights), SEQUENCES),
        "retrieval": (lambda: retrieval(mixture, batch), SEQUENCES),
        "extrapolation": (lambda: extrapolation(mixture, batch), SEQUENCES),
        "loop": (lambda: loop(few.symbols, mixture.pool.parameters, mixture.weights), _LOOP_SEQUENCES),
    }
    wanted = loop(few.symbols, mixture.pool.parameters, mixture.weights)
    np.testing.assert_allclose(retrieval(mixture, few).mean, wanted, rtol=1e-9, atol=1e-12)
    return {name: LENGTH * count / _median(function, seconds) for name, (function, count) in candidates.items()}


def large(tasks: int, sequences: int, length: int) -> dict[str, Any]:
    """Return tokens per second of the mean that M1 predicts, measured once."""
    mixture, batch = _drawn(tasks, sequences, length)
    start = time.perf_counter()
    predicted_mean(retrieval, mixture, batch)
    return {"retrieval": sequences * length / (time.perf_counter() - start)}


def _drawn(n_tasks: int, sequences: int, length: int) -> tuple[Mixture, SymbolBatch]:
    family = BiasedDice(length=length)
    majors = family.sample_pool(stream(0, "benchmark majors"), 3)
    minors = family.sample_pool(stream(0, "benchmark minors"), n_tasks - 3) if n_tasks > 3 else None
    mixture = Mixture(family, majors, minors)
    batch = mixture.sample(stream(0, "benchmark batch"), sequences)
    assert isinstance(batch, SymbolBatch)
    return mixture, batch


def _median(function: Callable[[], Any], seconds: float) -> float:
    function()
    found: list[float] = []
    while len(found) < 3 or sum(found) < seconds:
        start = time.perf_counter()
        function()
        found.append(time.perf_counter() - start)
    return statistics.median(found)
