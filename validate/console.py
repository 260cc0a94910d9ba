"""What the command line prints of a run: the claims table."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from validate.claims import CRITERIA
from validate.report import number

STYLES = {
    "supported": "green",
    "unspecific": "yellow",
    "refuted": "red",
    "inconclusive": "magenta",
    "not tested": "dim",
}


def print_claims(console: Console, results: dict[str, Any], report: Path) -> None:
    """Print one line a criterion, the claim's verdict on its last line, and where the report is."""
    table = Table(title=f"Claims of {results['experiment']['name']}", title_justify="left")
    for heading in ("claim", "family, design", "statistic"):
        table.add_column(heading, overflow="fold")
    for heading in ("predicted", "measured", "interval", "null", "tolerance"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for row in results["claims"]:
        last = len(row["parts"]) - 1
        for index, part in enumerate(row["parts"]):
            verdict = f"[{STYLES[row['verdict']]}]{row['verdict']}[/]" if index == last else ""
            table.add_row(
                row["claim"] if index == 0 else "",
                f"{row['family']}, {row['design']}" if index == 0 else "",
                part["label"],
                number(part["predicted"]),
                number(part["measured"]),
                f"{number(part['interval'][0])} … {number(part['interval'][1])}",
                number(part["null"]),
                CRITERIA[part["statistic"]].bound(),
                verdict,
                end_section=index == last,
            )
    console.print(table)
    console.print(f"Report: {report}")
