"""The one error that data, and not a caller's slip, can cause."""

from collections.abc import Iterator
from contextlib import contextmanager


class ImpossibleSequenceError(ValueError):
    """A sequence that no component of positive weight can have produced.

    Attributes
    ----------
    sequence, position : int
        The first such sequence, and its first target that is preceded by something impossible.
    """

    def __init__(self, sequence: int, position: int) -> None:
        super().__init__(
            f"sequence {sequence} is impossible under every task of positive weight "
            f"by position {position}, so it has no posterior"
        )
        self.sequence = sequence
        self.position = position


@contextmanager
def counted_from(start: int) -> Iterator[None]:
    """Name an impossible sequence by its place in the batch when the code inside sees only the part from `start`."""
    try:
        yield
    except ImpossibleSequenceError as error:
        raise ImpossibleSequenceError(start + error.sequence, error.position) from None
