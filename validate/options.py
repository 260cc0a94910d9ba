"""Options that several commands share, and how wide text is printed that does not go to a terminal.

Nothing here may load NumPy: which BLAS kernel it takes is settled by an option.
"""

from pathlib import Path
from typing import Annotated, Literal

import typer

Preset = Annotated[str | None, typer.Option(help="Shipped experiment: quick, minimal (the default) or paper.")]
File = Annotated[Path | None, typer.Option("--experiment", help="An experiment file, instead of a preset.")]
Families = Annotated[
    list[str] | None,
    typer.Option("--family", metavar="NAME", help="Only this family of the experiment; give it again for another."),
]
Seeds = Annotated[
    list[str] | None,
    typer.Option(metavar="N,N,...", help="These seeds in place of the experiment's own, such as 0,1,2."),
]
Out = Annotated[Path | None, typer.Option(help="Run folder; runs/<name of the experiment> unless given.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Set an existing run folder aside (renamed) and start anew.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress while training.")]
Blas = Annotated[
    Literal["pinned", "auto"],
    typer.Option(help="auto drops OPENBLAS_CORETYPE before NumPy loads, so that OpenBLAS chooses its own kernel."),
]
All = Annotated[bool, typer.Option("--all", help="Print every claim, not only how the primary ones stand.")]
Scheduler = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="An existing Dask scheduler, such as tcp://127.0.0.1:8786."),
]
Workers = Annotated[
    int | None,
    typer.Option(metavar="N", min=0, help="Worker processes, as many as processors unless given; 0: this process."),
]
