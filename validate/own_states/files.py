"""A states file: what a network held, and perhaps predicted, where `sequences` asked for it.

Tensors, float16, bfloat16, float32 or float64, rows in the order of the group's inputs:

    states.L.all.<site>, states.L.last.<site>    (N, P, W), W of a site's own, for every site
    predictions.L.all                            (N, P, D), optional: logits (nats, up to a constant), or numbers, D = 1
    <group>.inputs                               for every group that is answered: what was read, as it was read

A site's name is anything. The metadata repeats that of the sequences file; `design` names what the network was trained
on, such as minors=0. Sites are taken in the order of `sites`, a JSON list, or without it in natural order (2 before
10), which is then to be that of the network.

A file is checked when it is opened, and every message is a sentence that says what was wanted and what was got.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as serialise

from model.files import write_atomically
from validate.own_states.errors import StatesError
from validate.own_states.held import Asked, Held
from validate.own_states.names import natural, site_of
from validate.own_states.sequences import LAYOUT, Sequences, in_order

REPEATED_KEYS = ("layout", "family", "seed", "sequences")
"""What the metadata of the sequences file says and a states file must say too."""


@dataclass(frozen=True, eq=False)
class StatesFile:
    """An open states file; tensors stay on disk until they are asked for.

    Attributes
    ----------
    metadata : dict of str
    shapes : dict of tuple
        By tensor of answers.
    """

    path: Path
    metadata: Mapping[str, str]
    shapes: Mapping[str, tuple[int, ...]]
    sites: tuple[str, ...]
    _file: Any
    at_fault = (
        "its rows stand in another order than <group>.inputs, the array was not C-contiguous when it was written"
        " (safetensors writes memory as it lies; write numpy.ascontiguousarray(states)), or the network answers"
        " differently each time it is asked (dropout)"
    )

    @classmethod
    def open(cls, path: Path) -> "StatesFile":
        """Open a file and read what it says of itself.

        Raises
        ------
        StatesError
            If it is not a complete safetensors file, or its metadata lack a key.
        """
        try:
            file: Any = safe_open(path, framework="np")
        except (OSError, SafetensorError) as error:
            raise StatesError(f"{path} cannot be read as a complete safetensors file: {error}") from error
        metadata = file.metadata() or {}
        for key in REPEATED_KEYS:
            if key not in metadata:
                raise StatesError(f"{path} has no metadata {key!r}; it must repeat the metadata of the sequences file")
        if metadata["layout"] != LAYOUT:
            raise StatesError(f"{path} must be of layout {LAYOUT}; got {metadata['layout']!r}")
        if not (metadata["seed"].isascii() and metadata["seed"].isdecimal() and len(metadata["seed"]) < 20):
            raise StatesError(f"{path}: the metadata's seed must be a whole number; got {metadata['seed'][:20]!r}")
        names = [name for name in file.keys() if not name.endswith(".inputs")]  # noqa: SIM118
        shapes = {name: tuple(file.get_slice(name).get_shape()) for name in names}
        return cls(path, metadata, shapes, _sites(path, metadata, shapes), file)

    @property
    def name(self) -> str:
        """How it is called in sentences."""
        return str(self.path)

    @property
    def family(self) -> str:
        """The family it says it belongs to."""
        return self.metadata["family"]

    @property
    def seed(self) -> int:
        """The seed it says it belongs to."""
        return int(self.metadata["seed"])

    @property
    def has_predictions(self) -> bool:
        """Whether it holds predictions."""
        return any(name.startswith("predictions.") for name in self.shapes)

    def kind(self, name: str) -> str:
        """Return the type of a tensor's numbers."""
        return str(self._file.get_slice(name).get_dtype())

    def block(self, name: str, start: int, stop: int) -> np.ndarray:
        """Return rows of a tensor; bfloat16, which NumPy does not have, as float32."""
        if self.kind(name) != "BF16":
            return np.asarray(self._file.get_slice(name)[start:stop])
        shape = self.shapes[name]
        with self.path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            first = json.loads(file.read(size))[name]["data_offsets"][0]
        halves = np.memmap(self.path, np.uint16, "r", 8 + size + first, shape)[start:stop]
        return (halves.astype(np.uint32) << 16).view(np.float32)

    def require_read(self, sequences: Sequences) -> None:
        """Refuse a file that is of other sequences, or does not echo what was read.

        Raises
        ------
        StatesError
            If fingerprints differ, an echo is missing, or it is not the inputs of the sequences file, row by row.
        """
        if self.metadata["sequences"] != sequences.fingerprint:
            raise StatesError(
                f"{self.path} holds states of other sequences: wanted those of fingerprint"
                f" {sequences.fingerprint[:12]}, got {self.metadata['sequences'][:12]}; the experiment file must be the"
                " one the sequences were written for"
            )
        echoes = {name for name in self._file.keys() if name.endswith(".inputs")}  # noqa: SIM118
        for name, group in sequences.groups.items():
            echo = f"{name}.inputs"
            if echo in echoes:
                self._require_echo(echo, group.inputs)
            elif name.startswith("states.") or self.has_predictions:
                raise StatesError(f"{self.path} has no tensor {echo}; it must hold what was read, row by row")
        if unknown := sorted(echoes - {f"{name}.inputs" for name in sequences.groups}):
            raise StatesError(f"{self.path}: {unknown[0]} is not a tensor of the layout")

    def _require_echo(self, name: str, wanted: np.ndarray) -> None:
        try:
            echo = self._file.get_tensor(name)
        except TypeError as error:
            raise StatesError(f"{self.path}: {name} must be of the type of the sequences file; got {error}") from error
        if echo.shape != wanted.shape:
            raise StatesError(f"{self.path}: {name} must have shape {wanted.shape}; got {echo.shape}")
        if np.array_equal(echo, wanted):
            return
        here, there = (np.unique(array.reshape(len(wanted), -1), axis=0) for array in (echo, wanted))
        row = int(np.argmax((echo != wanted).reshape(len(wanted), -1).any(axis=1)))
        cause = "the sequences stand in another order"
        if not np.array_equal(here, there):
            cause = "other sequences were read, or the array was not C-contiguous when it was written"
        raise StatesError(f"{self.path}: row {row} of {name} is not that of the sequences file: {cause}")


def _sites(path: Path, metadata: Mapping[str, str], shapes: Mapping[str, object]) -> tuple[str, ...]:
    """Return the sites in the order of the network."""
    found = sorted({site for name in shapes if (site := site_of(name))}, key=natural)
    if "sites" not in metadata:
        return tuple(found)
    try:
        said = json.loads(metadata["sites"])
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, list) or not all(isinstance(one, str) for one in said) or sorted(said) != sorted(found):
        raise StatesError(f"{path}: the metadata's sites must be a JSON list of {', '.join(found)}")
    return tuple(said)


def save_states(
    path: Path, held: Held, groups: Mapping[str, Asked], metadata: Mapping[str, str], design: str | None
) -> None:
    """Write a states file, whole or not at all; the same answers are the same bytes."""
    answered = [name for name in groups if any(tensor.startswith(name) for tensor in held.tensors)]
    tensors = held.tensors | {f"{name}.inputs": groups[name].inputs for name in answered}  # type: ignore[operator]
    said = {**metadata, "sites": json.dumps(held.sites)} | ({} if design is None else {"design": design})
    data = serialise({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, metadata=said)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, in_order(data))
    except OSError as error:
        raise StatesError(f"{path} cannot be written: {error.strerror or error}") from error
