"""The report of a run: one self-contained HTML file, made from ``results.json`` and ``metrics.jsonl`` alone.

The first screen is one picture, five computed sentences and a map of the primary claims; a forest plot over seeds
stands behind each of its cells. Everything else is folded: a section a question, the networks, how it was made.
No number is typed in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from theory import title_of
from validate.capture.skill import LEARNED
from validate.claims.fresh_states import FreshStatesShown
from validate.claims.modes import ModesShown
from validate.claims.rule import Verdict
from validate.experiment.folder import RunFolderError, inside, write_text
from validate.figures import Drawn, Map, draw_all
from validate.figures.overview import Overview, caption, draw_overview
from validate.figures.style import drawing, house_style, units_of
from validate.judging.results import ArmRow, NetworkResult, Results, SpreadRow, read_results
from validate.report.forest import Forest
from validate.report.picture import Picture, address
from validate.report.primary import STANDINGS, primary_summaries
from validate.report.questions import sections
from validate.report.sentences import sentences
from validate.report.tables import LETTERS, Matrix, ModesTable, SitesTable, SkillGroup, by_network
from validate.report.wording import number, short, short_interval, where, why_untested, with_interval
from validate.training.metrics import Metrics

VERDICT_MEANING: dict[Verdict, str] = {
    "supported": "the interval lies inside the tolerance and clear of every null",
    "unspecific": "the interval lies inside the tolerance, but a null or rival meets it too or is not clear of it",
    "refuted": "the interval lies outside the tolerance",
    "inconclusive": "the interval straddles the tolerance",
    "not tested": "the ladder disqualifies the statistic, or something it needs was not measured",
    "not learned": "the claim is about states, and a network does not predict well enough for it to be about anything",
}


@dataclass(frozen=True)
class NetworkSection:
    """What the report tells of one network, layer by layer."""

    network: NetworkResult
    sites: SitesTable
    modes: ModesTable | None

    @classmethod
    def of(cls, network: NetworkResult) -> "NetworkSection":
        """Gather what is known of a network."""
        modes = network.show(ModesShown)
        return cls(network, SitesTable.of(network), ModesTable.of(modes) if modes else None)


@dataclass(frozen=True)
class FamilySection:
    """The networks of one family: their skill, what another optimizer changes, and the first seed layer by layer."""

    name: str
    title: str
    unit: str
    seeds: Sequence[int]
    skills: list[SkillGroup]
    arms: list[ArmRow]
    spreads: list[SpreadRow]
    networks: list[NetworkSection]

    @property
    def has_fresh_states(self) -> bool:
        """Whether states of fresh tasks are among what its networks show."""
        return any(one.network.show(FreshStatesShown) for one in self.networks)

    @classmethod
    def of(cls, results: Results, family: str) -> "FamilySection":
        """Gather them."""
        seeds = results.experiment.families[family].seeds
        networks = [
            network
            for network in (*results.networks, *results.untrained)
            if network.family == family and network.seed == seeds[0]
        ]
        return cls(
            name=family,
            title=title_of(family),
            unit=units_of(family).loss,
            seeds=seeds,
            skills=by_network([row for row in results.skills if row.family == family]),
            arms=[row for row in results.arms if row.family == family],
            spreads=[row for row in results.spreads if row.family == family],
            networks=[NetworkSection.of(network) for network in networks],
        )


@dataclass(frozen=True)
class FirstPicture:
    """The picture of the first screen."""

    address: str
    caption: str

    @classmethod
    def of(cls, results: Results) -> "FirstPicture | None":
        """Draw it, if any family has what it shows."""
        overview = Overview.of(results)
        if overview is None:
            return None
        with house_style(f"{overview.family}.overview"):
            drawn = drawing(draw_overview(overview))
        return cls(address(drawn), caption(overview))


def write_report(folder: Path, each: Map = map) -> Path:
    """Draw the figures of a run, with `each` a family at a time, and write ``report.html``; returns its path."""
    results = read_results(folder)
    metrics = Metrics(inside(folder, "metrics.jsonl")).rows()
    figures = inside(folder, "figures")
    try:
        figures.mkdir(exist_ok=True)
    except OSError as error:
        raise RunFolderError(f"figures cannot be written to {folder}: {error.strerror}") from error
    path = folder / "report.html"
    write_text(path, page(results, draw_all(results, metrics, figures, each)))
    return path


def page(results: Results, figures: Sequence[Drawn]) -> str:
    """Return the report of a run as HTML, with its figures embedded."""
    primary = [row for row in results.claims if row.primary]
    template = _environment().get_template("report.html")
    return template.render(
        results=results,
        picture=FirstPicture.of(results),
        sentences=sentences(results),
        unlearned=[row for row in results.skills if not row.learned],
        heat=Matrix.of(primary),
        forests=[Forest.of(row, part) for row in primary for part in row.parts],
        sections=sections(results, [Picture.of(figure) for figure in figures]),
        families=[FamilySection.of(results, family) for family in results.experiment.families],
        matrix=Matrix.of(results.claims),
        primary=primary_summaries(results.claims),
        standings=STANDINGS,
        letters=LETTERS,
        meaning=VERDICT_MEANING,
        learned=LEARNED,
        titles={name: title_of(name) for name in results.experiment.families},
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
