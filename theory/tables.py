"""A demonstration as tables in a terminal.

One line a target: what was observed, then what was believed and predicted *before* it was seen. Posteriors are in
per cent, laws are probabilities, and of a law the entry of the observed symbol is marked. Dyck paths are written in
parentheses: up is (, down is ).
"""

from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from theory.demonstration import Demonstration
from theory.dyck import PlantedDyck
from theory.notation import Prediction, SymbolBatch


def print_demonstration(console: Console, demonstration: Demonstration) -> None:
    """Print the tasks, the sequence, the posteriors and the predictions."""
    design, batch, family = demonstration.design, demonstration.batch, demonstration.family
    console.print(f"{family}, seed {demonstration.seed}", markup=False, soft_wrap=True)
    _print_tasks(console, demonstration)
    kind = "a fresh draw from the prior" if design.fresh else _names(demonstration)[int(batch.tasks[0])]
    console.print(f"The sequence's task: {kind}.\n")
    _print_posterior(console, demonstration)
    _print_predictions(console, demonstration)


def print_rates(console: Console, rates: dict[str, Any]) -> None:
    """Print what `theory.rates.summary` says of the tasks."""
    for key, title in (
        ("log_odds_growth", "Growth of the log-odds, nats per target (row: true major, column: the other)"),
        ("error_exponent", "Error exponent, nats per target"),
    ):
        table = Table(title=title, title_justify="left")
        table.add_column("true")
        for column in range(len(rates[key])):
            table.add_column(f"major {column}", justify="right")
        for row, values in enumerate(rates[key]):
            table.add_row(f"major {row}", *map(_number, values))
        console.print(table)
    table = Table(title="First target at which each major can typically be believed", title_justify="left")
    table.add_column("posterior")
    for column in range(len(rates["log_odds_growth"])):
        table.add_column(f"major {column}", justify="right")
    for level, positions in rates["settling"].items():
        table.add_row(level, *("later" if position is None else str(position) for position in positions))
    console.print(table)
    fresh = zip(rates["fresh_tasks"]["nearest"], rates["fresh_tasks"]["growth"], strict=True)
    told = ", ".join(
        "none (all excluded)" if k < 0 else f"major {k} (log-odds + {_number(g)} a target)" for k, g in fresh
    )
    console.print(f"Where the majors' posterior goes on fresh tasks: {told}.", soft_wrap=True)
    information = rates["information"]
    pairs = zip(information["target"], information["nats"], information["standard_error"], strict=True)
    regret = ", ".join(f"{target}: {_number(nats)} ± {_number(error)}" for target, nats, error in pairs)
    console.print(f"Regret of the prior predictive by target, nats: {regret}.", soft_wrap=True)


def _print_tasks(console: Console, demonstration: Demonstration) -> None:
    table = Table(title="Tasks", title_justify="left")
    for heading in ("task", "weight", "parameters"):
        table.add_column(heading, overflow="fold")
    mixture = demonstration.mixture
    for name, weight, row in zip(_names(demonstration), mixture.weights, mixture.pool.parameters, strict=True):
        table.add_row(name, f"{weight:.3f}", _parameters(row))
    if demonstration.design.fresh:
        table.add_row("fresh", "", _parameters(demonstration.source.parameters[0]))
    console.print(table)


def _print_posterior(console: Console, demonstration: Demonstration) -> None:
    table = Table(title="Posterior before each target, per cent", title_justify="left")
    n_majors = demonstration.mixture.n_majors
    table.add_column("t", justify="right")
    table.add_column("target", justify="right")
    for predictor, last in (("M1", "minors"), ("M2", "fresh task")):
        for heading in (*(f"{predictor} major {major}" for major in range(n_majors)), f"{predictor} {last}"):
            table.add_column(heading, justify="right")
    for target, observed in enumerate(_observations(demonstration)):
        cells = []
        for prediction in (demonstration.retrieval, demonstration.extrapolation):
            if target < prediction.weights.shape[1]:
                weights = prediction.weights[0, target]
                cells += [f"{100 * w:.1f}" for w in (*weights[:n_majors], weights[n_majors:].sum())]
            else:
                cells += ["impossible"] * (n_majors + 1)
        table.add_row(str(target), observed, *cells)
    console.print(table)


def _print_predictions(console: Console, demonstration: Demonstration) -> None:
    table = Table(title="Prediction of each target", title_justify="left")
    table.add_column("t", justify="right")
    table.add_column("target", justify="right")
    predictions = {
        "M1 (retrieval)": demonstration.retrieval,
        "M2 (extrapolation)": demonstration.extrapolation,
        "prior predictive": demonstration.prior_predictive,
    }
    for heading in predictions:
        table.add_column(heading, justify="right")
    for target, observed in enumerate(_observations(demonstration)):
        laws = (_prediction(demonstration, prediction, target) for prediction in predictions.values())
        table.add_row(str(target), observed, *laws)
    console.print(table)


def _prediction(demonstration: Demonstration, prediction: Prediction, target: int) -> str:
    if target >= prediction.mean.shape[1]:
        return "impossible"
    mean, batch = prediction.mean[0, target], demonstration.batch
    if not isinstance(batch, SymbolBatch):
        return f"{mean[0]:.3f}"
    entries = [f"{p:.2f}".lstrip("0") if p < 1 else "1.0" for p in mean]
    entries[batch.symbols[0, target]] = f"[bold underline]{entries[batch.symbols[0, target]]}[/]"
    return " ".join(entries)


def _observations(demonstration: Demonstration) -> list[str]:
    batch, family = demonstration.batch, demonstration.family
    if not isinstance(batch, SymbolBatch):
        return [f"{y:.3f}" for y in batch.y[0]]
    names = {family.background: "(", family.background + 1: ")"} if isinstance(family, PlantedDyck) else {}
    return [names.get(symbol, str(symbol)) for symbol in batch.symbols[0].tolist()]


def _names(demonstration: Demonstration) -> list[str]:
    mixture = demonstration.mixture
    majors = [f"major {task}" for task in range(mixture.n_majors)]
    return majors + [f"minor {task}" for task in range(mixture.n_minors)]


def _parameters(row: np.ndarray) -> str:
    if row.ndim == 2:
        return " | ".join(_parameters(line) for line in row)
    if np.issubdtype(row.dtype, np.integer):
        return "".join("(" if step > 0 else ")" for step in row)
    return " ".join(f"{entry:.2f}" for entry in row)


def _number(value: Any) -> str:
    return "∞" if value is None else f"{value:.3g}"
