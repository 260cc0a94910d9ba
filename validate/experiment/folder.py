"""A run is a folder; it belongs to one experiment, and its files are replaced whole or not at all."""

import glob
import itertools
import json
import math
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from model.files import PARTIAL, write_atomically
from validate.experiment.lock import BusyError, owned
from validate.experiment.schema import Experiment, ExperimentError, load_experiment

LOCK, LOCKS = ".lock", ".locks"
"""Locks of a run folder and of its pieces."""


class RunFolderError(OSError):
    """A run folder that cannot be used as asked."""


@contextmanager
def in_use(folder: Path) -> Iterator[None]:
    """Use a run folder, made if need be, alone while the block runs.

    What a killed owner had half written is removed, pieces by those who work on them (`piece_in_use`).

    Raises
    ------
    BusyError
        If another process uses it.
    RunFolderError
        If it cannot be written, or is not a run; nothing in it is changed then.
    """
    require_run(folder)
    with ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(owned(folder / LOCK, f"the run folder {folder}"))
            _tidy(folder, ".*", "figures/.*")
        except BusyError:
            raise
        except OSError as error:
            raise RunFolderError(f"the run folder {folder} cannot be written: {error.strerror}") from error
        yield


@contextmanager
def piece_in_use(folder: Path, name: str) -> Iterator[None]:
    """Work on a piece of a run, such as one network, alone: wait until whoever is at it is done or dead.

    A worker can outlive the process that hired it for a moment, one of an existing scheduler until its task is done.
    What one that was killed had half written of the piece is removed.
    """
    (folder / LOCKS).mkdir(parents=True, exist_ok=True)
    with owned(folder / LOCKS / name, name, wait=True):
        piece = glob.escape(name)
        _tidy(folder, f"*/.{piece}.*", f"*/{piece}/.*")
        yield


def _tidy(folder: Path, *patterns: str) -> None:
    for pattern in patterns:
        for partial in folder.glob(f"{pattern}{PARTIAL}"):
            partial.unlink(missing_ok=True)


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
    """Refuse a folder that holds files but no experiment, and not only what a run killed at its start leaves behind."""
    try:
        begun = folder.exists() and not (folder / "experiment.toml").exists()
        foreign = begun and not all(_is_ours(path.name) for path in folder.iterdir())
    except OSError as error:
        raise RunFolderError(f"the run folder {folder} cannot be read: {error.strerror}") from error
    if foreign:
        raise RunFolderError(f"{folder} holds files but no experiment.toml, so it is not a run; choose another folder")


def _is_ours(name: str) -> bool:
    return name in (LOCK, LOCKS) or (name.startswith(".") and name.endswith(PARTIAL))


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
    """Rename an existing run folder, keeping everything in it; returns its new path, or None if there was none.

    Raises
    ------
    BusyError, RunFolderError
        If a process is at work in it, it is not a run, or it cannot be renamed.
    """
    require_run(folder)
    if not folder.exists():
        return None
    folder = folder.resolve()
    with in_use(folder):
        numbers = itertools.count(1)
        aside = next(path for n in numbers if not (path := folder.with_name(f"{folder.name}.old-{n}")).exists())
        try:
            folder.rename(aside)
        except OSError as error:
            raise RunFolderError(f"{folder} cannot be set aside: {error.strerror}") from error
    return aside


def inside(folder: Path, name: str) -> Path:
    """Return the path of a file or folder of a run.

    Raises
    ------
    RunFolderError
        If a name or a link leads out of the run: what a stranger made may be read and reported, and nothing else.
    """
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise RunFolderError(f"{path} leads out of the run folder; a run holds its own files")
    return path


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
