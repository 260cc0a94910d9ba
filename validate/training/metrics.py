"""The training log of a run: one JSON object a line, each naming its network and step."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from validate.experiment.folder import write_text

COLUMNS = ("family", "design", "seed", "step", "loss", "held_out")
"""What every row has."""


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
