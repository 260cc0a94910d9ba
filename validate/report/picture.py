"""Figures as the page holds them: inside it, so that it needs no other file, and packed until they are looked at."""

import base64
import gzip
import re
from dataclasses import dataclass

from theory import title_of
from validate.figures import Drawn

_PATH = re.compile(r'(?<= d=")[^"]*')
_LONG = re.compile(r"(\.\d\d)\d+")


def shortened(svg: bytes) -> bytes:
    """Return a drawing whose paths are given to a hundredth of a point."""
    return _PATH.sub(lambda path: _LONG.sub(r"\1", path.group()), svg.decode()).encode()


def packed(svg: bytes) -> str:
    """Return a drawing as the script of the page unpacks it: gzip, then base64; equal drawings give equal text."""
    return base64.b64encode(gzip.compress(shortened(svg), mtime=0)).decode()


def address(svg: bytes) -> str:
    """Return a drawing as an address, for an image that is seen at once."""
    return f"data:image/svg+xml;base64,{base64.b64encode(shortened(svg)).decode()}"


@dataclass(frozen=True)
class Picture:
    """A figure with its drawing, ready to be embedded."""

    figure: Drawn
    packed: str

    @classmethod
    def of(cls, figure: Drawn) -> "Picture":
        """Read a figure from disk."""
        return cls(figure, packed(figure.path.read_bytes()))

    @property
    def alternative(self) -> str:
        """What is told to those who do not see it."""
        return f"{title_of(self.figure.family)}: {self.figure.title}. {self.figure.caption}"
