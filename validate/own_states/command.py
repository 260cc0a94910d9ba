"""What the commands `sequences` and `measure` do: from an experiment to a file, and from files to results."""

from collections.abc import Sequence
from pathlib import Path

from threadpoolctl import threadpool_limits

from validate.experiment.feasible import require_feasible
from validate.experiment.folder import write_text
from validate.experiment.schema import Experiment
from validate.experiment.seed_plan import SeedPlan
from validate.judging.results import as_json
from validate.own_states.errors import StatesError
from validate.own_states.results import StatesResults, judged
from validate.own_states.sequences import Sequences
from validate.own_states.subjects import plan_of, read_subjects


def chosen_plan(experiment: Experiment, family: str | None, seed: int | None) -> SeedPlan:
    """Return one family and seed of an experiment; StatesError if it has no such, or several and none was named."""
    names = list(experiment.families)
    if family is None and len(names) > 1:
        raise StatesError(f"family must be one of {', '.join(names)}; none was given")
    name = family or names[0]
    return plan_of(experiment, name, experiment.families[name].seeds[0] if seed is None and name in names else seed)


def write_sequences(experiment: Experiment, family: str | None, seed: int | None, path: Path) -> str:
    """Write the sequences of a family and seed; returns a sentence that says what was written."""
    require_feasible(experiment)
    sequences = Sequences.of(chosen_plan(experiment, family, seed), experiment.name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sequences.save(path)
    except OSError as error:
        raise StatesError(f"{path} cannot be written: {error.strerror or error}") from error
    count = sum(len(group) for group in sequences.groups.values())
    return f"{count} sequences of {sequences.seed_plan.name} in {len(sequences.groups)} groups: {path}"


def measure_files(
    experiment: Experiment, states: Sequence[Path], untrained: Sequence[Path], folder: Path
) -> StatesResults:
    """Judge the states in some files and write ``results.json`` to a folder.

    Parameters
    ----------
    states : sequence of Path
        One file a network; each names family, seed and design.
    untrained : sequence of Path
        Of networks of the same shape before training.

    Raises
    ------
    StatesError
        If a file cannot be measured; nothing is written then.
    """
    with threadpool_limits(1, user_api="blas"):  # as our own networks are measured
        groups = read_subjects(experiment, states, untrained)
        results = judged(experiment, groups, [str(path) for path in states], [str(path) for path in untrained])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / "results.json", as_json(results))
    except OSError as error:
        raise StatesError(f"{folder} cannot be written: {error.strerror or error}") from error
    return results
