"""What a network was found to be, kept beside it and never used when stale.

The key is a hash of the code that looks, of what the column is, and of the parameters of every snapshot. Seeds and
columns that are added to a map change no key; a new statistic changes all, and costs looks and no training.
"""

import hashlib
import json
from functools import cache
from pathlib import Path

import numpy as np
from pydantic import ValidationError

import model
import theory
from model import load_checkpoint
from validate.experiment.fingerprints import digest_of
from validate.experiment.folder import write_text
from validate.phase.experiment import Column, comparable
from validate.phase.found import ColumnResult
from validate.phase.looks import look_at
from validate.runs.kept import heading
from validate.training.snapshots import snapshot_path

LOOKING = ("capture", "statistics", "experiment", "training/span_course.py", "phase/looks.py", "phase/found.py")
"""Below `validate`: what a look depends on."""


@cache
def looking_code() -> str:
    """Return a hash of the code that looks: `theory`, `model`, and what of `validate` it depends on."""
    base = Path(__file__).parents[1]
    places = [Path(theory.__file__).parent, Path(model.__file__).parent, *(base / part for part in LOOKING)]
    files = {path for place in places for path in (place.rglob("*.py") if place.is_dir() else [place])}
    return digest_of(files, base.parent)


def look_key(column: Column, folder: Path) -> str:
    """Return the hash under which a column is kept."""
    digest = hashlib.sha256(looking_code().encode())
    plan = column.plan
    digest.update(json.dumps([column.identity, comparable(plan.seed_plan.plan), column.looked_at]).encode())
    for array in (plan.mixture.pool.parameters, plan.mixture.weights):
        digest.update(np.ascontiguousarray(array).tobytes())
    for step in column.looked_at:
        digest.update(load_checkpoint(snapshot_path(plan, folder / column.home, step)).buffer.tobytes())
    return digest.hexdigest()


def looked_path(column: Column, folder: Path) -> Path:
    """Return where a column is kept in the folder of a map."""
    return folder / column.home / "looked" / f"{column.plan.file_name}.json"


def looked(column: Column, folder: Path) -> ColumnResult:
    """Return what a column's network was found to be, from its file if that is still true, else by looking."""
    path, key = looked_path(column, folder), look_key(column, folder)
    if path.is_file():
        try:
            first, _, rest = path.read_text("utf-8").partition("\n")
            if first == heading(key, rest):
                return ColumnResult.model_validate_json(rest)
        except (ValueError, ValidationError):  # damaged: it costs a look
            pass
    found = look_at(column, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = found.model_dump_json()
    write_text(path, f"{heading(key, content)}\n{content}")
    return found
