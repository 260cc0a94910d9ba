"""How a batch is cut into chunks and the chunks are shared among lanes of work, and lanes among threads.

Each chunk of a few sequences goes forward and backward before the next one starts, so activations stay in cache and
memory does not grow with the batch. A lane is a run of chunks with a sum of gradients of its own. The cut depends on
sizes alone and the lanes' gradients are added in a fixed order, so the bits do not depend on how many threads there
are, nor on which of them takes which lane. What a chunk works in belongs to the thread.

BLAS runs on one thread inside a lane; the setting found is restored afterwards.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import Literal, TypeVar

import numpy as np

from model import blas
from model.config import TransformerConfig
from model.network import Array, Memory, Network
from model.reference import ReferenceNetwork

Backend = Literal["numba", "numpy"]
CHUNK_ROWS = 512  # positions in a chunk at most: more make products no faster
CHUNK_NUMBERS = 1 << 23  # numbers a forward keeps of a chunk at most: deeper networks take fewer positions at once
LANES = 8
_LINE = 16  # numbers: rows of gradients start on a cache line of 64 bytes

Part = TypeVar("Part")


@cache
def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(LANES, thread_name_prefix="model")


def each(work: Callable[[Part], None], parts: list[Part]) -> None:
    """Do all parts, side by side if there are several."""
    if len(parts) == 1:
        work(parts[0])
    else:
        list(_workers().map(work, parts))


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def chunk_rows(config: TransformerConfig, length: int) -> int:
    """Return the positions of a chunk; `model.buffers` says what a forward keeps of each."""
    kept = config.layers * (6 * config.width + config.hidden + config.heads * length)
    return min(CHUNK_ROWS, CHUNK_NUMBERS // kept)


def cut(batch: int, length: int, lanes: int, rows: int) -> list[list[slice]]:
    """Return each lane's chunks, in order, for at most so many lanes.

    Chunks are nearly equal slices of at most `rows` positions or one sequence; their number is even, for two threads.
    """
    wanted = -(-batch // max(1, rows // length))
    chunks = min(batch, wanted + wanted % 2)
    edges = [batch * i // chunks for i in range(chunks + 1)]
    slices = [slice(a, b) for a, b in pairwise(edges)]
    used = min(lanes, chunks)
    return [slices[chunks * lane // used : chunks * (lane + 1) // used] for lane in range(used)]


class Engine:
    """The lanes and threads of one model.

    Attributes
    ----------
    lanes : list of Network
        Each with a sum of gradients of its own.
    threads : int
    """

    def __init__(self, config: TransformerConfig, backend: Backend, buffer: Array, threads: int) -> None:
        self.config = config
        self.threads = threads
        self._memories = [Memory() for _ in range(threads)]
        self._used = 0
        if backend == "numpy":
            self._gradients = np.zeros((1, buffer.size), buffer.dtype)
            self.lanes: list[Network] = [ReferenceNetwork(config, buffer, self._gradients[0])]
            return
        from model.buffers import aligned  # here, so that importing the package does not load Numba
        from model.compiled import CompiledNetwork

        size = -(-buffer.size // _LINE) * _LINE
        self._gradients = aligned(LANES * size, buffer.dtype).reshape(LANES, size)
        self.lanes = [CompiledNetwork(config, buffer, row[: buffer.size]) for row in self._gradients]

    def each_chunk(self, batch: int, length: int, keep: bool, work: Callable[[Network, slice], float]) -> float:
        """Do ``work(network, chunk)`` for every chunk of the batch; return the sum of what it returns."""
        plan = cut(batch, length, len(self.lanes), chunk_rows(self.config, length))
        totals = [0.0] * len(plan)
        longest_first = iter(sorted(range(len(plan)), key=lambda lane: -len(plan[lane])))

        def take_lanes(memory: Memory) -> None:
            for lane in longest_first:  # shared: each lane is taken once
                network = self.lanes[lane]
                if keep:
                    network.gradient[:] = 0.0
                with infinite_numbers():
                    for chunk in plan[lane]:
                        network.begin(chunk.stop - chunk.start, length, keep, memory)
                        totals[lane] += work(network, chunk)

        if len(self.lanes) == 1:
            take_lanes(self._memories[0])
        else:
            with blas.libraries().limit(limits=1, user_api="blas"):
                each(take_lanes, self._memories[: len(plan)])
        self._used = len(plan)
        return sum(totals)

    def gradient(self) -> Array:
        """Return the sum of the lanes' gradients, laid out as the parameters; overwritten by the next call."""
        total = self.lanes[0].gradient
        if self._used > 1:
            from model import kernels

            edges = [total.size * i // self.threads for i in range(self.threads + 1)]
            each(lambda edge: kernels.add_rows_up(self._gradients[: self._used], *edge), list(pairwise(edges)))
        return total


def infinite_numbers() -> np.errstate:
    """Let numbers overflow: training that diverges is reported as such."""
    return np.errstate(over="ignore", invalid="ignore")
