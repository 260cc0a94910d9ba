"""The report of a run: one self-contained HTML file, made from ``results.json`` and ``metrics.jsonl`` alone.

First all verdicts at one look, then what did not hold, then family by family the claims with their nulls, the networks
layer by layer, and the figures. No number is typed in.
"""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from validate.claims.catalogue import CLAIMS
from validate.experiment.folder import RunFolderError, read_results, write_text
from validate.figures import Drawn, draw_all
from validate.judging.verdicts import count_verdicts
from validate.report.wording import Row, bound, closest, estimate, number, short, where, why_untested
from validate.training.metrics import Metrics

__all__ = ["VERDICT_MEANING", "Matrix", "number", "write_report"]

VERDICT_MEANING = {
    "supported": "the interval lies inside the tolerance and clear of every null",
    "unspecific": "the interval lies inside the tolerance, but a null meets it too or is not clear of it",
    "refuted": "the interval lies outside the tolerance",
    "inconclusive": "the interval straddles the tolerance",
    "not tested": "the ladder disqualifies the statistic, or something it needs was not measured",
}

TITLES = {
    "dice": "Biased dice (E1)",
    "regression": "Noisy linear regression (E2)",
    "markov": "Markov chains (E3)",
    "dyck": "Planted Dyck paths (E4)",
}
"""What families are called in headings."""

POPULATIONS = {
    "training": "the training mixture",
    "majors": "the majors",
    "minors": "the minors",
    "fresh": "fresh tasks",
}


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
    lines: list[tuple[str, str, list[Row | None]]]

    @classmethod
    def of(cls, rows: Iterable[Row]) -> "Matrix":
        """Arrange the rows of results."""
        rows = list(rows)
        cells = {(row["claim"], row["family"], row["design"]): row for row in rows}
        statements = {row["claim"]: row["statement"] for row in rows}
        known = [claim.name for claim in CLAIMS]
        names = sorted(statements, key=lambda name: known.index(name) if name in known else len(known))
        # A family's columns stand together, in the order in which its designs come up.
        designs: dict[str, list[str]] = {}
        for row in rows:
            own = designs.setdefault(row["family"], [])
            if row["design"] not in own:
                own.append(row["design"])
        columns = [(family, design) for family, own in designs.items() for design in own]
        return cls(
            [(family, len(own)) for family, own in designs.items()],
            columns,
            [(name, statements[name], [cells.get((name, *column)) for column in columns]) for name in names],
        )


def network_table(network: Row) -> dict[str, Any]:
    """Return the numbers of one network by layer, and its predictions by population."""
    shares = network.get("subspace", {})
    lines = []
    for site, statistics in network["properties"].items():
        own = {f"R²_OOD {name}": value for name, value in shares.get(site, {}).items()}
        lines.append({"site": site, "layer": site.rpartition(".")[2], "numbers": statistics | own})
    return {
        "design": network["design"],
        "seed": network["seed"],
        "chosen": network.get("chosen"),
        "columns": list(lines[0]["numbers"]) if lines else [],
        "lines": lines,
        "modes": modes_table(network["modes"]) if network.get("modes") else None,
    }


def modes_table(modes: dict[str, Row]) -> dict[str, Any]:
    """Return, by population, loss and distance of each candidate and its weight in the best mixture of them all."""
    quantities = {"loss": "loss", "distance": "distance from the network", "weights": "weight in the best mixture"}
    first = next(iter(modes.values()))
    return {
        "candidates": list(first["loss"]),
        "populations": {
            POPULATIONS.get(name, name): {
                label: {candidate: _summary(entry) for candidate, entry in mode[key].items()}
                for key, label in quantities.items()
                if key in mode
            }
            for name, mode in modes.items()
        },
    }


def _summary(entry: Any) -> Row:
    """Return an estimate's numbers; a number by itself has no interval."""
    numbers: Row = entry["mean"] if isinstance(entry, dict) else {"value": entry}
    return numbers


def by_claim(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Put the rows of each claim together, with the number of lines they take."""
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row["claim"], []).append(row)
    return [
        {"name": name, "statement": own[0]["statement"], "rows": own, "lines": sum(len(row["parts"]) for row in own)}
        for name, own in grouped.items()
    ]


def family_section(results: dict[str, Any], family: str, figures: list[dict[str, str]]) -> dict[str, Any]:
    """Return everything the report shows of one family."""
    rows = [row for row in results["claims"] if row["family"] == family]
    networks = [
        network
        for seed in results["experiment"]["families"][family]["seeds"]
        for network in (*results["networks"], *results["untrained"])
        if network["family"] == family and network["seed"] == seed
    ]
    return {
        "name": family,
        "title": TITLES.get(family, family),
        "seeds": results["experiment"]["families"][family]["seeds"],
        "claims": by_claim(rows),
        "networks": [network_table(network) for network in networks],
        "figures": [figure for figure in figures if figure["family"] == family],
    }


def write_report(folder: Path) -> Path:
    """Draw the figures of a run and write ``report.html``; returns its path."""
    results = read_results(folder)
    metrics = Metrics(folder / "metrics.jsonl").rows()
    try:
        (folder / "figures").mkdir(exist_ok=True)
    except OSError as error:
        raise RunFolderError(f"figures cannot be written to {folder}: {error.strerror}") from error
    figures = [_embedded(figure) for figure in draw_all(results, metrics, folder / "figures")]
    families = results["experiment"]["families"]
    by_verdict: dict[str, list[Row]] = {verdict: [] for verdict in VERDICT_MEANING}
    for row in results["claims"]:
        by_verdict[row["verdict"]].append(row)
    html = (
        _environment()
        .get_template("report.html")
        .render(
            results=results,
            sections=[family_section(results, family, figures) for family in families],
            matrix=Matrix.of(results["claims"]),
            by_verdict=by_verdict,
            one_seed=[family for family, plan in families.items() if len(plan["seeds"]) == 1],
            counts=count_verdicts(results["claims"]),
            meaning=VERDICT_MEANING,
            titles=TITLES,
        )
    )
    path = folder / "report.html"
    write_text(path, html)
    return path


def _embedded(figure: Drawn) -> dict[str, str]:
    data = base64.b64encode(figure.path.read_bytes()).decode()
    return {
        "name": figure.name,
        "family": figure.family,
        "title": figure.title,
        "caption": figure.caption,
        "data": data,
    }


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
        "estimate": estimate,
        "bound": bound,
        "closest": closest,
        "where": where,
        "why_untested": why_untested,
    }
    return environment
