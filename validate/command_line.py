"""The command line: ``python -m validate reproduce | train | report | doctor``.

Every foreseeable failure is one sentence on standard error and exit status 2; training that diverged exits with 1.
Nothing that was trained is lost by either.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer
from rich.console import Console

if TYPE_CHECKING:
    from validate.experiment import Experiment

app = typer.Typer(
    help="Judge the claims of arXiv:2605.03780 on small transformers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Preset = Annotated[str | None, typer.Option(help="Shipped experiment: quick, minimal (the default) or paper.")]
File = Annotated[Path | None, typer.Option("--experiment", help="An experiment file, instead of a preset.")]
Out = Annotated[Path | None, typer.Option(help="Run folder; runs/<name of the experiment> unless given.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Set an existing run folder aside (renamed) and start anew.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress while training.")]
Blas = Annotated[
    Literal["pinned", "auto"],
    typer.Option(help="auto drops OPENBLAS_CORETYPE before NumPy loads, so that OpenBLAS chooses its own kernel."),
]


def _settle_blas(choice: str, console: Console) -> None:
    """Drop the pin of the BLAS kernel if asked to, or say what it costs; NumPy is not loaded before this."""
    if choice == "auto":
        os.environ.pop("OPENBLAS_CORETYPE", None)
        return
    from model.blas import pin_warning

    if warning := pin_warning():
        console.print(f"{warning}, or give --blas auto.", highlight=False, soft_wrap=True)


@contextmanager
def _sentences() -> Iterator[None]:
    """Turn the errors a user can cause into a sentence and an exit status."""
    from model import CheckpointError, DivergenceError
    from theory import ImpossibleSequenceError
    from validate.experiment import ExperimentError

    try:
        yield
    except (ExperimentError, OSError) as error:
        _fail(str(error), 2)
    except ImpossibleSequenceError as error:
        _fail(f"a predictor met a sequence it excludes: {error}", 2)
    except MemoryError:
        _fail("the experiment needs more memory than there is; choose smaller sizes", 2)
    except CheckpointError as error:
        _fail(f"{error}; choose another folder with --out, or set this one aside with --fresh", 2)
    except DivergenceError as error:
        _fail(str(error), 1)
    except KeyboardInterrupt:
        _fail("interrupted; the same command goes on from the last checkpoint", 130)


def _fail(sentence: str, status: int) -> NoReturn:
    typer.echo(f"error: {sentence}", err=True)
    raise typer.Exit(status)


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=150)


def _start(
    preset: str | None, experiment: Path | None, out: Path | None, fresh: bool, announce: Callable[[str], None]
) -> "tuple[Experiment, Path]":
    """Return the experiment asked for and its run folder."""
    from validate.experiment import ExperimentError, load_experiment, load_preset
    from validate.run_folder import set_aside

    if preset and experiment:
        raise ExperimentError("give --preset or --experiment, not both")
    chosen = load_experiment(experiment) if experiment else load_preset(preset or "minimal")
    folder = out or Path("runs") / chosen.name
    if fresh and (aside := set_aside(folder)):
        announce(f"The earlier run is kept as {aside}.")
    return chosen, folder


@app.command()
def reproduce(
    preset: Preset = None,
    experiment: File = None,
    out: Out = None,
    fresh: Fresh = False,
    quiet: Quiet = False,
    blas: Blas = "pinned",
) -> None:
    """Train, measure, judge and report: the whole line."""
    console = _console()
    _settle_blas(blas, console)
    with _sentences():
        from validate.console import print_claims
        from validate.report import write_report
        from validate.reproduce import reproduce as run

        started = time.perf_counter()
        chosen, folder = _start(preset, experiment, out, fresh, console.print)
        results = run(chosen, folder, console.print, progress=not quiet)
        console.print("Drawing the figures and writing the report.")
        print_claims(console, results, write_report(folder))
        console.print(f"{time.perf_counter() - started:.0f} s in all.")


@app.command()
def train(
    preset: Preset = None,
    experiment: File = None,
    out: Out = None,
    fresh: Fresh = False,
    quiet: Quiet = False,
    blas: Blas = "pinned",
) -> None:
    """Train the networks of an experiment, or go on with them, and measure nothing."""
    console = _console()
    _settle_blas(blas, console)
    with _sentences():
        from validate.reproduce import train_all
        from validate.run_folder import open_run

        chosen, folder = _start(preset, experiment, out, fresh, console.print)
        open_run(folder, chosen)
        train_all(chosen, folder, progress=not quiet)
        console.print(f"Checkpoints: {folder / 'checkpoints'}")


@app.command()
def report(folder: Annotated[Path, typer.Argument(help="Folder of a finished run.")]) -> None:
    """Draw the figures and write the report of a finished run again, and print its claims."""
    console = _console()
    with _sentences():
        from validate.console import print_claims
        from validate.report import write_report
        from validate.run_folder import read_results

        print_claims(console, read_results(folder), write_report(folder))


@app.command()
def doctor() -> None:
    """Print versions, BLAS library and kernel type, threads, and what to change."""
    from validate.doctor import examine

    examine(_console())
