"""A console on which nothing that comes from a file or a name is markup or terminal control.

Rich reads ``[b]`` and ``:smile:`` in what it prints, and passes escape codes on. Here text is text, and what a terminal
would obey (control characters, also those of C1, and characters that turn the direction of writing) is shown as its
escape.
"""

from typing import Any

from rich.console import Console
from rich.text import Text

KEPT = "\n\t"
TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def visible(text: str) -> str:
    """Return text with everything a terminal would obey written as its escape: ESC is four characters."""
    if text.isprintable() and TURNING.isdisjoint(text):
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    obeyed = ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 or 0xD800 <= ord(character) < 0xE000
    if character in KEPT or not (obeyed or character in TURNING or character in "\u2028\u2029"):
        return character
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")


class PlainConsole(Console):
    """A console for text that strangers wrote; styles are given as `Text`."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(markup=False, emoji=False, **settings)

    def render_str(self, text: str, **settings: Any) -> Text:
        """Turn a string into what is shown."""
        return super().render_str(visible(text), **settings)
