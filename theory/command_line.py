"""The command line: ``python -m theory dice | markov | regression | dyck``.

Prints a sampled sequence with the exact posterior and predictions step by step, and how fast the tasks are learned.
Every foreseeable failure is one sentence on standard error and exit status 2.
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from theory.families import Family

UsageError: Any = typer.BadParameter.__base__
"""What Typer raises for an option or a value it does not know."""


class OneSentence(TyperGroup):
    """Commands that answer wrong usage with one sentence too."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command asked for."""
        try:
            return super().invoke(ctx)
        except UsageError as error:
            _fail(error.format_message())


app = typer.Typer(
    cls=OneSentence,
    help="Sample a sequence and show what exact Bayesian predictors believe and predict at each step.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Seed = Annotated[int, typer.Option(help="Same seed, same demonstration.")]
Length = Annotated[int, typer.Option(help="Targets of the sequence.")]
Majors = Annotated[int, typer.Option(help="Major tasks.")]
Minors = Annotated[int, typer.Option(help="Minor tasks.")]
MinorMass = Annotated[float, typer.Option(help="Mass of the minors, and of the fresh task in M2.")]
Overlap = Annotated[float, typer.Option(help="How far the majors are moved towards their mean, 0 to 1.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Let the sequence's task be a new draw from the prior.")]
Json = Annotated[bool, typer.Option("--json", help="Print numbers for machines.")]
Concentration = Annotated[float, typer.Option(help="Parameter of the Dirichlet prior; 1: all laws equally likely.")]


@app.command()
def dice(
    faces: Annotated[int, typer.Option(help="Faces of a die.")] = 6,
    concentration: Concentration = 1.0,
    length: Length = 20,
    seed: Seed = 0,
    majors: Majors = 3,
    minors: Minors = 4,
    minor_mass: MinorMass = 0.1,
    overlap: Overlap = 0.0,
    fresh: Fresh = False,
    as_json: Json = False,
) -> None:
    """Biased dice: a task is a law over the faces."""

    def family() -> "Family":
        from theory.dice import BiasedDice

        return BiasedDice(faces, length, concentration)

    _show(family, seed, majors, minors, minor_mass, overlap, fresh, as_json)


@app.command()
def markov(
    states: Annotated[int, typer.Option(help="States of a chain.")] = 8,
    concentration: Concentration = 1.0,
    length: Length = 20,
    seed: Seed = 0,
    majors: Majors = 3,
    minors: Minors = 4,
    minor_mass: MinorMass = 0.1,
    overlap: Overlap = 0.0,
    fresh: Fresh = False,
    as_json: Json = False,
) -> None:
    """Markov chains: a task is a table of transitions."""

    def family() -> "Family":
        from theory.markov import MarkovChains

        return MarkovChains(states, length, concentration)

    _show(family, seed, majors, minors, minor_mass, overlap, fresh, as_json)


@app.command()
def regression(
    dimension: Annotated[int, typer.Option(help="Covariates of a point.")] = 6,
    noise: Annotated[float, typer.Option(help="Standard deviation of the noise.")] = 0.5,
    task_scale: Annotated[float, typer.Option(help="Standard deviation of a coefficient under the prior.")] = 1.0,
    length: Length = 20,
    seed: Seed = 0,
    majors: Majors = 3,
    minors: Minors = 4,
    minor_mass: MinorMass = 0.1,
    overlap: Overlap = 0.0,
    fresh: Fresh = False,
    as_json: Json = False,
) -> None:
    """Noisy linear regression: a task is a vector of coefficients."""

    def family() -> "Family":
        from theory.regression import NoisyLinearRegression

        return NoisyLinearRegression(dimension, length, noise, task_scale)

    _show(family, seed, majors, minors, minor_mass, overlap, fresh, as_json)


@app.command()
def dyck(
    pairs: Annotated[int, typer.Option(help="Pairs of steps of a path.")] = 10,
    background: Annotated[int, typer.Option(help="Background symbols.")] = 7,
    density: Annotated[float, typer.Option(help="Probability that a position shows the next step.")] = 0.25,
    length: Length = 20,
    seed: Seed = 0,
    majors: Majors = 3,
    minors: Minors = 4,
    minor_mass: MinorMass = 0.1,
    fresh: Fresh = False,
    as_json: Json = False,
) -> None:
    """Planted Dyck paths: a task is a path, its steps (up, down) hidden in order among background symbols."""

    def family() -> "Family":
        from theory.dyck import PlantedDyck

        return PlantedDyck(pairs, background, density, length)

    _show(family, seed, majors, minors, minor_mass, 0.0, fresh, as_json)


def _fail(sentence: str) -> NoReturn:
    typer.echo(f"error: {sentence}", err=True)
    raise typer.Exit(2)


def _show(
    family: Callable[[], "Family"],
    seed: int,
    majors: int,
    minors: int,
    minor_mass: float,
    overlap: float,
    fresh: bool,
    as_json: bool,
) -> None:
    """Compute the demonstration and print it; what the theory refuses becomes one sentence."""
    from theory.demonstration import Design, as_record, demonstrate, rates_of

    try:
        shown = demonstrate(family(), Design(majors, minors, minor_mass, overlap, fresh), seed)
    except ValueError as error:
        _fail(str(error))
    except MemoryError:
        _fail("this needs more memory than there is; choose smaller sizes")
    if as_json:
        typer.echo(json.dumps(as_record(shown), allow_nan=False))
        return
    from rich.console import Console

    from theory.tables import print_demonstration, print_rates

    console = Console()
    console = console if console.is_terminal else Console(width=160)
    print_demonstration(console, shown)
    print_rates(console, rates_of(shown))
