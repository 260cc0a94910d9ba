"""A run is a folder; it belongs to one experiment, and its files are replaced whole or not at all."""

import itertools
import json
import math
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from model.files import write_atomically
from validate.experiment.schema import Experiment, ExperimentError, load_experiment


class RunFolderError(OSError):
    """A run folder that cannot be used as asked."""


def open_run(folder: Path, experiment: Experiment, inside: Iterable[str] = ("checkpoints", "figures")) -> None:
    """Create a run folder for an experiment, or enter one that already holds it.

    Parameters
    ----------
    experiment : Experiment
        Or one of its kinds.
    inside : iterable of str
        The folders a run of it needs.

    Raises
    ------
    RunFolderError
        If the folder cannot be written, or holds another experiment or something that is not a run. Nothing in it is
        changed then.
    """
    require_run(folder)
    path = folder / "experiment.toml"
    if path.exists():
        _require_same(path, experiment)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # The experiment comes first: a run that is killed here is still known for a run.
        if not path.exists():
            write_text(path, experiment.to_toml())
        for name in inside:
            (folder / name).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise RunFolderError(f"the run folder {folder} cannot be written: {error.strerror}") from error


def require_run(folder: Path) -> None:
    """Refuse a folder that holds files but no experiment: it is somebody else's."""
    try:
        foreign = folder.exists() and not (folder / "experiment.toml").exists() and any(folder.iterdir())
    except OSError as error:
        raise RunFolderError(f"the run folder {folder} cannot be read: {error.strerror}") from error
    if foreign:
        raise RunFolderError(f"{folder} holds files but no experiment.toml, so it is not a run; choose another folder")


def _require_same(path: Path, experiment: Experiment) -> None:
    try:
        held = load_experiment(path, type(experiment))
    except ExperimentError as error:
        raise RunFolderError(f"{error}; choose another folder with --out") from error
    if held != experiment:
        raise RunFolderError(
            f"{path.parent} holds another experiment ({held.name}, see {path}); choose another folder with --out"
        )


def set_aside(folder: Path) -> Path | None:
    """Rename an existing run folder, keeping everything in it; returns its new path, or None if there was none."""
    require_run(folder)
    if not folder.exists():
        return None
    folder = folder.resolve()
    numbers = itertools.count(1)
    aside = next(path for n in numbers if not (path := folder.with_name(f"{folder.name}.old-{n}")).exists())
    try:
        folder.rename(aside)
    except OSError as error:
        raise RunFolderError(f"{folder} cannot be set aside: {error.strerror}") from error
    return aside


def write_text(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old content or the new, never a part."""
    write_atomically(path, text.encode())


def to_json(content: Any) -> str:
    """Return strict JSON; undefined numbers (nan, infinities) become null."""
    return json.dumps(_finite(content), indent=1, allow_nan=False, ensure_ascii=False)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
