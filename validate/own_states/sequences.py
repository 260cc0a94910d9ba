"""What a network has to read so that its states can be judged: every sequence the statistics ask for, each once.

A source that only remembers is asked for everything. What it was asked falls into *groups* of equal length L:

    states.L.all        states wanted at every position that predicts
    states.L.last       states wanted at the last of them
    predictions.L.all   predictions wanted at every position that predicts

File: per group, `<group>.inputs`, int64 (N, L) or float32 (N, L, d + 1), and `<group>.positions`, int64 (P,), from 0.
Beside them `tasks.majors` and, by design, `tasks.<design>`, the minors: what to train on. The metadata names the
experiment, family and seed, and the fingerprint: SHA-256 of all inputs and positions.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float, Int
from safetensors.numpy import save_file

from theory import Batch, LatentTasks, PlantedDyck
from validate.capture.candidates import Arenas
from validate.capture.sources import RandomSource, StateSource
from validate.claims.geometry import task_states
from validate.claims.prefix import PrefixDesign, prefix_portrait
from validate.claims.properties import Captured
from validate.claims.stability import stabilities
from validate.experiment.seed_plan import SeedPlan

LAYOUT = "1"
"""Version of the layout of both files."""

Wanted = Literal["states", "predictions"]


def group_name(wanted: Wanted, length: int, last: bool = False) -> str:
    """Return the name of a group."""
    return f"{wanted}.{length}.{'last' if last else 'all'}"


@dataclass(eq=False)
class Group:
    """Sequences of one length, none twice, in the order in which they were asked for.

    Attributes
    ----------
    positions : ndarray of int64, shape (P,)
        The model positions at which states or predictions are wanted.
    """

    positions: Int[np.ndarray, " P"]
    _inputs: list[np.ndarray] = field(default_factory=list)
    _rows: dict[bytes, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._inputs)

    @property
    def inputs(self) -> np.ndarray:
        """What a network reads: int64 (N, L) or float32 (N, L, d + 1)."""
        return np.stack(self._inputs)

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
    """A source that remembers what it is asked, and answers at random."""

    family: LatentTasks
    answers: StateSource
    groups: dict[str, Group] = field(default_factory=dict)

    @property
    def sites(self) -> tuple[str, ...]:
        """One place only: what is asked does not depend on it."""
        return self.answers.sites

    def states(self, batch: Batch, last: bool = False) -> dict[str, Float[np.ndarray, "B P W"]]:
        """Take note of sequences whose states are wanted."""
        self._note("states", batch, last)
        return self.answers.states(batch, last)

    def mean(self, batch: Batch) -> Float[np.ndarray, "B P D"]:
        """Take note of sequences for which predictions are wanted."""
        self._note("predictions", batch)
        return self.answers.mean(batch)

    def _note(self, wanted: Wanted, batch: Batch, last: bool = False) -> None:
        arrays = self.family.encode(batch)
        positions = arrays.positions[-1:] if last else arrays.positions
        name = group_name(wanted, arrays.inputs.shape[1], last)
        self.groups.setdefault(name, Group(positions)).add(arrays.inputs)


def ask_everything(source: StateSource, part: SeedPlan) -> None:
    """Ask a source for all the statistics will ask it for, whichever design its network was trained on."""
    setting = part.setting
    Captured.of(source, setting.choice)
    captured = Captured.of(source, setting)
    fewest = replace(setting, sizes=setting.sizes.model_copy(update={"replicates": 100}))  # draws no sequence
    for mixture in (part.plain, *part.mixtures.values()):
        for batch in Arenas(mixture, setting).batches.values():
            source.mean(batch)
        if mixture.minors is not None:
            stabilities(source, mixture, fewest)
            task_states(source, captured, mixture, setting)
    if isinstance(part.family, PlantedDyck):
        PrefixDesign.at(setting.choice).states(source)
        prefix_portrait(source, setting)


@dataclass(frozen=True, eq=False)
class Sequences:
    """The sequences of one family and seed."""

    part: SeedPlan
    experiment: str
    groups: Mapping[str, Group]

    @classmethod
    def of(cls, part: SeedPlan, experiment: str) -> "Sequences":
        """Collect them; a function of the family's plan and the seed alone."""
        recorder = Recorder(part.family, RandomSource(part.family, np.random.default_rng(0)))
        ask_everything(recorder, part)
        return cls(part, experiment, dict(sorted(recorder.groups.items())))

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
            "family": self.part.kind,
            "seed": str(self.part.seed),
            "sequences": self.fingerprint,
        }

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        tensors = {"tasks.majors": self.part.setting.majors.parameters}
        for design, mixture in self.part.mixtures.items():
            if mixture.minors is not None:
                tensors[f"tasks.{design}"] = mixture.minors.parameters
        for name, group in self.groups.items():
            tensors |= {f"{name}.inputs": group.inputs, f"{name}.positions": group.positions}
        partial = path.with_name(f".{path.name}.partial")
        try:
            save_file({name: np.ascontiguousarray(t) for name, t in tensors.items()}, partial, metadata=self.metadata)
            partial.chmod(0o644)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
