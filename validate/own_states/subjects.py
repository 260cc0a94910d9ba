"""From files to the sources of each family and seed: opened, checked, and sorted by what they say of themselves."""

from collections.abc import Sequence
from pathlib import Path

from validate.claims.base import Needs
from validate.experiment.schema import Experiment
from validate.experiment.seed_plan import SeedPlan
from validate.judging.examination import Subjects
from validate.own_states.errors import StatesError
from validate.own_states.files import StatesFile
from validate.own_states.sequences import Sequences
from validate.own_states.source import StoredSource

Key = tuple[str, int]
"""Family and seed."""


def plan_of(experiment: Experiment, family: str, seed: int | None, origin: str = "") -> SeedPlan:
    """Return a family and seed by name; a `StatesError` that names the origin if the experiment has no such."""
    if family not in experiment.families:
        raise StatesError(f"{origin}family must be one of {', '.join(experiment.families)}; got {family!r}")
    seeds = experiment.families[family].seeds
    if seed not in seeds:
        raise StatesError(f"{origin}seed must be one of {', '.join(map(str, seeds))}; got {seed}")
    return SeedPlan.of(experiment, family, seed)


def read_subjects(experiment: Experiment, states: Sequence[Path], untrained: Sequence[Path]) -> list[Subjects]:
    """Open and check every file, and sort the networks by family and seed."""
    wanted: dict[Key, Sequences] = {}
    trained: dict[Key, dict[str, StoredSource]] = {}
    bare: dict[Key, list[StoredSource]] = {}

    def opened(path: Path) -> tuple[Key, StoredSource]:
        file = StatesFile.open(path)
        key = file.family, file.seed
        if key not in wanted:
            wanted[key] = Sequences.of(plan_of(experiment, *key, origin=f"{path}: "), experiment.name)
        file.require(wanted[key])
        return key, StoredSource(file, wanted[key])

    for path in states:
        key, source = opened(path)
        design = _design(source.file, wanted[key].seed_plan)
        if other := trained.setdefault(key, {}).get(design):
            raise StatesError(f"{other.file.path} and {path} are both of {design}; wanted one file for each network")
        trained[key][design] = source
    for path in untrained:
        key, source = opened(path)
        if key not in trained:
            names = ", ".join(wanted[k].seed_plan.name for k in trained)
            raise StatesError(f"{path} is of {wanted[key].seed_plan.name}; wanted an untrained network of {names}")
        bare.setdefault(key, []).append(source)
    for family in dict.fromkeys(family for family, _ in trained):
        keys = [key for key in trained if key[0] == family]
        _require_alike({wanted[key].seed_plan.name: (trained[key], bare.get(key, [])) for key in keys})
    whole = {key: [*sources.values(), *bare.get(key, [])] for key, sources in trained.items()}
    return [
        Subjects(wanted[key].seed_plan, sources, bare.get(key, []), _has(key[0], whole))
        for key, sources in trained.items()
    ]


def _design(file: StatesFile, plan: SeedPlan) -> str:
    """Return what the network of a file was trained on."""
    known, design = list(plan.mixtures), file.metadata.get("design")
    if design not in known:
        raise StatesError(f"{file.path}: the metadata's design must be one of {', '.join(known)}; got {design!r}")
    return design


def _has(family: str, sources: dict[Key, list[StoredSource]]) -> Needs:
    """Return what all files of a family hold, whatever the seed."""
    own = (source for key, group in sources.items() if key[0] == family for source in group)
    return "predictions" if all(source.file.has_predictions for source in own) else "states"


def _require_alike(groups: dict[str, tuple[dict[str, StoredSource], list[StoredSource]]]) -> None:
    """Refuse files of one family whose networks have other sites, and seeds of other designs or untrained networks."""
    said = {name: f"{', '.join(sorted(trained))} and {len(bare)} untrained" for name, (trained, bare) in groups.items()}
    first = next(iter(groups))
    for name in groups:
        if said[name] != said[first]:
            raise StatesError(
                f"every seed must have the same networks; got {said[first]} of {first}, and {said[name]} of {name}"
            )
    files = [source.file for trained, bare in groups.values() for source in (*trained.values(), *bare)]
    for file in files:
        if file.sites != files[0].sites:
            wanted, got = (", ".join(one.sites) for one in (files[0], file))
            raise StatesError(f"{file.path} must have the sites of {files[0].path}, {wanted}; got {got}")
