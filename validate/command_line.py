"""The command line, ``python -m validate``.

reproduce, train, report, sweep, phase, sequences, measure, calibrate and doctor are its commands.

Every foreseeable failure is one sentence on standard error and exit status 2; training that diverged exits with 1.
Nothing that was trained is lost by either.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from typer.core import TyperGroup

from validate.options import All, Blas, Families, File, Fresh, Out, Preset, Quiet, Scheduler, Seeds, Workers
from validate.report.plain import PlainConsole, visible

if TYPE_CHECKING:
    from validate.experiment.schema import Experiment

WIDTH = 170
"""Columns of what is not printed on a terminal."""

UsageError: Any = typer.BadParameter.__base__
"""What Typer raises for an option or a value it does not know."""


class OneSentence(TyperGroup):
    """Commands that answer wrong usage with one sentence too."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command asked for."""
        try:
            return super().invoke(ctx)
        except UsageError as error:
            _fail(error.format_message(), 2)


app = typer.Typer(
    cls=OneSentence,
    help="Judge the claims of arXiv:2605.03780 on small transformers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _settle_blas(choice: str, console: Console) -> None:
    """Drop the pin of the BLAS kernel if asked to, or say what it costs; NumPy is not loaded before this."""
    if choice == "auto":
        os.environ.pop("OPENBLAS_CORETYPE", None)
        return
    from validate.runs.pin import pin_warning

    if warning := pin_warning():
        console.print(f"{warning}, or give --blas auto.", highlight=False, soft_wrap=True)


@contextmanager
def _sentences() -> Iterator[None]:
    """Turn the errors a user can cause into a sentence and an exit status."""
    from model import CheckpointError, DivergenceError
    from theory import ImpossibleSequenceError
    from validate.experiment.schema import ExperimentError
    from validate.own_states.errors import StatesError

    try:
        yield
    except (ExperimentError, StatesError, OSError) as error:
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
    typer.echo(f"error: {visible(sentence)}", err=True)
    raise typer.Exit(status)


def _console() -> Console:
    console = PlainConsole()
    return console if console.is_terminal else PlainConsole(width=WIDTH)


def _experiment(preset: str | None, file: Path | None) -> "Experiment":
    """Return the experiment asked for."""
    from validate.experiment.schema import ExperimentError, load_experiment, load_preset

    if preset and file:
        raise ExperimentError("give --preset or --experiment, not both")
    return load_experiment(file) if file else load_preset(preset or "minimal")


def _selected(
    preset: str | None, file: Path | None, families: list[str] | None, seeds: list[str] | None
) -> "Experiment":
    """Return the experiment asked for, with the families and seeds asked for."""
    from validate.experiment.selection import parse_seeds, select

    return select(_experiment(preset, file), families or (), parse_seeds(seeds or ()))


def _folder(out: Path | None, name: str, fresh: bool, console: Console) -> Path:
    """Return the folder of a run; if it is to be a fresh one, what is there is set aside."""
    from validate.experiment.folder import set_aside

    folder = out or Path("runs") / name
    if fresh and (aside := set_aside(folder)):
        console.print(f"The earlier run is kept as {aside}.", highlight=False)
    return folder


@app.command()
def reproduce(
    preset: Preset = None,
    experiment: File = None,
    family: Families = None,
    seeds: Seeds = None,
    claims: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Judge only this claim, such as P0; give it again for another."),
    ] = None,
    out: Out = None,
    fresh: Fresh = False,
    quiet: Quiet = False,
    everything: All = False,
    blas: Blas = "pinned",
    scheduler: Scheduler = None,
    workers: Workers = None,
) -> None:
    """Train, measure, judge and report: the whole line."""
    console = _console()
    _settle_blas(blas, console)
    with _sentences():
        from validate.claims.catalogue import select_claims
        from validate.experiment.folder import in_use, open_run
        from validate.report.console import print_claims
        from validate.report.page import write_report
        from validate.runs.beforehand import require_experiment
        from validate.runs.reproduce import reproduce as whole_line
        from validate.runs.reproduce import say_how_long
        from validate.runs.scheduler import mapped, n_workers
        from validate.runs.scheduler import workers as hired

        started = time.perf_counter()
        chosen = _selected(preset, experiment, family, seeds)
        wanted = select_claims(chosen, claims or ())
        require_experiment(chosen)
        folder = _folder(out, chosen.name, fresh, console)
        with in_use(folder):
            open_run(folder, chosen)
            with hired(scheduler, workers) as client:
                say_how_long(chosen, folder, console.print, n_workers(client), measure=True)
                results = whole_line(chosen, folder, client, console, wanted, quiet)
                console.print("Drawing the figures and writing the report.")
                written = write_report(folder, mapped(client))
            print_claims(console, results, written, everything)
        console.print(f"{time.perf_counter() - started:.0f} s in all.")


@app.command()
def train(
    preset: Preset = None,
    experiment: File = None,
    family: Families = None,
    seeds: Seeds = None,
    out: Out = None,
    fresh: Fresh = False,
    quiet: Quiet = False,
    blas: Blas = "pinned",
    scheduler: Scheduler = None,
    workers: Workers = None,
) -> None:
    """Train the networks of an experiment, or go on with them, and measure nothing."""
    console = _console()
    _settle_blas(blas, console)
    with _sentences():
        from validate.experiment.folder import in_use, open_run
        from validate.runs.beforehand import require_experiment
        from validate.runs.reproduce import say_how_long, train_all
        from validate.runs.scheduler import n_workers
        from validate.runs.scheduler import workers as hired

        chosen = _selected(preset, experiment, family, seeds)
        require_experiment(chosen)
        folder = _folder(out, chosen.name, fresh, console)
        with in_use(folder):
            open_run(folder, chosen)
            with hired(scheduler, workers) as client:
                say_how_long(chosen, folder, console.print, n_workers(client), measure=False)
                train_all(chosen, folder, client, console, quiet)
        console.print(f"Checkpoints: {folder / 'checkpoints'}")


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="Folder of a finished run, a sweep or a map.")], everything: All = False
) -> None:
    """Draw the figures and write the report of a finished run again, and print its claims."""
    console = _console()
    with _sentences():
        from validate.judging.results import read_results, whole_results
        from validate.phase.report import write_phase_report
        from validate.report.console import print_claims
        from validate.report.page import write_report
        from validate.sweep.report import write_sweep_report

        with whole_results(folder):
            if (folder / "phase.json").exists():
                console.print(f"Report: {write_phase_report(folder)}")
                return
            if (folder / "sweep.json").exists():
                console.print(f"Report: {write_sweep_report(folder)}")
                return
            print_claims(console, read_results(folder), write_report(folder), everything)


@app.command()
def sweep(
    experiment: Annotated[Path | None, typer.Option(help="A sweep file, instead of the shipped one.")] = None,
    out: Out = None,
    fresh: Fresh = False,
    blas: Blas = "pinned",
    scheduler: Scheduler = None,
    workers: Workers = None,
) -> None:
    """Vary the training distribution, one axis at a time, and report what the geometry does."""
    console = _console()
    _settle_blas(blas, console)
    with _sentences():
        from validate.runs.scheduler import workers as hired
        from validate.sweep import load_sweep, run_sweep

        chosen = load_sweep(experiment or "sweep")
        folder = _folder(out, chosen.name, fresh, console)
        with hired(scheduler, workers) as client:
            written = run_sweep(chosen, folder, console.print, client)
        console.print(f"Report: {written}")


@app.command()
def phase(
    preset: Annotated[
        str | None, typer.Option(help="Shipped map: quick (unless given), minimal, paper, neighbours or axes.")
    ] = None,
    experiment: Annotated[Path | None, typer.Option(help="A map file, instead of a preset.")] = None,
    family: Families = None,
    mixture: Annotated[
        list[str] | None,
        typer.Option(
            help="Majors and N minors (minors), or a pool of N tasks, uniform (pool) or of unequal weights (unequal);"
            " repeatable."
        ),
    ] = None,
    seeds: Seeds = None,
    out: Out = None,
    fresh: Fresh = False,
    quiet: Quiet = False,
    blas: Blas = "pinned",
    scheduler: Scheduler = None,
    workers: Workers = None,
) -> None:
    """Map which mode networks are in over training and task diversity, beside what theory predicts."""
    console = _console()
    _settle_blas(blas, console)
    with _sentences():
        from validate.experiment.schema import ExperimentError
        from validate.experiment.selection import parse_seeds, select
        from validate.phase import load_map, run_map
        from validate.runs.scheduler import workers as hired

        if preset and experiment:
            raise ExperimentError("give --preset or --experiment, not both")
        asked = load_map(experiment or preset or "quick")
        chosen = select(asked, family or (), parse_seeds(seeds or ())).of_mixtures(mixture or ())
        folder = _folder(out, chosen.name, fresh, console)
        with hired(scheduler, workers) as client:
            written = run_map(chosen, folder, client, console, quiet)
        console.print(f"Report: {written}")


@app.command()
def sequences(
    out: Annotated[Path, typer.Option(help="The file to write, such as sequences.safetensors.")],
    preset: Preset = None,
    experiment: File = None,
    family: Annotated[str | None, typer.Option(help="Of the experiment's families; not needed if it has one.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the family's seeds; the first unless given.")] = None,
) -> None:
    """Write the sequences a network of your own has to read, so that `measure` can judge its states."""
    console = _console()
    with _sentences():
        from validate.own_states.command import write_sequences

        console.print(write_sequences(_experiment(preset, experiment), family, seed, out), highlight=False)


@app.command()
def measure(
    states: Annotated[
        list[Path], typer.Argument(metavar="STATES...", help="States of trained networks, one file a network.")
    ],
    preset: Preset = None,
    experiment: File = None,
    untrained: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="States of an untrained network of the same shape; repeatable."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the results; <first file>.measured unless given.")
    ] = None,
) -> None:
    """Judge states that were captured elsewhere, for sequences written by `sequences`."""
    console = _console()
    with _sentences():
        from validate.experiment.folder import write_text
        from validate.own_states.command import measure_files
        from validate.report.console import as_text, print_states

        folder = out or states[0].with_suffix(".measured")
        results = measure_files(_experiment(preset, experiment), states, untrained or [], folder)
        print_states(console, results)
        write_text(folder / "report.txt", as_text(print_states, results, WIDTH))
        console.print(f"Numbers and this text: {folder}", highlight=False)


@app.command()
def calibrate(
    seed: Annotated[int, typer.Option(min=0, help="Of the populations, and of all that is drawn from them.")] = 1000,
    worlds: Annotated[int, typer.Option(min=2, metavar="N", help="Draws of each world.")] = 200,
    kind: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only worlds of this kind, such as cells; give it again for another."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where the rows are written as JSON; a figure is put beside it."),
    ] = None,
) -> None:
    """Put simulated worlds whose truth is known through the functions that judge: bias, coverage, power."""
    console = Console()
    with _sentences():
        from validate.experiment.selection import require_known
        from validate.judging.calibration.run import KINDS
        from validate.judging.calibration.run import calibrate as draw_worlds
        from validate.report.calibration import print_calibration, write_calibration

        require_known("kind of world", kind or (), list(KINDS))
        with console.status("Drawing worlds") as status:
            found = draw_worlds(seed, worlds, kinds=kind or tuple(KINDS), tell=status.update)
        print_calibration(console, found)
        if out is not None:
            console.print(f"Rows: {write_calibration(out, found)}", highlight=False, soft_wrap=True)


@app.command()
def doctor() -> None:
    """Print versions, BLAS library and kernel type, threads, and what to change."""
    from validate.runs.doctor import examine

    examine(_console())
