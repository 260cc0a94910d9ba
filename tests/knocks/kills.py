"""Runs that are killed, interrupted, doubled, or meet a full disk, again and again until they are through.

What comes out must be what an undisturbed run makes: networks and measurements to the last bit, every row of the
training logs once. A child is forked from a process in which everything is loaded and compiled, so a knock takes
moments; a child that ends by an error must have said one sentence.
"""

import contextlib
import os
import random
import resource
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import numpy as np
from rich.console import Console
from tally import LostError, Tally
from tiny import TOML

from model import CheckpointError, load_checkpoint
from validate.experiment.network_plan import network_plans
from validate.experiment.schema import Experiment, parse_experiment
from validate.judging.results import read_results
from validate.runs.reproduce import reproduce
from validate.training.metrics import Metrics

LONGER = (
    TOML.replace("steps = 5", "steps = 60")
    .replace("steps = 4", "steps = 40")
    .replace("checkpoint_every = 3", "checkpoint_every = 7")
    .replace("record_every = 2", "record_every = 3")
)

SENTENCE, TRACEBACK = 2, 3
"""Exit statuses of a child that was refused, and of one that broke."""


def experiment() -> Experiment:
    """Return an experiment of two networks that takes about a second."""
    return parse_experiment(LONGER, "longer")


def child(folder: Path, before: Callable[[], object] = lambda: None) -> int:
    """Fork a process that runs the experiment in a folder; returns its id."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the threads there are wait for matrix products
        pid = os.fork()
    if pid:
        return pid
    status = TRACEBACK
    try:
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_DFL)
        with contextlib.redirect_stderr(StringIO()):
            before()
            reproduce(experiment(), folder, None, Console(file=StringIO()), quiet=True)
        status = 0
    except (OSError, CheckpointError) as error:
        status = SENTENCE
        _say(folder, str(error))
    except BaseException:
        with contextlib.suppress(OSError):
            _say(folder, traceback.format_exc())
    finally:
        os._exit(status)


def _say(folder: Path, text: str) -> None:
    """Write what became of a child; what is said of a full disk is not written to it."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    (folder.parent / "said.txt").write_text(text)


def outcome(pid: int) -> int:
    """Wait for a child; returns its exit status, or minus the signal that ended it."""
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def made(folder: Path) -> dict[str, object]:
    """Return what a finished run holds, without times."""
    networks = network_plans(experiment())
    results = read_results(folder)
    return {
        "claims": repr(results.claims),
        "skills": repr(results.skills),
        "measured": [path.read_bytes() for path in sorted((folder / "measured").iterdir())],
        "networks": [load_checkpoint(plan.checkpoint(folder)).buffer.tobytes() for plan in networks],
        "rows": [
            [row.model_dump_json(exclude={"seconds"}) for row in Metrics(plan.metrics(folder)).rows()]
            for plan in networks
        ],
    }


def same(folder: Path, undisturbed: dict[str, object]) -> None:
    """Raise unless a run made what an undisturbed one makes, and left no litter."""
    found = made(folder)
    for what, value in undisturbed.items():
        if found[what] != value:
            raise LostError(f"{what} differ from those of an undisturbed run")
    if litter := [path.name for path in folder.rglob("*.partial")]:
        raise AssertionError(f"left {litter}")


class Knocked:
    """An undisturbed run with the time it took, and knocks on others."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        started = time.monotonic()
        if outcome(child(folder / "undisturbed")):
            raise AssertionError((folder / "said.txt").read_text())
        self.seconds = time.monotonic() - started
        self.undisturbed = made(folder / "undisturbed")
        self.count = 0

    def new(self) -> Path:
        """Return a new folder."""
        self.count += 1
        return self.folder / f"run-{self.count}"

    def said(self) -> str:
        """Return what the last child said that was refused or broke."""
        path = self.folder / "said.txt"
        return path.read_text() if path.exists() else ""

    def finish(self, folder: Path) -> None:
        """Run once more, undisturbed, and compare."""
        status = outcome(child(folder))
        if status:
            raise AssertionError(f"the next call ended with {status}: {self.said()[-300:]}")
        same(folder, self.undisturbed)


def kills(n: int, seed: int, folder: Path) -> Tally:
    """Kill runs at random moments until `n` kills have met a process that was still at work."""
    tally, rng, knocked = Tally("kills"), random.Random(seed), Knocked(folder)
    while tally.tried < n:
        run, left = knocked.new(), rng.randint(1, 6)
        met = 0
        for _ in range(left):
            pid = child(run)
            time.sleep(rng.random() * knocked.seconds)
            name = rng.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
            os.kill(pid, name)
            met += outcome(pid) == -name
        before = len(tally.lost) + len(tally.wrong)
        with tally.knock(f"{met} kills in {run.name}"):
            knocked.finish(run)
        if len(tally.lost) + len(tally.wrong) == before:
            tally.right += met - 1
    return tally


def doubles(n: int, seed: int, folder: Path) -> Tally:
    """Start two processes in one folder at nearly the same time."""
    tally, rng, knocked = Tally("two processes"), random.Random(seed), Knocked(folder)
    for index in range(n):
        run = knocked.new()
        first = child(run)
        time.sleep(rng.random() * 0.2 * knocked.seconds)
        second = child(run)
        statuses = {outcome(first), outcome(second)}
        with tally.knock(f"two in {run.name}", OSError):
            if not statuses <= {0, SENTENCE} or (SENTENCE in statuses and "in use by" not in knocked.said()):
                raise AssertionError(f"pair {index} ended with {statuses}: {knocked.said()[-300:]}")
            knocked.finish(run)
            if SENTENCE in statuses:
                raise OSError(knocked.said())
    return tally


def full_disks(n: int, seed: int, folder: Path) -> Tally:
    """Let writing fail beyond a file size drawn at random, as on a full disk, and then go on with room."""
    tally, rng, knocked = Tally("full disks"), random.Random(seed), Knocked(folder)
    largest = max(path.stat().st_size for path in (folder / "undisturbed").rglob("*") if path.is_file())
    for _ in range(n):
        run, limit = knocked.new(), int(np.exp(rng.uniform(0, np.log(largest))))

        def small_disk(limit: int = limit) -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

        status = outcome(child(run, small_disk))
        with tally.knock(f"{limit} bytes in {run.name}", OSError):
            if status not in (0, SENTENCE):
                raise AssertionError(f"ended with {status}: {knocked.said()[-300:]}")
            knocked.finish(run)
            if status == SENTENCE:
                raise OSError(knocked.said() or "said nothing")
    return tally


if sys.platform == "win32":
    raise ImportError("processes are forked here")
