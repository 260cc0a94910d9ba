"""How much memory there is, asked before arrays are made: what can never fit is refused by a sentence and not tried."""

import os
from contextlib import suppress
from functools import cache
from pathlib import Path

from theory.checks import quoted

CGROUP = Path("/sys/fs/cgroup/memory.max")
"""Where Linux says what a container may use."""


class TooLargeError(ValueError):
    """Sizes whose arrays do not fit into memory; one sentence that names a size."""


@cache
def memory_bytes() -> int:
    """Return the memory of this machine, or the part of it that this process may use."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    with suppress(OSError, ValueError):  # no container, or one without a limit ("max")
        limits.append(int(CGROUP.read_text()))
    return min(limits)


def require_memory(name: str, value: int, needed: float) -> None:
    """Refuse a size whose arrays need more bytes than there are.

    Parameters
    ----------
    name, value : str, int
        The size that is named.
    needed : float
        An estimate from below, in bytes.
    """
    if needed > memory_bytes():
        there = f"{needed / 2**30:,.0f} GiB of memory, and there are {memory_bytes() / 2**30:.1f}"
        raise TooLargeError(f"{name} = {quoted(value)} needs at least {there}; choose a smaller one")
