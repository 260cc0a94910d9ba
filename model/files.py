"""Files that are replaced whole or not at all."""

import os
import tempfile
from pathlib import Path

PARTIAL = ".partial"
"""Ends the name of what is not yet written: `.<name>.<anything>.partial`; a writer that is killed leaves it behind."""


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old content or the new, whenever the writer is stopped.

    It is written beside its place under a name of its own, flushed to the disk, and renamed over it; then the folder
    is flushed.

    Raises
    ------
    OSError
        If it cannot be written; what was at `path` is still there.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=PARTIAL)
    partial = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.chmod(0o644)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
