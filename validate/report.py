"""The report of a run: one self-contained HTML file, made from ``results.json`` and ``metrics.jsonl`` alone."""

import base64
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from validate.claims import CRITERIA
from validate.figures import draw_all
from validate.metrics import Metrics
from validate.run_folder import RunFolderError, read_results, write_text
from validate.verdicts import count_verdicts

VERDICT_MEANING = {
    "supported": "the interval lies inside the tolerance and clear of every null",
    "unspecific": "the interval lies inside the tolerance, but a null meets it too or is not clear of it",
    "refuted": "the interval lies outside the tolerance",
    "inconclusive": "the interval straddles the tolerance",
    "not tested": "the ladder disqualifies the statistic, or something it needs was not measured",
}


def number(value: float | None) -> str:
    """Write a number to four significant digits; a dash if it is undefined."""
    return "—" if value is None or value != value else f"{value:.4g}"


def estimate(numbers: dict[str, float | None]) -> str:
    """Write an estimate as value and interval."""
    return f"{number(numbers['value'])} [{number(numbers['low'])}, {number(numbers['high'])}]"


def write_report(folder: Path) -> Path:
    """Draw the figures of a run and write ``report.html``; returns its path."""
    results = read_results(folder)
    metrics = Metrics(folder / "metrics.jsonl").rows()
    try:
        (folder / "figures").mkdir(exist_ok=True)
    except OSError as error:
        raise RunFolderError(f"figures cannot be written to {folder}: {error.strerror}") from error
    drawn = draw_all(results, metrics, folder / "figures")
    figures = [
        {
            "name": figure.name,
            "title": figure.title,
            "caption": figure.caption,
            "data": base64.b64encode(figure.path.read_bytes()).decode(),
        }
        for figure in drawn
    ]
    environment = Environment(
        loader=PackageLoader("validate"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["number"] = number
    environment.filters["estimate"] = estimate
    html = environment.get_template("report.html").render(
        results=results,
        figures=figures,
        seeds_per_family=min(len(row["seeds"]) for row in results["claims"]),
        counts=count_verdicts(results["claims"]),
        meaning=VERDICT_MEANING,
        summary=[_summary(network) for network in (*results["networks"], *results["untrained"])],
        bounds={name: criterion.bound() for name, criterion in CRITERIA.items()},
    )
    path = folder / "report.html"
    write_text(path, html)
    return path


def _summary(network: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers of one network that its table shows."""
    last = list(network["properties"])[-1]
    properties, shares = network["properties"][last], network["subspace"][last]
    return {
        "name": f"{network['family']}, {network['design']}, seed {network['seed']}",
        "properties": list(properties),
        "numbers": [*properties.values(), shares["single"], shares["averaged"], shares["chance"]],
        "modes": network["modes"],
    }
