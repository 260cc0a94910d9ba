"""A states file: what a network held, and perhaps predicted, where `sequences` asked for it.

Tensors, float16, float32 or float64, rows in the order of the group's inputs:

    states.L.all.<site>, states.L.last.<site>    (N, P, W), W of a site's own, for every site
    predictions.L.all                            (N, P, D), optional: logits (nats, up to a constant), or numbers, D = 1

A site's name is anything; sites are taken in natural order (2 before 10), which is to be that of the network. The
metadata repeats those of the sequences file; `design` names what the network was trained on, such as minors=0.

A file is checked when it is opened, and every message is a sentence that says what was wanted and what was got.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from safetensors import SafetensorError, safe_open

from validate.own_states.errors import StatesError
from validate.own_states.sequences import LAYOUT, Group, Sequences

DTYPES = ("F16", "F32", "F64")

BLOCK = 1 << 22
"""Numbers checked at a time."""


def site_of(name: str) -> str | None:
    """Return the site a tensor belongs to, None if it is not one of states."""
    found = re.fullmatch(r"states\.\d+\.(?:all|last)\.(.+)", name)
    return found[1] if found and found[1] not in ("inputs", "positions") else None


def natural(name: str) -> list[tuple[int, int | str]]:
    """Return the key that sorts names with numbers in them by the numbers' values."""
    return [(0, int(part)) if part.isdigit() else (1, part) for part in re.split(r"(\d+)", name) if part]


@dataclass(frozen=True, eq=False)
class StatesFile:
    """An open states file; tensors stay on disk until they are asked for.

    Attributes
    ----------
    metadata : dict of str
    shapes : dict of tuple
        By tensor.
    """

    path: Path
    metadata: Mapping[str, str]
    shapes: Mapping[str, tuple[int, ...]]
    _file: Any

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
        shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
        metadata = file.metadata() or {}
        for key in ("layout", "family", "seed", "sequences"):
            if key not in metadata:
                raise StatesError(f"{path} has no metadata {key!r}; it must repeat the metadata of the sequences file")
        if metadata["layout"] != LAYOUT:
            raise StatesError(f"{path} must be of layout {LAYOUT}; got {metadata['layout']!r}")
        if not metadata["seed"].isdecimal():
            raise StatesError(f"{path}: the metadata's seed must be a whole number; got {metadata['seed']!r}")
        return cls(path, metadata, shapes, file)

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

    @property
    def sites(self) -> tuple[str, ...]:
        """Names of the sites, in natural order."""
        return tuple(sorted({site for name in self.shapes if (site := site_of(name))}, key=natural))

    def read(self, name: str, rows: np.ndarray) -> Float[np.ndarray, "B P W"]:
        """Return some rows of a tensor, in float64."""
        first = int(rows.min())
        block = self._file.get_slice(name)[first : int(rows.max()) + 1]
        return np.asarray(block[rows - first], dtype=np.float64)

    def require(self, sequences: Sequences) -> None:
        """Refuse a file that does not hold everything that is wanted of these sequences.

        Raises
        ------
        StatesError
            If it is of other sequences, a tensor is missing, unknown, or of another shape or type, or a number is not
            finite.
        """
        if self.metadata["sequences"] != sequences.fingerprint:
            raise StatesError(
                f"{self.path} holds states of other sequences: wanted those of fingerprint"
                f" {sequences.fingerprint[:12]}, got {self.metadata['sequences'][:12]}; the experiment file must be the"
                " one the sequences were written for"
            )
        if not self.sites:
            wanted = next(name for name in sequences.groups if name.startswith("states."))
            raise StatesError(f"{self.path} holds no states: wanted tensors such as {wanted}.<site>")
        outcomes = sequences.seed_plan.family.n_outputs
        expected = self._expected(sequences.groups, outcomes)
        for name in self.shapes:
            if name not in expected:
                raise StatesError(f"{self.path}: {name} is not a tensor of the layout")
        for name, shape in expected.items():
            self._require_tensor(name, shape)

    def _expected(self, groups: Mapping[str, Group], outcomes: int) -> dict[str, tuple[int, int, int]]:
        """Return the wanted shape of every tensor; a site is as wide as the widest of its tensors."""
        widths = dict.fromkeys(self.sites, 1)
        for name, shape in self.shapes.items():
            if site := site_of(name):
                widths[site] = max([widths[site], *shape[2:3]])
        expected: dict[str, tuple[int, int, int]] = {}
        for name, group in groups.items():
            shape = len(group), len(group.positions)
            if name.startswith("states."):
                expected |= {f"{name}.{site}": (*shape, width) for site, width in widths.items()}
            elif self.has_predictions:
                expected[name] = (*shape, outcomes)
        return expected

    def _require_tensor(self, name: str, shape: tuple[int, int, int]) -> None:
        if name not in self.shapes:
            raise StatesError(f"{self.path} has no tensor {name}; wanted one of shape {shape}")
        if self.shapes[name] != shape:
            raise StatesError(f"{self.path}: {name} must have shape {shape}; got {self.shapes[name]}")
        tensor = self._file.get_slice(name)
        if tensor.get_dtype() not in DTYPES:
            raise StatesError(f"{self.path}: {name} must be of type {', '.join(DTYPES)}; got {tensor.get_dtype()}")
        step = max(1, BLOCK // max(1, int(np.prod(shape[1:]))))
        for start in range(0, shape[0], step):
            block = tensor[start : min(start + step, shape[0])]
            if not np.isfinite(block).all():
                row, position, entry = np.argwhere(~np.isfinite(block))[0]
                raise StatesError(
                    f"{self.path}: {name} must be finite; got {block[row, position, entry]} at"
                    f" ({start + row}, {position}, {entry})"
                )
