"""Options that several commands share, written once.

A command takes them as one dataclass of annotated fields, `RunOptions` or another, and `with_options` shows the fields
to Typer as options of the command:

    @app.command()
    @with_options(RunOptions)
    def train(run: RunOptions) -> None: ...
"""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

WIDTH = 170
"""Columns of what is not printed on a terminal; here, because it is wanted before NumPy may be loaded."""

Preset = Annotated[str | None, typer.Option(help="Shipped experiment: quick, minimal (the default) or paper.")]
File = Annotated[Path | None, typer.Option("--experiment", help="An experiment file, instead of a preset.")]
Out = Annotated[Path | None, typer.Option(help="Run folder; runs/<name of the experiment> unless given.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Set an existing run folder aside (renamed) and start anew.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress while training.")]
Blas = Annotated[
    Literal["pinned", "auto"],
    typer.Option(help="auto drops OPENBLAS_CORETYPE before NumPy loads, so that OpenBLAS chooses its own kernel."),
]


@dataclass(frozen=True, kw_only=True)
class ExperimentOptions:
    """Which experiment."""

    preset: Preset = None
    experiment: File = None


@dataclass(frozen=True, kw_only=True)
class RunOptions(ExperimentOptions):
    """Which networks to train, where, and what to show meanwhile."""

    family: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this family of the experiment; give it again for another."),
    ] = None
    seeds: Annotated[
        list[str] | None,
        typer.Option(metavar="N,N,...", help="These seeds in place of the experiment's own, such as 0,1,2."),
    ] = None
    out: Out = None
    fresh: Fresh = False
    quiet: Quiet = False
    blas: Blas = "pinned"


def with_options(options: type) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return the decorator that replaces a command's first parameter by the fields of a dataclass."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        first, *own = inspect.signature(command).parameters.values()
        shared = [
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if field.default is MISSING else field.default,
                annotation=field.type,
            )
            for field in fields(options)
        ]
        parameters = shared + [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own]

        @wraps(command)
        def expanded(**given: Any) -> None:
            values = {field.name: given.pop(field.name) for field in fields(options)}
            command(**{first.name: options(**values)}, **given)

        # Typer reads the signature and the annotations.
        signature = inspect.Signature(parameters)
        expanded.__signature__ = signature  # type: ignore[attr-defined]
        expanded.__annotations__ = {p.name: p.annotation for p in parameters}
        return expanded

    return decorate
