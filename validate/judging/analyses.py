"""Every analysis of a subject, with the scope its statistics belong to.

An analysis looks at one side or at both, and gives statistics, the nulls it makes itself, and numbers for figures. The
trained networks go through all of them beside untrained ones; a rung of the ladder goes through those that need no
network to be run with altered states.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from theory import PlantedDyck
from validate.capture.sources import NetworkSource
from validate.claims.base import Measured, Nulls, Side, Statistics, contrast_of, fall, other_majors, predictions
from validate.claims.catalogue import BOTH, DIVERSE, MAJORS_ONLY, Scope
from validate.claims.causal.subject import Subject
from validate.claims.causal.tests import causal
from validate.claims.geometry import directions, near_orthogonality
from validate.claims.modes import second_mode, two_modes
from validate.claims.packing import distance_over_bound
from validate.claims.prefix import prefix_portrait, prefix_statistics, shuffled_prefixes
from validate.experiment.causal_settings import Causal

PAIRED = ("OOD loss falls", "smallest angle")
"""Statistics of the second mode that compare the two networks."""


@dataclass(frozen=True, eq=False)
class Analysis:
    """What one analysis says, in one scope."""

    scope: Scope
    statistics: Statistics
    nulls: Mapping[str, Statistics] = field(default_factory=dict)
    predicted: Mapping[str, float] = field(default_factory=dict)
    portrait: Mapping[str, Any] = field(default_factory=dict)


def untrained_name(index: int) -> str:
    """Return how the null of an untrained network is called."""
    return f"untrained network {index + 1}"


def _named(tables: Iterable[Statistics]) -> dict[str, Statistics]:
    return {untrained_name(index): table for index, table in enumerate(tables)}


def scope_of(side: Side) -> Scope:
    """Return the scope of a side by itself."""
    return DIVERSE if side.mixture.n_minors else MAJORS_ONLY


def alone(side: Side, untrained: Sequence[Side] = ()) -> Iterator[Analysis]:
    """Analyse one side; untrained networks come with the same mixture."""
    scope, setting = scope_of(side), side.setting
    yield Analysis(scope, side.properties, _named(other.properties for other in untrained))
    statistics, nulls, portrait = two_modes(side.source, side.arenas, [other.source for other in untrained])
    yield Analysis(scope, statistics, nulls, portrait={"modes": portrait})
    yield Analysis(scope, {}, portrait={"orthogonality": directions(side.tasks, setting)})
    if scope == MAJORS_ONLY:
        yield _predictions(side, untrained)
    else:
        yield Analysis(scope, contrast_of(side), _named(contrast_of(other) for other in untrained))
    if isinstance(setting.family, PlantedDyck):
        shuffled = {"shuffled prefixes": shuffled_prefixes(side.source, setting, side.site)}
        bare = _named(prefix_statistics(other.source, setting, other.site) for other in untrained)
        statistics = prefix_statistics(side.source, setting, side.site)
        yield Analysis(scope, statistics, shuffled | bare, portrait={"prefix": prefix_portrait(side.source, setting)})


def _predictions(side: Side, untrained: Sequence[Side]) -> Analysis:
    bare = _named(predictions(other.source, other.arenas) for other in untrained)
    # Far from M1 and M2 alike, an untrained network has no say in which of them is closer.
    nulls = {name: {key: e for key, e in table.items() if key != "KL contest"} for name, table in bare.items()}
    nulls["M1 of other majors"] = other_majors(side.source, side.arenas)
    return Analysis(MAJORS_ONLY, predictions(side.source, side.arenas), nulls)


def second(plain: Side | None, diverse: Side, untrained: Sequence[Side] = ()) -> Iterator[Analysis]:
    """Analyse the second mode: the diverse side, beside the majors-only one where there is one.

    An untrained network is paired with the next one, so that nulls carry the spread between initialisations.
    """
    setting, site = diverse.setting, plain.site if plain is not None else diverse.site
    sources = [other.source for other in untrained]
    elsewhere = [other.tasks[untrained[0].site] for other in untrained]
    before = plain.tasks[site] if plain is not None else None
    for statistics, nulls, _ in (
        second_mode(plain.source if plain is not None else None, diverse.source, diverse.arenas, sources),
        near_orthogonality(before, diverse.tasks[site], elsewhere, setting),
    ):
        for scope, paired in ((BOTH, True), (DIVERSE, False)):
            own, *others = (
                {name: estimate for name, estimate in table.items() if (name in PAIRED) == paired}
                for table in (statistics, *nulls.values())
            )
            yield Analysis(scope, own, dict(zip(nulls, others, strict=True)))
    if plain is not None:
        partners = (*untrained[1:], *untrained[:1])
        bare = (
            fall(one.inside, other.inside, one.site, setting) for one, other in zip(untrained, partners, strict=True)
        )
        chance = {"random subspace": fall(plain.chance, diverse.chance, site, setting)}
        yield Analysis(BOTH, fall(plain.inside, diverse.inside, site, setting), _named(bare) | chance)


def interventions(side: Side, untrained: Sequence[Side], settings: Causal) -> Analysis:
    """Run the causal tests on the network of one side."""
    found = causal(_subject(side, side), settings, [_subject(other, side) for other in untrained])
    return Analysis(scope_of(side), found.statistics, found.nulls, found.predicted, {"causal": found.portrait})


def packing(side: Side) -> Analysis:
    """Hold the last states of a network's fresh tasks against the packing bound."""
    if not isinstance(side.source, NetworkSource):
        raise TypeError(f"the packing bound needs a network's read-out; got {type(side.source).__name__}")
    statistics, nulls, portrait = distance_over_bound(side.source, side.tasks[side.source.sites[-1]], side.setting)
    return Analysis(scope_of(side), statistics, nulls, {"distance over bound": 0.0}, {"packing": portrait})


def _subject(side: Side, tested: Side) -> Subject:
    if not isinstance(side.source, NetworkSource):
        raise TypeError(f"causal tests need a network; got {type(side.source).__name__}")
    effects, setting = side.model.effects, side.setting
    return Subject(
        network=side.source.model,
        mixture=tested.mixture,
        site=side.site,
        task=effects.task,
        current=effects.current,
        intercepts=side.model.intercepts,
        kind=setting.kind,
        seed=setting.seed,
    )


@dataclass(frozen=True, eq=False)
class Gathered:
    """What several analyses say, by scope."""

    measured: Measured = field(default_factory=dict)
    nulls: Nulls = field(default_factory=dict)
    predicted: dict[Scope, dict[str, float]] = field(default_factory=dict)

    def add(self, analysis: Analysis) -> None:
        """Take in one analysis."""
        scope = analysis.scope
        self.measured.setdefault(scope, {}).update(analysis.statistics)
        self.predicted.setdefault(scope, {}).update(analysis.predicted)
        for name, table in analysis.nulls.items():
            self.nulls.setdefault(scope, {}).setdefault(name, {}).update(table)


def without_intervention(plain: Side | None, diverse: Side | None) -> Measured:
    """Return every statistic that needs no network to be run with altered states."""
    gathered = Gathered()
    for side in (plain, diverse):
        for analysis in alone(side) if side is not None else ():
            gathered.add(analysis)
    for analysis in second(plain, diverse) if diverse is not None else ():
        gathered.add(analysis)
    return gathered.measured
