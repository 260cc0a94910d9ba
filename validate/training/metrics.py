"""The training log of a network: one JSON object a line, and the log of a run, which is all of them.

Each network writes a log of its own, because several are trained at a time; the run's ``metrics.jsonl`` is put together
from them.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from validate.experiment.folder import RunFolderError, write_text
from validate.experiment.network_plan import NetworkPlan
from validate.statistics.intervals import Number


class MetricsRow(BaseModel):
    """One row; by population, and of Bayes predictors by name.

    Attributes
    ----------
    loss : float
        Of the batch, in nats or squared units, like every loss and distance.
    held_out : dict
        Mean loss.
    distance, phase : dict
        Mean divergence from each Bayes predictor, and log10 of the ratio of those from M1 and M2.
    skill : float
        `capture.skill`, on sequences such as the network is trained on.
    inside : dict
        R2_OOD by site, where it was looked at.
    references : dict
        Mean losses of the Bayes predictors, in a network's first row.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    family: str
    design: str
    arm: str = ""
    seed: int
    step: int
    loss: Number
    seconds: float = 0.0
    held_out: dict[str, Number]
    distance: dict[str, dict[str, Number]] = {}
    phase: dict[str, Number] = {}
    skill: Number = float("nan")
    inside: dict[str, Number] = {}
    references: dict[str, dict[str, Number]] = {}


class Metrics:
    """Rows of a log.

    Parameters
    ----------
    path : Path
        Created by the first row appended.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, row: Mapping[str, Any]) -> None:
        """Add one row; a line that a full disk or a kill cut off before it stays by itself."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists() and not self.path.is_file():
            raise RunFolderError(f"{self.path} is not a file")
        cut = self.path.exists() and self.path.read_bytes()[-1:] not in (b"", b"\n")
        with self.path.open("a", encoding="utf-8") as file:
            file.write("\n" * cut + _signed(json.dumps(row)) + "\n")
            file.flush()
            os.fsync(file.fileno())  # a checkpoint that is on the disk must find the rows before it there

    def rows(self) -> list[MetricsRow]:
        """Return all rows; what is not a row (a line cut off by a kill, a stranger's line) is left out."""
        return [row for row, _ in self.kept()]

    def kept(self) -> list[tuple[MetricsRow, str]]:
        """Return all rows with their lines; a row that stands twice is one row."""
        rows: dict[tuple[str, str, str, int, int], tuple[MetricsRow, str]] = {}
        for line in self._lines():
            if (row := _parse(line)) is not None:
                rows[row.family, row.design, row.arm, row.seed, row.step] = row, line
        return list(rows.values())

    def rewind(self, step: int) -> None:
        """Drop the rows from `step` on: the training that follows writes them again."""
        lines = self._lines()
        kept = [line for line in lines if (row := _parse(line)) is not None and row.step < step]
        if len(kept) < len([line for line in lines if line]):
            write_text(self.path, "".join(line + "\n" for line in kept))

    @property
    def damaged(self) -> int:
        """How many lines are no rows, or not the rows that were written."""
        return sum(_parse(line) is None for line in self._lines() if line)

    def _lines(self) -> list[str]:
        return self.path.read_text("utf-8", errors="replace").split("\n") if self.path.is_file() else []


CHECK = re.compile(r', "check": "([0-9a-f]{16})"\}$')
"""Ends a row: the first digits of the hash of the row without it."""


def _signed(row: str) -> str:
    return f'{row[:-1]}, "check": "{_hash(row)}"}}'


def _hash(row: str) -> str:
    return hashlib.sha256(row.encode("utf-8", "replace")).hexdigest()[:16]


def _parse(line: str) -> MetricsRow | None:
    """Return the row of a line, None if it is none or was changed since it was written; a row need not be signed."""
    found = CHECK.search(line)
    if found and _hash(line[: found.start()] + "}") != found[1]:
        return None
    if not found and '"check"' in line:
        return None
    try:
        return MetricsRow.model_validate_json(line)
    except ValidationError:
        return None


def last_row(path: Path) -> MetricsRow | None:
    """Return the last row of a log, if it has one."""
    rows = Metrics(path).rows()
    return rows[-1] if rows else None


def write_metrics(networks: Iterable[NetworkPlan], folder: Path) -> list[MetricsRow]:
    """Put the log of a run together from those of its networks; returns its rows."""
    logs = [Metrics(plan.metrics(folder)) for plan in networks]
    lines = [line for log in logs for _, line in log.kept()]
    write_text(folder / "metrics.jsonl", "".join(f"{line}\n" for line in lines))
    return Metrics(folder / "metrics.jsonl").rows()


def gaps(networks: Iterable[NetworkPlan], folder: Path) -> list[str]:
    """Return a sentence for each trained network whose log lacks rows: its curves by step show less than there was."""
    sentences = []
    for plan in networks:
        settings, path = plan.training, plan.metrics(folder)
        wanted = {*range(0, settings.steps, settings.record_every), settings.steps - 1}
        found = {row.step for row in Metrics(path).rows()}
        if missing := wanted - found:
            sentences.append(f"{path} lacks {len(missing)} of {len(wanted)} rows, which were lost or damaged since")
    return sentences


def training_seconds(rows: Iterable[MetricsRow]) -> float:
    """Return the seconds spent training, all networks and all calls together."""
    spent: dict[tuple[str, str, str, int], float] = {}
    for row in rows:
        network = row.family, row.design, row.arm, row.seed
        spent[network] = max(spent.get(network, 0.0), row.seconds)
    return sum(spent.values())
