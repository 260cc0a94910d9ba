"""One owner at a time, by a lock that dies with the process that holds it.

A lock is the kernel's own (flock) on a hidden file of a run folder. The file stays; that it is there means nothing.
Whoever dies, by whatever signal, holds no lock any more, so there is none to clear away by hand.
"""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class BusyError(OSError):
    """Something that another process is at work on; one sentence."""


_mine: dict[Path, int] = {}
"""The thread of this process that owns a lock."""


@contextmanager
def owned(path: Path, what: str, wait: bool = False) -> Iterator[None]:
    """Own a lock while the block runs; an owner that asks again has it already.

    Parameters
    ----------
    path : Path
        The file that is locked; it is made if need be, in a folder that is there.
    what : str
        What the lock stands for, named in the error.
    wait : bool
        Wait until its owner is done or dead, in place of the error.

    Raises
    ------
    BusyError
        If another process, or another thread of this one, owns it.
    """
    path, thread = path.resolve(), threading.get_ident()
    if _mine.get(path) == thread:
        yield
        return
    file = _locked(path, what, wait)
    try:
        _mine[path] = thread
        yield
    finally:
        _mine.pop(path, None)
        os.close(file)


def _locked(path: Path, what: str, wait: bool) -> int:
    """Return the descriptor of a file that is locked and still stands at its path."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _stands_at(file, path):
                with suppress(OSError):  # whom to name is a courtesy, and no reason to stop where the disk is full
                    os.truncate(file, 0)
                    os.pwrite(file, f"process {os.getpid()}".encode(), 0)
                return file
        except BlockingIOError:
            owner = os.pread(file, 40, 0).decode("ascii", "replace") or "another process"
            os.close(file)
            raise BusyError(f"{what} is in use by {owner}; wait for it, or choose another folder") from None
        except BaseException:
            os.close(file)
            raise
        os.close(file)


def _stands_at(file: int, path: Path) -> bool:
    """Return whether a path still leads to an open file: its folder may have been renamed meanwhile."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False
