"""Malformed experiments: an experiment file with one to three accidents, judged whole before its first step.

It is refused by a sentence, or accepted; one that is accepted has to go through the whole line.
"""

import re
import tempfile
from io import StringIO
from pathlib import Path

import numpy as np
from rich.console import Console
from tally import Tally
from tiny import TASKS, tiny_toml

from model import DivergenceError
from validate.experiment.schema import ExperimentError, parse_experiment
from validate.runs.beforehand import require_experiment
from validate.runs.reproduce import reproduce

NUMBERS = (
    "0", "1", "2", "3", "-1", "7", "1.5", "0.0", "-0.0", "1e-300", "1e-30", "1e-12", "1e-8", "1e12", "1e30", "1e300",
    "nan", "inf", "-inf", "true", '"x"', "[]", "[1]", "{}", "10000000", "1000000", "65536", "9223372036854775807",
    "9223372036854775808", "1" + "0" * 30, "9" * 400, "9" * 5000, "2020-01-01", "0.1", "0.5", "0.99", "1.0", "''",
    '"\\u001b[31m"', '"a\\nb"', "1_000", "0x10", "1e", "+", "4", "16",
)  # fmt: skip

WORDS = ("minors", "x", "families", '"a\\nb"', '"\\u0000"', "a.b.c", "a" + ".a" * 40, "k" * 500, "dice", "é", "name")

NAMED_NUMBER = re.compile(r"(?<=[={\s,])\s*(\w+) = ([^,\n\[\]{}]+)")


def accident(text: str, rng: np.random.Generator) -> str:
    """Return a text after one accident."""
    kind = rng.integers(10)
    if kind < 5:  # another value
        found = list(NAMED_NUMBER.finditer(text))
        if found:
            chosen = found[rng.integers(len(found))]
            return text[: chosen.start(2)] + rng.choice(NUMBERS) + text[chosen.end(2) :]
    if kind == 5:  # another key
        found = list(NAMED_NUMBER.finditer(text))
        if found:
            chosen = found[rng.integers(len(found))]
            return text[: chosen.start(1)] + rng.choice(WORDS) + text[chosen.end(1) :]
    lines = text.split("\n")
    place = int(rng.integers(len(lines)))
    if kind == 6:
        lines.insert(place, f"{rng.choice(WORDS)} = {rng.choice(NUMBERS)}")
    elif kind == 7:
        del lines[place]
    elif kind == 8:
        lines.insert(place, lines[rng.integers(len(lines))])
    else:
        spot = int(rng.integers(len(text) + 1))
        return text[:spot] + rng.choice(['"', "'", "[", "}", "\n", "\x00", "=", "\ufeff", "#", "\r", "é"]) + text[spot:]
    return "\n".join(lines)


def malformed(rng: np.random.Generator) -> str:
    """Return a malformed experiment of one family."""
    text = tiny_toml(rng.choice(list(TASKS)))
    for _ in range(rng.integers(1, 4)):
        text = accident(text, rng)
    return text


def campaign(n: int, seed: int, whole: int = 0) -> Tally:
    """Try `n` malformed experiments, and run up to `whole` of those that are accepted."""
    tally = Tally("malformed experiments")
    for index in range(n):
        text = malformed(np.random.default_rng((seed, index)))
        with tally.knock(f"malformed {index}", ExperimentError):
            experiment = parse_experiment(text, "file.toml")
            require_experiment(experiment)
            steps = sum(d.steps for plan in experiment.families.values() for d in plan.designs)
            most = max(plan.measurement.replicates for plan in experiment.families.values())
            if whole and steps < 50 and most < 2000:
                whole -= 1
                _run(experiment)
    return tally


def _run(experiment: object) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            reproduce(experiment, Path(folder) / "run", None, Console(file=StringIO()), quiet=True)
        except DivergenceError as error:
            raise ExperimentError(str(error)) from error
