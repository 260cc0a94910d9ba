"""What the command line prints: the claims table, and the numbers of states captured elsewhere by site."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from validate.claims.catalogue import CRITERIA
from validate.options import WIDTH
from validate.report.page import number

WIDE = 150
"""Columns from which on a claim's comparisons are shown beside what was measured."""

STYLES = {
    "supported": "green",
    "unspecific": "yellow",
    "refuted": "red",
    "inconclusive": "magenta",
    "not tested": "dim",
}


def print_claims(console: Console, results: dict[str, Any], report: Path) -> None:
    """Print the claims of a run, and where the report is."""
    console.print(claims_table(f"Claims of {results['experiment']['name']}", results["claims"], console.width))
    console.print(f"Report: {report}")


def print_states(console: Console, results: dict[str, Any]) -> None:
    """Print what states captured elsewhere say: every site, the claims, and what was left out."""
    for network in results["networks"]:
        console.print(sites_table(network))
    if results["claims"]:
        console.print(claims_table(f"Claims of {results['experiment']['name']}", results["claims"], console.width))
    for sentence in results["left_out"]:
        console.print(sentence, highlight=False, soft_wrap=True)


def as_text(show: Callable[[Console, dict[str, Any]], None], results: dict[str, Any]) -> str:
    """Return what would be printed, without colours."""
    console = Console(file=StringIO(), width=WIDTH)
    show(console, results)
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def claims_table(title: str, rows: list[dict[str, Any]], width: int) -> Table:
    """Return one line a criterion, the claim's verdict on its last line; without the comparisons if it is narrow."""
    headings = ("predicted", "measured", "interval", "null", "tolerance") if width >= WIDE else ("measured",)
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    table.add_column("claim", overflow="fold", min_width=10)
    table.add_column("family, design", overflow="fold", min_width=12)
    table.add_column("statistic", overflow="fold", min_width=16)
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True, min_width=12)
    for row in rows:
        last = len(row["parts"]) - 1
        for index, part in enumerate(row["parts"]):
            verdict = f"[{STYLES[row['verdict']]}]{row['verdict']}[/]" if index == last else ""
            numbers = {
                "predicted": number(part["predicted"]),
                "measured": number(part["measured"]),
                "interval": f"{number(part['interval'][0])} … {number(part['interval'][1])}",
                "null": number(part["null"]),
                "tolerance": CRITERIA[part["statistic"]].bound(),
            }
            table.add_row(
                row["claim"] if index == 0 else "",
                f"{row['family']}, {row['design']}" if index == 0 else "",
                part["label"],
                *(numbers[heading] for heading in headings),
                verdict,
            )
    return table


def sites_table(network: dict[str, Any]) -> Table:
    """Return one line a site: the values of P0 .. P3*, and R2_OOD beside that of random subspaces."""
    title = f"{network['family']}, {network['design']}, seed {network['seed']}; judged at {network['chosen']}"
    table = Table(title=title, title_justify="left")
    first = next(iter(network["properties"]))
    table.add_column("site", overflow="fold")
    for heading in (*network["properties"][first], "R²_OOD", "of averages", "by chance"):
        table.add_column(heading, justify="right")
    for site, values in network["properties"].items():
        shares = [network["subspace"][site][kind]["value"] for kind in ("single", "averaged", "chance")]
        table.add_row(site, *(number(value) for value in (*values.values(), *shares)))
    return table
