"""What the command line prints: the claims table, and the numbers of states captured elsewhere by site."""

from collections.abc import Callable, Sequence
from io import StringIO
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from validate.claims.rule import Verdict
from validate.experiment.schema import Experiment
from validate.judging.results import ClaimRow, NetworkResult, Results, SkillRow
from validate.report.plain import PlainConsole
from validate.report.primary import primary_summaries
from validate.report.tables import SitesTable
from validate.report.wording import number

WIDE = 150
"""Columns from which on a claim's comparisons are shown beside what was measured."""

PRIMARY_MARK = " ●"

STYLES: dict[Verdict, str] = {
    "supported": "green",
    "unspecific": "yellow",
    "refuted": "red",
    "inconclusive": "magenta",
    "not tested": "dim",
    "not learned": "dim",
}

R = TypeVar("R")


@runtime_checkable
class JudgedStates(Protocol):
    """What is told of states captured elsewhere."""

    @property
    def experiment(self) -> Experiment:
        """The experiment whose sequences were read."""
        ...

    @property
    def networks(self) -> Sequence[NetworkResult]:
        """What was found of each network."""
        ...

    @property
    def claims(self) -> Sequence[ClaimRow]:
        """The claims that could be judged."""
        ...

    @property
    def left_out(self) -> Sequence[str]:
        """What could not be judged and why, in sentences."""
        ...


def print_claims(console: Console, results: Results, report: Path, everything: bool = False) -> None:
    """Print how the primary claims of a run stand, and where the report is; every claim only if asked for."""
    if everything:
        console.print(claims_table(f"Claims of {results.experiment.name}", results.claims, console.width))
    if unlearned := unlearned_by_design(results.skills):
        console.print(f"Not learned: {'; '.join(unlearned)}.", highlight=False)
    print_primary(console, results.claims)
    if not everything:
        console.print(f"{len(results.claims)} claims in all are in the report, and here with --all.", highlight=False)
    console.print(f"Report: {report}", highlight=False, soft_wrap=True)


def unlearned_by_design(skills: Sequence[SkillRow]) -> list[str]:
    """Name the networks that have not learned, those that differ in their seed alone together."""
    groups: dict[str, list[SkillRow]] = {}
    for row in skills:
        groups.setdefault(f"{row.family}, {row.design}{f', {row.arm}' if row.arm else ''}", []).append(row)
    return [
        f"{name} ({sum(not row.learned for row in rows)} of {len(rows)})"
        for name, rows in groups.items()
        if not all(row.learned for row in rows)
    ]


def print_states(console: Console, results: JudgedStates) -> None:
    """Print what states captured elsewhere say: every site, the claims, and what was left out."""
    for network in results.networks:
        console.print(sites_table(network))
    if results.claims:
        console.print(claims_table(f"Claims of {results.experiment.name}", results.claims, console.width))
        print_primary(console, results.claims)
    for sentence in results.left_out:
        console.print(sentence, highlight=False, soft_wrap=True)


def print_primary(console: Console, rows: Sequence[ClaimRow]) -> None:
    """Print how the primary claims stand, a line a family."""
    for summary in primary_summaries(rows):
        console.print(summary.sentence(), highlight=False)


def as_text(show: Callable[[Console, R], None], results: R, width: int) -> str:
    """Return what would be printed on so many columns, without colours."""
    text = StringIO()
    show(PlainConsole(file=text, width=width), results)
    return text.getvalue()


def claims_table(title: str, rows: Sequence[ClaimRow], width: int) -> Table:
    """Return one line a criterion, the claim's verdict on its last line; without the comparisons if it is narrow.

    Primary claims are marked; all others are secondary.
    """
    headings = ("predicted", "measured", "interval", "null", "tolerance") if width >= WIDE else ("measured",)
    table = Table(title=f"{title} ({PRIMARY_MARK.strip()} primary)", title_justify="left", box=SIMPLE_HEAD)
    table.add_column("claim", overflow="fold", min_width=10)
    table.add_column("family, design", overflow="fold", min_width=12)
    table.add_column("statistic", overflow="fold", min_width=16)
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True, min_width=12)
    for row in rows:
        last = len(row.parts) - 1
        for index, part in enumerate(row.parts):
            low, high = part.interval
            numbers = {
                "predicted": number(part.predicted),
                "measured": number(part.measured),
                "interval": f"{number(low)} … {number(high)}",
                "null": number(part.null),
                "tolerance": part.bound(),
            }
            table.add_row(
                f"{row.claim}{PRIMARY_MARK if row.primary else ''}" if index == 0 else "",
                f"{row.family}, {row.design}" if index == 0 else "",
                part.label,
                *(numbers[heading] for heading in headings),
                Text(row.verdict, STYLES[row.verdict]) if index == last else "",
            )
    return table


def sites_table(network: NetworkResult) -> Table:
    """Return one line a statistic: its value at every site where it was found."""
    sites = SitesTable.of(network)
    title = f"{network.family}, {network.design}, seed {network.seed}; judged at {network.site}"
    table = Table(title=title, title_justify="left")
    table.add_column("statistic", overflow="fold")
    for site in sites.lines:
        table.add_column(site, justify="right", overflow="fold")
    for heading in sites.headings:
        values = (numbers[heading].value if heading in numbers else None for numbers in sites.lines.values())
        table.add_row(heading, *map(number, values))
    return table
