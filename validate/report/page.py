"""The report of a run: one self-contained HTML file, made from ``results.json`` and ``metrics.jsonl`` alone.

First how the primary claims stand, then all verdicts at one look, what did not hold, and family by family the claims
with their nulls, the networks layer by layer, and the figures. No number is typed in.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from theory import FAMILIES
from validate.capture.skill import LEARNED
from validate.claims.fresh_states import FreshStatesShown
from validate.claims.modes import ModesShown
from validate.claims.rule import Verdict
from validate.experiment.folder import RunFolderError, inside, write_text
from validate.figures import Drawn, draw_all
from validate.figures.style import units_of
from validate.judging.results import ArmRow, ClaimRow, NetworkResult, Results, SkillRow, read_results
from validate.report.primary import STANDINGS, primary_summaries
from validate.report.tables import ClaimGroup, Matrix, ModesTable, SitesTable, SkillGroup, by_claim, by_network
from validate.report.wording import number, short, short_interval, where, why_untested, with_interval
from validate.training.metrics import Metrics

VERDICT_MEANING: dict[Verdict, str] = {
    "supported": "the interval lies inside the tolerance and clear of every null",
    "unspecific": "the interval lies inside the tolerance, but a null meets it too or is not clear of it",
    "refuted": "the interval lies outside the tolerance",
    "inconclusive": "the interval straddles the tolerance",
    "not tested": "the ladder disqualifies the statistic, or something it needs was not measured",
    "not learned": "the claim is about states, and a network does not predict well enough for it to be about anything",
}


@dataclass(frozen=True)
class Picture:
    """A figure with its drawing, ready to be embedded."""

    figure: Drawn
    data: str

    @classmethod
    def of(cls, figure: Drawn) -> "Picture":
        """Read a figure from disk."""
        return cls(figure, base64.b64encode(figure.path.read_bytes()).decode())


@dataclass(frozen=True)
class NetworkSection:
    """What the report tells of one network."""

    network: NetworkResult
    skill: SkillRow | None
    sites: SitesTable
    modes: ModesTable | None

    @classmethod
    def of(cls, network: NetworkResult, skills: Sequence[SkillRow]) -> "NetworkSection":
        """Gather what is known of a network; untrained ones have no skill."""
        own = network.family, network.design, "", network.seed
        skill = next((row for row in skills if (row.family, row.design, row.arm, row.seed) == own), None)
        modes = network.show(ModesShown)
        return cls(network, skill, SitesTable.of(network), ModesTable.of(modes) if modes else None)


@dataclass(frozen=True)
class FamilySection:
    """Everything the report shows of one family."""

    name: str
    title: str
    unit: str
    seeds: Sequence[int]
    skills: list[SkillGroup]
    arms: list[ArmRow]
    claims: list[ClaimGroup]
    networks: list[NetworkSection]
    pictures: list[Picture]

    @property
    def has_fresh_states(self) -> bool:
        """Whether states of fresh tasks are among what its networks show."""
        return any(one.network.show(FreshStatesShown) for one in self.networks)

    @classmethod
    def of(cls, results: Results, family: str, figures: Sequence[Drawn]) -> "FamilySection":
        """Gather claims, networks by seed, and figures."""
        seeds = results.experiment.families[family].seeds
        networks = [network for network in (*results.networks, *results.untrained) if network.family == family]
        return cls(
            name=family,
            title=FAMILIES[family].title,
            unit=units_of(family).loss,
            seeds=seeds,
            skills=by_network([row for row in results.skills if row.family == family]),
            arms=[row for row in results.arms if row.family == family],
            claims=by_claim(results.of_family(family)),
            networks=[
                NetworkSection.of(network, results.skills)
                for seed in seeds
                for network in networks
                if network.seed == seed
            ],
            pictures=[Picture.of(figure) for figure in figures if figure.family == family],
        )


def write_report(folder: Path) -> Path:
    """Draw the figures of a run and write ``report.html``; returns its path."""
    results = read_results(folder)
    metrics = Metrics(inside(folder, "metrics.jsonl")).rows()
    figures = inside(folder, "figures")
    try:
        figures.mkdir(exist_ok=True)
    except OSError as error:
        raise RunFolderError(f"figures cannot be written to {folder}: {error.strerror}") from error
    path = folder / "report.html"
    write_text(path, page(results, draw_all(results, metrics, figures)))
    return path


def page(results: Results, figures: Sequence[Drawn]) -> str:
    """Return the report of a run as HTML, with its figures embedded."""
    families = results.experiment.families
    by_verdict: dict[Verdict, list[ClaimRow]] = {verdict: [] for verdict in VERDICT_MEANING}
    for row in results.claims:
        by_verdict[row.verdict].append(row)
    template = _environment().get_template("report.html")
    return template.render(
        results=results,
        sections=[FamilySection.of(results, family, figures) for family in families],
        matrix=Matrix.of(results.claims),
        by_verdict=by_verdict,
        one_seed=[family for family, plan in families.items() if len(plan.seeds) == 1],
        primary=primary_summaries(results.claims),
        standings=STANDINGS,
        meaning=VERDICT_MEANING,
        learned=LEARNED,
        titles={name: family.title for name, family in FAMILIES.items()},
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("validate.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": number,
        "short": short,
        "with_interval": with_interval,
        "short_interval": short_interval,
        "where": where,
        "why_untested": why_untested,
    }
    return environment
