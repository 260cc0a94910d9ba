"""Text that a stranger wrote: read with a limit, parsed with a limit, and quoted in one short line.

at most 64 KiB of UTF-8, with or without a byte order mark, lines ended as on any system
keys of at most 16 dotted parts, tables and lists nested at most 16 deep, whole numbers of 64 bits
"""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from theory.checks import quoted

LONGEST = 2**16
"""Bytes of a file."""

DEEPEST = 16
"""Parts of a dotted key, and tables and lists one inside the other."""

_PART = r"""(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')"""
_DOTTED = re.compile(rf"(?<![\w\"'-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{DEEPEST},}}")


class TextError(ValueError):
    """Text that cannot be read or parsed; the message goes on from the name of its origin."""


def key(parts: Iterable[object]) -> str:
    """Return the place of a value, such as ``families.dice.majors``, a strange name in quotes."""
    return ".".join(p if re.fullmatch(r"[\w-]{1,60}", p, re.ASCII) else quoted(p) for p in map(str, parts))


def one_line(message: str) -> str:
    """Return a message as one line of at most 300 characters, all of which can be printed."""
    line = "".join(c if c.isprintable() else " " for c in message)
    return line if len(line) <= 300 else line[:297] + "..."


def read(path: Path) -> str:
    """Read a file.

    Raises
    ------
    TextError
        If it is no file, is too long, or is no UTF-8.
    """
    try:
        if path.exists() and not path.is_file():
            raise TextError("is not a file")
        with path.open("rb") as file:
            data = file.read(LONGEST + 1)
        if len(data) > LONGEST:
            raise TextError(f"is longer than {LONGEST} bytes")
        return data.decode("utf-8-sig")
    except OSError as error:
        raise TextError(error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        mark = data[:2] in (b"\xff\xfe", b"\xfe\xff")
        what = "begins with the byte order mark of UTF-16" if mark else f"byte {error.start} cannot be decoded"
        raise TextError(f"it must be UTF-8, and {what}") from error
    except ValueError as error:  # a path with a null character
        raise TextError(str(error)) from error


def parse(text: str) -> dict[str, Any]:
    """Parse TOML.

    Raises
    ------
    TextError
        If it is none, or goes beyond the limits.
    """
    text = text.removeprefix("\ufeff")
    if len(text) > LONGEST:
        raise TextError(f"is longer than {LONGEST} characters")
    try:
        if _DOTTED.search(text):
            raise TextError(f"has a key of more than {DEEPEST} dotted parts")
        content = tomllib.loads(text)
        _require_modest(content, 0)
    except tomllib.TOMLDecodeError as error:
        raise TextError(f"is not valid TOML: {one_line(str(error))}") from error
    except RecursionError as error:
        raise TextError(f"nests tables or lists more than {DEEPEST} deep") from error
    except TextError:
        raise
    except (ValueError, OverflowError) as error:  # from Python's own parsing of numbers and dates
        raise TextError("is not valid TOML: it holds a number or a date that cannot be read") from error
    return content


def _require_modest(value: Any, depth: int) -> None:
    if depth > DEEPEST:
        raise TextError(f"nests tables or lists more than {DEEPEST} deep")
    if isinstance(value, dict):
        for name, entry in value.items():
            try:
                _require_modest(entry, depth + 1)
            except _TooLargeError as error:
                raise TextError(f"{key([name])} must be a whole number of 64 bits; got {error}") from None
    elif isinstance(value, list):
        for entry in value:
            _require_modest(entry, depth + 1)
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise _TooLargeError(quoted(value))


class _TooLargeError(Exception):
    """A whole number of more than 64 bits."""
