"""Damaged files of a run: bytes changed, digits changed, cut short, emptied, replaced by something that is no file.

Whoever reads the file must refuse it by a sentence, do the work anew, or find in it what was there before.
"""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from tally import LostError, Tally
from tiny import tiny_experiment

from model import CheckpointError, load_checkpoint
from validate.experiment.folder import RunFolderError, open_run
from validate.experiment.network_plan import network_plans
from validate.experiment.seed_plan import seed_plans
from validate.judging.results import read_results
from validate.runs.kept import kept, kept_path
from validate.runs.reproduce import reproduce
from validate.training.metrics import Metrics, gaps

SECONDS = 20
"""A read that takes longer hangs."""


def _flip(data: bytes, rng: np.random.Generator) -> bytes:
    changed = bytearray(data)
    for place in rng.integers(len(data), size=rng.integers(1, 4)):
        changed[place] ^= int(rng.integers(1, 256))
    return bytes(changed)


def _digit(data: bytes, rng: np.random.Generator) -> bytes:
    digits = [place for place, byte in enumerate(data) if 48 <= byte < 58]
    changed, place = bytearray(data), digits[rng.integers(len(digits))]
    changed[place] = 48 + (changed[place] - 48 + int(rng.integers(1, 10))) % 10
    return bytes(changed)


def _swap(data: bytes, rng: np.random.Generator) -> bytes:
    a, b = sorted(rng.integers(len(data), size=2))
    return data[:a] + data[b:] + data[a:b]


def _without_a_line(data: bytes, rng: np.random.Generator) -> bytes:
    lines = data.split(b"\n")
    del lines[rng.integers(len(lines))]
    return b"\n".join(lines)


DAMAGES: dict[str, Callable[[bytes, np.random.Generator], bytes]] = {
    "flipped": _flip,
    "digit": _digit,
    "cut": lambda data, rng: data[: rng.integers(len(data))],
    "head lost": lambda data, rng: data[rng.integers(1, len(data)) :],
    "swapped": _swap,
    "emptied": lambda data, rng: b"",
    "zeros": lambda data, rng: data[: (k := int(rng.integers(len(data))))] + bytes(len(data) - k),
    "random": lambda data, rng: rng.bytes(int(rng.integers(1, 2000))),
    "doubled": lambda data, rng: data + data,
    "line lost": _without_a_line,
    "nested": lambda data, rng: b"[" * 100_000,
    "long number": lambda data, rng: data.replace(b"0", b"0" + b"9" * 5000, 1),
}


@contextmanager
def in_time(seconds: int = SECONDS) -> Iterator[None]:
    """Raise TimeoutError if the block takes longer: a FIFO that is opened waits for ever."""

    def late(*_: Any) -> None:
        raise RuntimeError(f"took more than {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


class Damaged:
    """A finished run, and what its readers say of a file of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.experiment = folder, tiny_experiment()
        reproduce(self.experiment, folder, None, Console(file=StringIO()), quiet=True)
        [self.seed] = seed_plans(self.experiment)
        self.networks = network_plans(self.experiment)
        path = kept_path(folder, self.seed)
        self.key = path.read_text().split(" ", 1)[0]
        self.examination = kept(path, self.key, self._never)
        self.results = repr(read_results(folder))
        self.rows = {plan.name: Metrics(plan.metrics(folder)).rows() for plan in self.networks}
        self.buffers = {plan.name: load_checkpoint(plan.checkpoint(folder)) for plan in self.networks}

    @staticmethod
    def _never() -> Any:
        raise AssertionError("it is kept")

    def readers(self) -> dict[Path, Callable[[Path], None]]:
        """Return each file with what reads it and compares."""
        files: dict[Path, Callable[[Path], None]] = {}
        for plan in self.networks:
            files[plan.checkpoint(self.folder)] = lambda path, plan=plan: self._checkpoint(path, plan)
            files[plan.metrics(self.folder)] = lambda path, plan=plan: self._metrics(plan)
        files[kept_path(self.folder, self.seed)] = self._kept
        files[self.folder / "results.json"] = lambda path: self._same(repr(read_results(path.parent)), self.results)
        files[self.folder / "experiment.toml"] = lambda path: open_run(path.parent, self.experiment)
        return files

    def _checkpoint(self, path: Path, plan: Any) -> None:
        found, wanted = load_checkpoint(path), self.buffers[plan.name]
        self._same((found.step, found.records, found.fingerprint), (wanted.step, wanted.records, wanted.fingerprint))
        np.testing.assert_array_equal(found.buffer, wanted.buffer)

    def _metrics(self, plan: Any) -> None:
        rows, wanted = Metrics(plan.metrics(self.folder)).rows(), self.rows[plan.name]
        if any(repr(row) not in map(repr, wanted) for row in rows):
            raise AssertionError("a row says what was never written")
        told = gaps([plan], self.folder)
        if told:
            raise RunFolderError(told[0])
        if repr(rows) != repr(wanted):
            raise LostError("rows are gone without a word")

    def _kept(self, path: Path) -> None:
        self._same(repr(kept(path, self.key, lambda: self.examination)), repr(self.examination))

    @staticmethod
    def _same(found: Any, wanted: Any) -> None:
        if found != wanted:
            raise AssertionError(f"read {found!r:.80} in place of {wanted!r:.80}")


def campaign(n: int, seed: int, folder: Path) -> Tally:
    """Damage `n` files of a run made in a folder."""
    tally, run = Tally("damaged files"), Damaged(folder / "run")
    files = list(run.readers().items())
    for index in range(n):
        rng = np.random.default_rng((seed, index))
        path, read = files[index % len(files)]
        whole = path.read_bytes()
        name = list(DAMAGES)[rng.integers(len(DAMAGES))]
        odd = rng.random() < 0.03
        path.unlink()
        if odd and rng.random() < 0.5:
            name = "a FIFO"
            os.mkfifo(path)
        elif odd:
            name = "a folder"
            path.mkdir()
        else:
            path.write_bytes(DAMAGES[name](whole, rng))
        with tally.knock(f"{path.name} {name} {index}", RunFolderError, CheckpointError, OSError), in_time():
            read(path)
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        path.write_bytes(whole)
    return tally
