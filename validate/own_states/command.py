"""What the commands `sequences` and `measure` do: from an experiment to a file, and from files to results."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from validate.experiment.folder import to_json, write_text
from validate.experiment.schema import Experiment
from validate.experiment.seed_plan import SeedPlan
from validate.own_states.errors import StatesError
from validate.own_states.files import StatesFile
from validate.own_states.judgement import Subjects, judge_states
from validate.own_states.sequences import Sequences
from validate.own_states.source import StoredSource
from validate.runs.environment import describe


def chosen_part(experiment: Experiment, family: str | None, seed: int | None) -> SeedPlan:
    """Return one family and seed of an experiment; StatesError if it has no such, or several and none was named."""
    kinds = list(experiment.families)
    if family is None and len(kinds) > 1:
        raise StatesError(f"family must be one of {', '.join(kinds)}; none was given")
    kind = family or kinds[0]
    return part_of(experiment, kind, experiment.families[kind].seeds[0] if seed is None and kind in kinds else seed)


def part_of(experiment: Experiment, kind: str, seed: int | None, origin: str = "") -> SeedPlan:
    """Return a family and seed by name."""
    if kind not in experiment.families:
        raise StatesError(f"{origin}family must be one of {', '.join(experiment.families)}; got {kind!r}")
    seeds = experiment.families[kind].seeds
    if seed not in seeds:
        raise StatesError(f"{origin}seed must be one of {', '.join(map(str, seeds))}; got {seed}")
    return SeedPlan.of(experiment, kind, seed)


def write_sequences(experiment: Experiment, family: str | None, seed: int | None, path: Path) -> str:
    """Write the sequences of a family and seed; returns a sentence that says what was written."""
    sequences = Sequences.of(chosen_part(experiment, family, seed), experiment.name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sequences.save(path)
    except OSError as error:
        raise StatesError(f"{path} cannot be written: {error.strerror or error}") from error
    count = sum(len(group) for group in sequences.groups.values())
    return f"{count} sequences of {sequences.part.name} in {len(sequences.groups)} groups: {path}"


def measure_files(
    experiment: Experiment, states: Sequence[Path], untrained: Sequence[Path], folder: Path
) -> dict[str, Any]:
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
    groups = read_subjects(experiment, states, untrained)
    with threadpool_limits(1, user_api="blas"):  # as our own networks are measured
        judged = judge_states(groups)
    results: dict[str, Any] = {
        "experiment": experiment.model_dump(),
        "environment": describe(),
        "states": [str(path) for path in states],
        "untrained": [str(path) for path in untrained],
        **judged,
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / "results.json", to_json(results))
    except OSError as error:
        raise StatesError(f"{folder} cannot be written: {error.strerror or error}") from error
    return results


def read_subjects(experiment: Experiment, states: Sequence[Path], untrained: Sequence[Path]) -> list[Subjects]:
    """Open and check every file, and sort the networks by family and seed."""
    parts: dict[tuple[str, int], Sequences] = {}
    trained: dict[tuple[str, int], dict[str, StoredSource]] = {}
    bare: dict[tuple[str, int], list[StoredSource]] = {}

    def opened(path: Path) -> tuple[tuple[str, int], StoredSource]:
        file = StatesFile.open(path)
        key = file.kind, file.seed
        if key not in parts:
            parts[key] = Sequences.of(part_of(experiment, *key, origin=f"{path}: "), experiment.name)
        file.require(parts[key])
        return key, StoredSource(file, parts[key])

    for path in states:
        key, source = opened(path)
        design = _design(source.file, source.sequences.part)
        if other := trained.setdefault(key, {}).get(design):
            raise StatesError(f"{other.file.path} and {path} are both of {design}; wanted one file for each network")
        trained[key][design] = source
    for path in untrained:
        key, source = opened(path)
        if key not in trained:
            wanted = ", ".join(parts[k].part.name for k in trained)
            raise StatesError(f"{path} is of {parts[key].part.name}; wanted an untrained network of {wanted}")
        bare.setdefault(key, []).append(source)
    subjects = [Subjects(parts[key].part, sources, bare.get(key, [])) for key, sources in trained.items()]
    _require_alike(subjects)
    return subjects


def _design(file: StatesFile, part: SeedPlan) -> str:
    """Return what the network of a file was trained on."""
    known, design = list(part.mixtures), file.metadata.get("design")
    if design not in known:
        raise StatesError(f"{file.path}: the metadata's design must be one of {', '.join(known)}; got {design!r}")
    return design


def _require_alike(groups: Sequence[Subjects]) -> None:
    """Refuse files of one family whose networks have other sites, and seeds of other designs or untrained networks."""
    for subjects in groups:
        first = next(s for s in groups if s.part.kind == subjects.part.kind)
        one, other = (f"{', '.join(sorted(s.trained))} and {len(s.untrained)} untrained" for s in (first, subjects))
        if one != other:
            raise StatesError(
                f"every seed must have the same networks; got {one} of {first.part.name}, and {other} of"
                f" {subjects.part.name}"
            )
        pattern = next(iter(first.trained.values())).file
        for source in (*subjects.trained.values(), *subjects.untrained):
            if source.sites != pattern.sites:
                wanted, got = (", ".join(file.sites) for file in (pattern, source.file))
                raise StatesError(f"{source.file.path} must have the sites of {pattern.path}, {wanted}; got {got}")
