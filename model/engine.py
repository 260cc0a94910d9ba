"""How a batch is cut into chunks and the chunks are shared among lanes of work.

A lane is a network with gradients and memory of its own. Each chunk of a few sequences goes forward and backward
before the next one starts, so activations stay in cache and memory does not grow with the batch. The cut depends on
sizes alone, every lane does a fixed run of chunks in order, and the lanes' gradients are added in a
fixed order: the bits do not depend on how many threads do the lanes.

BLAS runs on one thread inside a lane; the setting found is restored afterwards.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import Literal

import numpy as np

from model import blas
from model.config import TransformerConfig
from model.network import Array, Network
from model.reference import ReferenceNetwork

Backend = Literal["numba", "numpy"]
CHUNK_ROWS = 512  # positions in a chunk at most: more make products no faster
CHUNK_NUMBERS = 1 << 23  # numbers a forward keeps of a chunk at most: deeper networks take fewer positions at once
LANES = 2


@cache
def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(LANES, thread_name_prefix="model")


def chunk_rows(config: TransformerConfig, length: int) -> int:
    """Return the positions of a chunk; `model.buffers` says what a forward keeps of each."""
    kept = config.layers * (6 * config.width + config.hidden + config.heads * length)
    return min(CHUNK_ROWS, CHUNK_NUMBERS // kept)


def cut(batch: int, length: int, lanes: int, rows: int) -> list[list[slice]]:
    """Return each lane's chunks: nearly equal slices of at most `rows` positions or one sequence, in order."""
    wanted = -(-batch // max(1, rows // length))
    chunks = min(batch, -(-wanted // lanes) * lanes)
    edges = [batch * i // chunks for i in range(chunks + 1)]
    slices = [slice(a, b) for a, b in pairwise(edges)]
    return [slices[len(slices) * lane // lanes : len(slices) * (lane + 1) // lanes] for lane in range(lanes)]


def _networks(config: TransformerConfig, backend: Backend, buffer: Array) -> list[Network]:
    if backend == "numpy":
        return [ReferenceNetwork(config, buffer)]
    from model.compiled import CompiledNetwork  # here, so that importing the package does not load Numba

    return [CompiledNetwork(config, buffer) for _ in range(LANES)]


class Engine:
    """The lanes of one model, each a network with gradients and memory of its own."""

    def __init__(self, config: TransformerConfig, backend: Backend, buffer: Array, threads: int) -> None:
        self.config = config
        self.lanes = _networks(config, backend, buffer)
        self.threads = threads

    def each_chunk(self, batch: int, length: int, keep: bool, work: Callable[[Network, slice], float]) -> float:
        """Do ``work(network, chunk)`` for every chunk of the batch; return the sum of what it returns."""

        def run(network: Network, chunks: list[slice]) -> float:
            total = 0.0
            if keep:
                network.gradient[:] = 0.0
            with _infinite_numbers():
                for chunk in chunks:
                    network.begin(chunk.stop - chunk.start, length, keep)
                    total += work(network, chunk)
            return total

        plan = cut(batch, length, len(self.lanes), chunk_rows(self.config, length))
        if len(self.lanes) == 1:
            return run(self.lanes[0], plan[0])
        with blas.libraries().limit(limits=1, user_api="blas"):
            return sum(map(run, self.lanes, plan) if self.threads == 1 else _workers().map(run, self.lanes, plan))

    def gradient(self) -> Array:
        """Return the sum of the lanes' gradients, laid out as the parameters; overwritten by the next call."""
        total = self.lanes[0].gradient
        with _infinite_numbers():
            for network in self.lanes[1:]:
                np.add(total, network.gradient, out=total)
        return total


def _infinite_numbers() -> np.errstate:
    """Let numbers overflow: training that diverges is reported as such."""
    return np.errstate(over="ignore", invalid="ignore")
