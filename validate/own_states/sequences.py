"""What a network has to read so that its states can be judged: every sequence the statistics ask for, each once.

The questions are put to a source that only remembers (`judging.examination`, no rung climbed and no interval
estimated). What it was asked falls into *groups* of equal length L:

    states.L.all        states wanted at every position that predicts
    states.L.last       states wanted at the last of them
    predictions.L.all   predictions wanted at every position that predicts

A few sequences of a group, spread over it, stand a second time at its end. A network answers them as before; an array
whose rows or memory are out of order does not (`own_states.checks`).

File: per group, `<group>.inputs`, int64 (N, L) or float32 (N, L, d + 1), and `<group>.positions`, int64 (P,), from 0.
What to train on: `tasks.majors`; by design, `tasks.<design>`, the minors; and `minor_mass`, the mass of all minors. The
metadata names the experiment, family and seed, and the fingerprint: SHA-256 of all inputs and positions. The same
sequences are the same bytes.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float, Int
from safetensors.numpy import save as serialise
from threadpoolctl import threadpool_limits

from model.files import write_atomically
from theory import Batch, LatentTasks
from validate.capture.rungs import RandomSource
from validate.experiment.seed_plan import SeedPlan
from validate.judging.controls import Company
from validate.judging.examination import Subjects, examine

LAYOUT = "2"
"""Version of the layout of both files."""

REPEATED = 8
"""Sequences of a group that stand in it twice."""

Wanted = Literal["states", "predictions"]


def group_name(wanted: Wanted, length: int, last: bool = False) -> str:
    """Return the name of a group."""
    return f"{wanted}.{length}.{'last' if last else 'all'}"


@dataclass(eq=False)
class Group:
    """Sequences of one length in the order in which they were asked for, some of them repeated at the end.

    Attributes
    ----------
    positions : ndarray of int64, shape (P,)
        The model positions at which states or predictions are wanted.
    """

    positions: Int[np.ndarray, " P"]
    _inputs: list[np.ndarray] = field(default_factory=list)
    _rows: dict[bytes, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._inputs) + len(self.repeated)

    @property
    def repeated(self) -> Int[np.ndarray, " R"]:
        """The rows that stand at the end once more."""
        n = len(self._inputs)
        return np.unique(np.linspace(0, n - 1, min(REPEATED, n)).round().astype(np.int64))

    @property
    def inputs(self) -> np.ndarray:
        """What a network reads: int64 (N, L) or float32 (N, L, d + 1)."""
        return np.stack([*self._inputs, *(self._inputs[row] for row in self.repeated)])

    def add(self, inputs: np.ndarray) -> None:
        """Add the sequences that are not there yet."""
        for sequence in inputs:
            if (key := sequence.tobytes()) not in self._rows:
                self._rows[key] = len(self._inputs)
                self._inputs.append(sequence)

    def rows(self, inputs: np.ndarray) -> Int[np.ndarray, " B"]:
        """Return where sequences stand; KeyError if one is missing."""
        return np.array([self._rows[sequence.tobytes()] for sequence in inputs], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Recorder:
    """A source that remembers what it is asked and answers with noise."""

    family: LatentTasks
    sites: tuple[str, ...] = ("anywhere",)
    groups: dict[str, Group] = field(default_factory=dict)

    def states(self, batch: Batch, last: bool = False) -> dict[str, Float[np.ndarray, "B P W"]]:
        """Take note of sequences whose states are wanted."""
        self._note("states", batch, last)
        [noise] = self._answers.states(batch, last).values()
        return dict.fromkeys(self.sites, noise)

    def mean(self, batch: Batch) -> Float[np.ndarray, "B P D"]:
        """Take note of sequences for which predictions are wanted."""
        self._note("predictions", batch)
        return self._answers.mean(batch)

    @property
    def _answers(self) -> RandomSource:
        return RandomSource(self.family, lambda purpose: np.random.default_rng(0))

    def _note(self, wanted: Wanted, batch: Batch, last: bool = False) -> None:
        arrays = self.family.encode(batch)
        positions = arrays.positions[-1:] if last else arrays.positions
        name = group_name(wanted, arrays.inputs.shape[1], last)
        self.groups.setdefault(name, Group(positions)).add(arrays.inputs)


@dataclass(frozen=True, eq=False)
class Sequences:
    """The sequences of one family and seed."""

    seed_plan: SeedPlan
    experiment: str
    groups: Mapping[str, Group]

    @classmethod
    def of(cls, seed_plan: SeedPlan, experiment: str) -> "Sequences":
        """Record what the questions read of networks of every design; a function of the family's plan and the seed."""
        recorder = Recorder(seed_plan.family)
        values = replace(seed_plan, setting=seed_plan.setting.without_intervals)
        sources = dict.fromkeys(seed_plan.mixtures, recorder)
        with threadpool_limits(1, user_api="blas"):
            examine(Subjects(values, sources, Company([recorder]), has="predictions"), rungs=())
        return cls(seed_plan, experiment, dict(sorted(recorder.groups.items())))

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the groups' names, positions and inputs, in hexadecimal."""
        digest = hashlib.sha256(LAYOUT.encode())
        for name, group in self.groups.items():
            digest.update(f"\0{name} {group.positions.tolist()} {len(group)}\0".encode())
            digest.update(group.inputs.tobytes())
        return digest.hexdigest()

    @property
    def metadata(self) -> dict[str, str]:
        """What the file says of itself; the states file repeats it."""
        return {
            "layout": LAYOUT,
            "experiment": self.experiment,
            "family": self.seed_plan.section,
            "seed": str(self.seed_plan.seed),
            "sequences": self.fingerprint,
        }

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        tensors = {
            "tasks.majors": self.seed_plan.setting.majors.parameters,
            "minor_mass": np.array(self.seed_plan.plan.minor_mass),
        }
        for design, mixture in self.seed_plan.mixtures.items():
            if mixture.minors is not None:
                tensors[f"tasks.{design}"] = mixture.minors.parameters
        for name, group in self.groups.items():
            tensors |= {f"{name}.inputs": group.inputs, f"{name}.positions": group.positions}
        arrays = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
        write_atomically(path, in_order(serialise(arrays, metadata=self.metadata)))


def in_order(data: bytes) -> bytes:
    """Return a safetensors file with the keys of its header sorted: the library writes metadata in any order."""
    size = int.from_bytes(data[:8], "little")
    header = json.dumps(json.loads(data[8 : 8 + size]), sort_keys=True, separators=(",", ":")).encode()
    padded = header.ljust(-8 * (-len(header) // 8))
    return len(padded).to_bytes(8, "little") + padded + data[8 + size :]
