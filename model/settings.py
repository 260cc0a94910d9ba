"""Settings are pydantic dataclasses, strict about types, whose errors are sentences.

`SETTINGS` takes no number for a switch, no text for a number, an integer for a real number, and neither NaN nor
infinity; a name it does not know is an error. `in_sentences` turns pydantic's report into one sentence for each thing
that is wrong: "peak_rate must be greater than 0; got -1.0".
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from pydantic import ConfigDict, ValidationError

SETTINGS = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
Settings = TypeVar("Settings")


def in_sentences(kind: type[Settings]) -> type[Settings]:
    """Make a pydantic dataclass raise ValueError with sentences of what was wanted and what was got."""
    construct: Callable[..., None] = kind.__init__

    @wraps(construct)
    def checked(self: Settings, *args: Any, **values: Any) -> None:
        try:
            construct(self, *args, **values)
        except ValidationError as error:
            raise ValueError(", and ".join(_sentence(dict(part), kind.__name__) for part in error.errors())) from None

    kind.__init__ = checked  # type: ignore[method-assign, assignment]
    return kind


def _sentence(error: dict[str, Any], kind: str) -> str:
    name = ".".join(map(str, error["loc"]))
    if error["type"] == "missing":
        return f"{kind} needs {name}"
    if error["type"] == "unexpected_keyword_argument":
        return f"{kind} has no {name}"
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    return f"{name} {error['msg'].replace('Input should', 'must', 1)}; got {error['input']!r}"
