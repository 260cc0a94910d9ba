"""The training log of a run: one JSON object a line, each naming its network and step."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from validate.experiment.folder import write_text
from validate.statistics.intervals import Number

COLUMNS = ("family", "design", "seed", "step", "loss", "held_out")
"""What every row has."""


class MetricsRow(BaseModel):
    """One row, for those who read it; by population, and of Bayes predictors by name.

    Attributes
    ----------
    loss : float
        Of the batch, in nats or squared units, like every loss and distance.
    held_out : dict
        Mean loss.
    distance, phase : dict
        Mean distance to each Bayes predictor, and log10 of the ratio of those to M1 and M2; empty in logs without.
    inside : dict
        R2_OOD by site, where it was looked at.
    references : dict
        Mean losses of the Bayes predictors, in a network's first row.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    family: str
    design: str
    seed: int
    step: int
    loss: Number
    held_out: dict[str, Number]
    distance: dict[str, dict[str, Number]] = {}
    phase: dict[str, Number] = {}
    inside: dict[str, Number] = {}
    references: dict[str, dict[str, Number]] = {}


class Metrics:
    """Rows of ``metrics.jsonl``.

    Parameters
    ----------
    path : Path
        Created by the first row appended.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, row: Mapping[str, Any]) -> None:
        """Add one row."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def rows(self) -> list[dict[str, Any]]:
        """Return all rows; what is not a row (a line cut off by a kill, a stranger's line) is left out."""
        if not self.path.exists():
            return []
        found = (_parse(line) for line in self.path.read_text("utf-8", errors="replace").splitlines())
        return [row for row in found if isinstance(row, dict) and row.keys() >= set(COLUMNS)]

    def typed(self) -> list[MetricsRow]:
        """Return all rows as models."""
        return [MetricsRow.model_validate(row) for row in self.rows()]

    def training_seconds(self) -> float:
        """Return the seconds spent training, all networks and all calls together."""
        spent: dict[tuple[Any, ...], float] = {}
        for row in self.rows():
            network = row["family"], row["design"], row["seed"]
            spent[network] = max(spent.get(network, 0.0), row.get("seconds", 0.0))
        return sum(spent.values())

    def rewind(self, identity: Mapping[str, Any], step: int) -> None:
        """Drop a network's rows from `step` on: the training that follows writes them again."""
        rows = self.rows()
        kept = [row for row in rows if row["step"] < step or any(row[key] != identity[key] for key in identity)]
        if len(kept) < len(rows):
            write_text(self.path, "".join(json.dumps(row) + "\n" for row in kept))


def _parse(line: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        return None
