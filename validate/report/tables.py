"""What the tables of the page and of the console hold."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from validate.claims.catalogue import CLAIMS
from validate.claims.conditional import ConditionalShown
from validate.claims.fresh_states import FreshStatesShown
from validate.claims.functional import FUNCTIONAL, FunctionalShown
from validate.claims.modes import ModesShown
from validate.claims.prefix.shown import PrefixShown
from validate.claims.properties import PropertiesShown
from validate.claims.rule import Verdict
from validate.figures.style import POPULATIONS
from validate.judging.layer import layer_label
from validate.judging.results import ClaimRow, NetworkResult, SkillRow
from validate.statistics.intervals import Estimate

Numbers = dict[str, Estimate]
"""Numbers by name; those that have no interval have an undefined one."""

LETTERS: dict[Verdict, str] = {
    "supported": "S",
    "unspecific": "U",
    "refuted": "R",
    "inconclusive": "I",
    "not learned": "N",
    "not tested": "T",
}
"""What stands in a cell of the map of claims, beside its colour."""


@dataclass(frozen=True)
class Matrix:
    """All verdicts at one look: a row a claim, a column a family and design.

    Attributes
    ----------
    families : list of (str, int)
        Each family with its number of columns.
    columns : list of (str, str)
        Family and design.
    lines : list of (str, str, list)
        Claim, its statement, and the row of results for each column, None where the claim is not judged.
    """

    families: list[tuple[str, int]]
    columns: list[tuple[str, str]]
    lines: list[tuple[str, str, list[ClaimRow | None]]]

    @classmethod
    def of(cls, rows: Sequence[ClaimRow]) -> "Matrix":
        """Arrange the rows of results."""
        cells = {(row.claim, row.family, row.design): row for row in rows}
        statements = {row.claim: row.statement for row in rows}
        known = list(CLAIMS)
        names = sorted(statements, key=lambda name: known.index(name) if name in known else len(known))
        # A family's columns stand together, in the order in which its designs come up.
        designs: dict[str, list[str]] = {}
        for row in rows:
            own = designs.setdefault(row.family, [])
            if row.design not in own:
                own.append(row.design)
        columns = [(family, design) for family, own in designs.items() for design in own]
        return cls(
            [(family, len(own)) for family, own in designs.items()],
            columns,
            [(name, statements[name], [cells.get((name, *column)) for column in columns]) for name in names],
        )


@dataclass(frozen=True)
class ModesTable:
    """By population and quantity, a number for each candidate."""

    candidates: list[str]
    populations: dict[str, dict[str, Numbers]]

    @classmethod
    def of(cls, modes: ModesShown) -> "ModesTable":
        """Return loss and distance of each candidate, and its weight in the best mixture of them all."""
        populations: dict[str, dict[str, Numbers]] = {}
        for name, own in modes.populations.items():
            populations[POPULATIONS.get(name, name)] = {
                "loss": {candidate: summary.mean for candidate, summary in own.loss.items()},
                "distance from the network": {candidate: summary.mean for candidate, summary in own.distance.items()},
                "weight in the best mixture": {candidate: bare(weight) for candidate, weight in own.weights.items()},
            }
        first = next(iter(modes.populations.values()))
        return cls(list(first.loss), populations)


@dataclass(frozen=True)
class SitesTable:
    """The numbers of one network by site, under the same headings."""

    network: NetworkResult
    lines: dict[str, Numbers]

    @property
    def headings(self) -> list[str]:
        """The names of the numbers, each once."""
        return list(dict.fromkeys(name for numbers in self.lines.values() for name in numbers))

    def layer(self, site: str) -> str:
        """Return a site's layer, with an a behind it after attention."""
        return layer_label(site, self.network.sites)

    @classmethod
    def of(cls, network: NetworkResult) -> "SitesTable":
        """Gather what was found: P0 to P3*, sharper forms, R2_OOD, and what is judged of the prefix."""
        lines: dict[str, Numbers] = {site: {} for site in network.sites}
        if (properties := network.show(PropertiesShown)) is not None:
            for site, statistics in properties.properties.items():
                lines[site] |= statistics
        if (conditional := network.show(ConditionalShown)) is not None:
            for site in lines.keys() & conditional.sites.keys():
                lines[site] |= conditional.sites[site]
        if (functional := network.show(FunctionalShown)) is not None:
            for site in lines.keys() & functional.sites.keys():
                lines[site] |= {FUNCTIONAL: functional.sites[site]}
        if (fresh := network.show(FreshStatesShown)) is not None:
            for site, shares in fresh.subspace.items():
                kinds = {"single": shares.single, "averaged": shares.averaged, "chance": shares.chance}
                lines[site] |= {f"R²_OOD {kind}": share for kind, share in kinds.items()}
        if (prefix := network.show(PrefixShown)) is not None:
            column = prefix.positions.index(prefix.judged)
            for site, table in prefix.sites.items():
                lines[site] |= {name: bare(values[column]) for name, values in table.items()}
        return cls(network, {site: numbers for site, numbers in lines.items() if numbers})


def bare(value: float) -> Estimate:
    """Return a number without an interval as an estimate."""
    return Estimate(value, math.nan, math.nan)


@dataclass(frozen=True)
class SkillGroup:
    """The networks that differ in their seed alone."""

    design: str
    arm: str
    steps: int
    rows: list[SkillRow]


def by_network(rows: Sequence[SkillRow]) -> list[SkillGroup]:
    """Put the skills of the seeds of each design and arm together."""
    keys = dict.fromkeys((row.design, row.arm, row.steps) for row in rows)
    return [SkillGroup(*key, [row for row in rows if (row.design, row.arm, row.steps) == key]) for key in keys]
