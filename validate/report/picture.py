"""Figures as the page holds them: inside it, so that it needs no other file, and in as few bytes as they need."""

import re
from dataclasses import dataclass

from markupsafe import Markup

from theory import FAMILIES
from validate.figures import Drawn

_PATH = re.compile(r'(?<= d=")[^"]*')
_LONG = re.compile(r"(\.\d\d)\d+")
_IDLE = re.compile(r"<!--.*?-->|<metadata>.*?</metadata>|<\?xml.*?\?>|<!DOCTYPE.*?>", re.DOTALL)
_ESCAPED = {"%": "%25", "#": "%23", "'": "&apos;", '"': "'", "&": "&amp;"}
"""In this order: an address may hold neither % nor #, and stands between double quotes."""


def data_uri(svg: str) -> Markup:
    """Return a drawing as an address for an attribute in double quotes, paths to a hundredth of a point."""
    short = _PATH.sub(lambda path: _LONG.sub(r"\1", path.group()), _IDLE.sub("", svg))
    text = " ".join(short.split())
    for raw, escaped in _ESCAPED.items():
        text = text.replace(raw, escaped)
    return Markup(f"data:image/svg+xml,{text}")


@dataclass(frozen=True)
class Picture:
    """A figure with its drawing, ready to be embedded."""

    figure: Drawn
    address: Markup

    @classmethod
    def of(cls, figure: Drawn) -> "Picture":
        """Read a figure from disk."""
        return cls(figure, data_uri(figure.path.read_text("utf-8")))

    @property
    def alternative(self) -> str:
        """What is told to those who do not see it."""
        family = FAMILIES[self.figure.family].title if self.figure.family in FAMILIES else self.figure.family
        return f"{family}: {self.figure.title}. {self.figure.caption}"
