"""Figures as the page holds them: inside it, so that it needs no other file."""

import base64
from dataclasses import dataclass

from theory import FAMILIES
from validate.figures import Drawn


@dataclass(frozen=True)
class Picture:
    """A figure with its drawing, ready to be embedded."""

    figure: Drawn
    data: str

    @classmethod
    def of(cls, figure: Drawn) -> "Picture":
        """Read a figure from disk."""
        return cls(figure, base64.b64encode(figure.path.read_bytes()).decode())

    @property
    def alternative(self) -> str:
        """What is told to those who do not see it."""
        family = FAMILIES[self.figure.family].title if self.figure.family in FAMILIES else self.figure.family
        return f"{family}: {self.figure.title}. {self.figure.caption}"
