"""What a question is: its claims, what it needs of a source, and how it is answered.

A question is put to a *side*: a source of states and predictions, and the mixture it stands for. The run, states
captured elsewhere, the sweep and the rungs of the ladder all answer the same questions; a source that has no
predictions, or is no network, is not asked what needs more than it has. Numbers come back as `Findings`:

    statistics   what criteria judge, by name
    nulls        the same statistics of what must not pass for the claim, by null
    beside       the same of what is shown in a column of its own and judges nothing
    predicted    what theory says where no rung of the ladder can: statistics that need a network
    reasons      why a statistic is undefined, where there is more to say than that
    shown        what figures and tables show, a typed model of the question's own

A question stands in one file with its claims, and `claims.catalogue` holds them all.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, TypeVar

import numpy as np
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict

from theory import FAMILIES, Batch, Mixture
from validate.capture.candidates import Arenas
from validate.capture.captured import Captured
from validate.capture.rungs import FeatureFunction
from validate.capture.sources import StateSource
from validate.claims.rule import Criterion
from validate.experiment.schema import Causal
from validate.experiment.scopes import DIVERSE, MAJORS_ONLY, Scope
from validate.experiment.setting import Setting
from validate.statistics.intervals import Estimate

Statistics = dict[str, Estimate]
Needs = Literal["states", "predictions", "network"]
Place = Literal["chosen", "last", "none"]
T = TypeVar("T")

EVERY_FAMILY = tuple(FAMILIES)
MARKOV_GIVEN_TASK = tuple(name for name, family in FAMILIES.items() if family.state_is == "task and current")
"""Families whose next target depends on the task and on what is current alone."""
OF_PREFIXES = tuple(name for name, family in FAMILIES.items() if family.state_is == "prefix")
"""Families whose state must hold the prefix."""


class Shown(BaseModel):
    """What a question shows beside its statistics: one model a question, kept in results under its name."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    question: ClassVar[str]
    """Name of the question it belongs to."""


@dataclass(frozen=True)
class Claim:
    """One statement of the paper, or its specific counterpart.

    Attributes
    ----------
    criteria : tuple of Criterion
        All must hold.
    paper : mapping
        The paper's own values of the first criterion's statistic by layer, by (family in its layout, scope), where they
        are known; `claims.paper` says beside what they stand.
    primary : tuple of str
        The scopes in which it is one of the few claims named beforehand; everything else is secondary.
    expected_to_fail : mapping
        Families of which theory says beforehand that it fails, each with the reason.
    """

    name: str
    statement: str
    criteria: tuple[Criterion, ...]
    paper: Mapping[tuple[str, Scope], tuple[float, ...]] = field(default_factory=dict)
    primary: tuple[Scope, ...] = ()
    expected_to_fail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Observed:
    """A source on the sequences of a setting, judged at a site; what is found of its states is found once."""

    source: StateSource
    setting: Setting
    site: str
    _found: dict[Any, Any] = field(default_factory=dict)

    @property
    def captured(self) -> Captured:
        """The source's states."""
        if Captured not in self._found:
            self._found[Captured] = Captured.of(self.source, self.setting)
        found: Captured = self._found[Captured]
        return found

    def at(self, site: str) -> "Observed":
        """Return the same states judged at another site."""
        return replace(self, site=site)

    def once(self, function: Callable[["Observed"], T]) -> T:
        """Return ``function(self)``, computed the first time it is asked for at this site."""
        if (key := (function, self.site)) not in self._found:
            self._found[key] = function(self)
        found: T = self._found[key]
        return found


@dataclass(frozen=True, eq=False)
class Side:
    """A source and the mixture it stands for.

    Attributes
    ----------
    observed : Observed
        The source's states.
    arenas : Arenas
        The mixture, and the sequences on which predictions are compared.
    """

    observed: Observed
    arenas: Arenas
    _found: dict[Any, Any] = field(default_factory=dict)

    @property
    def source(self) -> StateSource:
        """Where states and predictions come from."""
        return self.observed.source

    @property
    def setting(self) -> Setting:
        """The sequences its states are measured on."""
        return self.observed.setting

    @property
    def site(self) -> str:
        """Where its states are judged."""
        return self.observed.site

    @property
    def mixture(self) -> Mixture:
        """The mixture it stands for."""
        return self.arenas.mixture

    @property
    def scope(self) -> Scope:
        """The scope of this side by itself."""
        return DIVERSE if self.mixture.n_minors else MAJORS_ONLY

    def once(self, function: Callable[["Side"], T]) -> T:
        """Return ``function(self)``, computed the first time it is asked for."""
        if function not in self._found:
            self._found[function] = function(self)
        found: T = self._found[function]
        return found

    def mean(self, population: str) -> Float[np.ndarray, "B P D"]:
        """Return the source's predictions on one population of the arenas."""
        if population not in self._found:
            self._found[population] = self.source.mean(self.arenas.batches[population])
        mean: Float[np.ndarray, "B P D"] = self._found[population]
        return mean


UNTRAINED, FRESH_ONLY, OTHER_MAJORS = (
    "untrained networks",
    "network of fresh tasks only",
    "networks of other majors",
)
"""The nulls that are networks: of the same shape, untrained; trained on a new task in every sequence; trained alike on
the tasks of other seeds. None of them ever saw the majors it is measured with."""

SCALED = "untrained networks, weights × 3"
"""Untrained networks whose weight matrices are three times as large: shown beside the others, and no null. That an
untrained network fails a statistic may be a fact about its initial scale."""

Group = Sequence["Side"]


@dataclass(frozen=True, eq=False)
class Controls:
    """What a side is judged against; on a rung of the ladder nothing is.

    Every network stands with the mixture of the side. Of several networks of one kind the null is where their values
    range, of one its value.

    Attributes
    ----------
    untrained : sequence of Side
    strangers : mapping of str to sequence of Side
        Trained networks that never saw these majors, by the name of the null.
    scaled : sequence of Side
        Untrained networks with larger weights, shown and no null.
    reseeded : sequence of (Side, Side)
        Pairs of networks of the same design, the first of them one of those compared, that differ in their seed.
    plain : Side or None
        The majors-only network, beside the diverse one.
    causal : Causal or None
        Sizes of the causal tests.
    judge, show : bool
        Whether nulls, and what figures show, are wanted.
    """

    untrained: Group = ()
    strangers: Mapping[str, Group] = field(default_factory=dict)
    scaled: Group = ()
    reseeded: Sequence[tuple[Side, Side]] = ()
    plain: Side | None = None
    causal: Causal | None = None
    judge: bool = False
    show: bool = False

    def of_untrained(self, function: Callable[[Side], Statistics], most: int | None = None) -> dict[str, Statistics]:
        """Return where the statistics of the untrained networks range, of at most so many of them."""
        return ranging({UNTRAINED: [function(other) for other in self.untrained[:most]]})

    def of_strangers(self, function: Callable[[Side], Statistics], most: int | None = None) -> dict[str, Statistics]:
        """Return the same of every network that never saw these majors, by kind; untrained ones are one of them."""
        groups = {UNTRAINED: self.untrained, **self.strangers}
        return ranging({name: [function(other) for other in group[:most]] for name, group in groups.items()})

    def of_scaled(self, function: Callable[[Side], Statistics]) -> dict[str, Statistics]:
        """Return where the statistics of untrained networks with larger weights range, to be shown."""
        return ranging({SCALED: [function(other) for other in self.scaled]})

    def of_untrained_pairs(self, function: Callable[[Side, Side], Statistics]) -> dict[str, Statistics]:
        """Return the same of pairs: each untrained network is compared with the next one as its majors-only one."""
        partners = (*self.untrained[1:], *self.untrained[:1])
        pairs = zip(partners, self.untrained, strict=True)
        return ranging({UNTRAINED: [function(partner, other) for partner, other in pairs]})


def ranging(groups: Mapping[str, Sequence[Statistics]]) -> dict[str, Statistics]:
    """Return by group where each statistic ranges that all of the group have; nothing of an empty group."""
    return {
        group: {
            name: Estimate.of_range(np.array([table[name].value for table in tables]))
            for name in tables[0]
            if all(name in table for table in tables)
        }
        for group, tables in groups.items()
        if tables
    }


@dataclass(frozen=True, eq=False)
class Findings:
    """The answer to a question."""

    statistics: Statistics = field(default_factory=dict)
    nulls: Mapping[str, Statistics] = field(default_factory=dict)
    predicted: Mapping[str, float] = field(default_factory=dict)
    shown: Shown | None = None
    beside: Mapping[str, Statistics] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """One question with everything that is known of it before it is asked.

    Attributes
    ----------
    claims : tuple of Claim
        What is judged by its statistics; empty if it is only shown.
    families : tuple of str
        Whose networks are asked.
    scopes : tuple of str
        Of which networks; those of "both" are asked of the diverse side, with the majors-only one among the controls.
    needs : {"states", "predictions", "network"}
        The least a source must have.
    statistics : tuple of str
        Names of all that `analyse` can return.
    unjudged : tuple of str
        Those among them that are shown and not judged.
    place : {"chosen", "last", "none"}
        At which site its claims are judged: the task site, found on other sequences, the last candidate, or none.
    shown : type of Shown, optional
        The model of what it shows.
    site_sample : callable, optional
        Draws sequences of the majors, task and current independent, in whose last states the task site is sought; one
        question of each family has it.
    rungs : mapping
        Rungs of the ladder that its claims need beside those of every family.
    possible : callable, optional
        Refuses a setting in which the question has no meaning, by a ValueError; asked before anything is trained.
    """

    name: str
    claims: tuple[Claim, ...]
    families: tuple[str, ...]
    scopes: tuple[Scope, ...]
    needs: Needs
    statistics: tuple[str, ...]
    analyse: Callable[[Side, Controls], Findings]
    unjudged: tuple[str, ...] = ()
    place: Place = "chosen"
    shown: type[Shown] | None = None
    site_sample: Callable[[Setting], Batch] | None = None
    rungs: Mapping[str, FeatureFunction] = field(default_factory=dict)
    possible: Callable[[Setting], object] | None = None

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """The criteria of all its claims."""
        return tuple(criterion for claim in self.claims for criterion in claim.criteria)

    @property
    def asked_of_rungs(self) -> bool:
        """Whether rungs can answer it; otherwise it is calibrated by constructed networks."""
        return self.needs != "network"
