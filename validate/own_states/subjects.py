"""From files, or networks at hand, to the sources of each family and seed: checked, and sorted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from validate.claims.base import Needs
from validate.experiment.schema import Experiment
from validate.experiment.seed_plan import SeedPlan
from validate.judging.controls import Company
from validate.judging.examination import Subjects
from validate.own_states.checks import Answers, require
from validate.own_states.errors import StatesError
from validate.own_states.files import StatesFile
from validate.own_states.held import Held
from validate.own_states.network import Outside, Read, outside
from validate.own_states.sequences import Sequences
from validate.own_states.source import StoredSource

FRESH_TASKS = "fresh tasks"
"""What a control is called that was trained on a new task in every sequence."""

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


@dataclass
class Networks:
    """The networks of one family and seed."""

    sequences: Sequences
    trained: dict[str, StoredSource] = field(default_factory=dict)
    untrained: list[StoredSource] = field(default_factory=list)
    controls: dict[str, list[StoredSource]] = field(default_factory=dict)
    """Further networks: `FRESH_TASKS`, or trained as those of a design on the tasks of another seed."""

    def checked(self, answers: Answers, network: Outside | None = None) -> StoredSource:
        """Return answers to these sequences as a source; StatesError if they cannot be."""
        return StoredSource(answers, self.sequences, require(answers, self.sequences), network)

    def at_hand(self, name: str, source: Read) -> StoredSource:
        """Let a network read all sequences."""
        plan = self.sequences.seed_plan
        some = plan.family.encode(plan.setting.fit[:2])
        network = outside(name, source, some.positions, some.inputs)
        held = Held.of(network, self.sequences.groups)
        return self.checked(held, network if network.can_be_changed else None)

    @property
    def all(self) -> list[StoredSource]:
        """Every network."""
        further = [source for group in self.controls.values() for source in group]
        return [*self.trained.values(), *self.untrained, *further]

    @property
    def company(self) -> Company:
        """What the trained networks are judged against."""
        others = {design: own for design, own in self.controls.items() if design != FRESH_TASKS}
        return Company(self.untrained, self.controls.get(FRESH_TASKS, ()), others)


def read_subjects(experiment: Experiment, states: Sequence[Path], untrained: Sequence[Path]) -> list[Subjects]:
    """Open and check every file, and sort the networks by family and seed."""
    groups: dict[Key, Networks] = {}

    def opened(path: Path) -> tuple[Networks, StatesFile, StoredSource]:
        file = StatesFile.open(path)
        key = file.family, file.seed
        if key not in groups:
            groups[key] = Networks(Sequences.of(plan_of(experiment, *key, origin=f"{path}: "), experiment.name))
        file.require_read(groups[key].sequences)
        return groups[key], file, groups[key].checked(file)

    for path in states:
        own, file, source = opened(path)
        design = known_design(own.sequences.seed_plan, file.metadata.get("design"), f"{path}: the metadata's ")
        if other := own.trained.get(design):
            raise StatesError(f"{other.answers.name} and {path} are both of {design}; wanted one file for each network")
        own.trained[design] = source
    for path in untrained:
        own, _, source = opened(path)
        if not own.trained:
            names = ", ".join(group.sequences.seed_plan.name for group in groups.values() if group.trained)
            name = own.sequences.seed_plan.name
            raise StatesError(f"{path} is of {name}; wanted an untrained network of {names}")
        own.untrained.append(source)
    return gathered(list(groups.values()))


def networks_at_hand(
    experiment: Experiment,
    family: str,
    seed: int,
    trained: Mapping[str, Read],
    untrained: Sequence[Read],
    controls: Mapping[str, Sequence[Read]],
) -> list[Subjects]:
    """Let the networks of a family and seed read everything that is asked."""
    own = Networks(Sequences.of(plan_of(experiment, family, seed), experiment.name))
    if not trained:
        raise StatesError("trained must name at least one network by its design; got none")
    for design, source in trained.items():
        known_design(own.sequences.seed_plan, design)
        own.trained[design] = own.at_hand(f"the network of {design}", source)
    own.untrained = [own.at_hand(f"untrained network {i + 1}", source) for i, source in enumerate(untrained)]
    for kind, sources in controls.items():
        if kind != FRESH_TASKS:
            known_design(
                own.sequences.seed_plan, kind, f"controls must be {FRESH_TASKS!r} or the design of other majors; "
            )
        own.controls[kind] = [own.at_hand(f"control {i + 1} of {kind}", source) for i, source in enumerate(sources)]
    return gathered([own])


def known_design(plan: SeedPlan, design: str | None, origin: str = "") -> str:
    """Return what a network was trained on; StatesError if the experiment has no such design."""
    known = list(plan.mixtures)
    if design not in known:
        raise StatesError(f"{origin}design must be one of {', '.join(known)}; got {design!r}")
    return design


def gathered(groups: Sequence[Networks]) -> list[Subjects]:
    """Put networks to the same questions as a run's, if they belong together."""
    by_family: dict[str, list[Networks]] = {}
    for group in groups:
        by_family.setdefault(group.sequences.seed_plan.section, []).append(group)
    for own in by_family.values():
        _require_alike(own)
    for group in groups:
        _require_different(group.all)
    return [
        Subjects(group.sequences.seed_plan, group.trained, group.company, _has(by_family[name]))
        for name, own in by_family.items()
        for group in own
    ]


def _has(groups: Sequence[Networks]) -> Needs:
    """Return what all networks of a family have, whatever the seed."""
    sources = [source for group in groups for source in group.all]
    if all(source.network is not None for source in sources):
        return "network"
    return "predictions" if all(source.answers.has_predictions for source in sources) else "states"


def _require_alike(groups: Sequence[Networks]) -> None:
    """Refuse networks of one family that have other sites, and seeds of other designs or untrained networks."""
    names = [group.sequences.seed_plan.name for group in groups]
    said = [f"{', '.join(sorted(group.trained))} and {len(group.untrained)} untrained" for group in groups]
    for name, own in zip(names, said, strict=True):
        if own != said[0]:
            raise StatesError(
                f"every seed must have the same networks; got {said[0]} of {names[0]}, and {own} of {name}"
            )
    answers = [source.answers for group in groups for source in group.all]
    for one in answers:
        if one.sites != answers[0].sites:
            wanted, got = (", ".join(own.sites) for own in (answers[0], one))
            raise StatesError(f"{one.name} must have the sites of {answers[0].name}, {wanted}; got {got}")


def _require_different(sources: Sequence[StoredSource]) -> None:
    """Refuse one network in two places."""
    known: dict[str, str] = {}
    for source in sources:
        name = source.answers.name
        if other := known.get(source.digest):
            same = f"{name} is given twice" if other == name else f"{other} and {name} hold the same states, bit by bit"
            raise StatesError(f"{same}; every trained and untrained network must be another one")
        known[source.digest] = name
