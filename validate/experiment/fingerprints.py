"""What results depend on, as hashes: code without its words, and data.

Code is hashed as it parses, without docstrings and comments: an edited caption or explanation changes no number and no
fingerprint.
"""

import ast
import hashlib
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import numpy as np

import model
import theory
from theory import Batch, Mixture
from validate import experiment

NOT_TRAINING = (
    "gradcheck.py",
    "progress.py",
    "record.py",
    "checkpoint.py",
    "continuation.py",
    "conversion.py",
    "endings.py",
    "files.py",
)
"""Files of `model` that do not touch a parameter while a network trains."""

MEASURING = ("experiment", "statistics", "capture", "claims", "judging")
"""Rooms whose code a measured number depends on."""


def digest_of(paths: Iterable[Path], base: Path) -> str:
    """Return a hash of Python files as they parse, and of their places below a folder."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(f"{path.relative_to(base)}\0{ast.dump(_without_words(path))}\0".encode())
    return digest.hexdigest()


def _without_words(path: Path) -> ast.Module:
    tree = ast.parse(path.read_bytes())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            # A string that stands by itself is a docstring, or explains what is above it.
            node.body = [entry for entry in node.body if not _is_word(entry)] or [ast.Pass()]
    return tree


def _is_word(entry: ast.stmt) -> bool:
    return isinstance(entry, ast.Expr) and isinstance(entry.value, ast.Constant) and isinstance(entry.value.value, str)


def _folder(package: object) -> Path:
    return Path(str(package.__file__)).parent  # type: ignore[attr-defined]


@cache
def training_code() -> str:
    """Return a hash of the code that trains: what of `model` acts on parameters."""
    folder = _folder(model)
    return digest_of((path for path in folder.rglob("*.py") if path.name not in NOT_TRAINING), folder)


@cache
def measuring_code(further: frozenset[Path] = frozenset()) -> str:
    """Return a hash of the code that measures: `theory`, `model`, the rooms of numbers, and further folders."""
    rooms = (_folder(experiment).parent / room for room in MEASURING)
    paths = {path for folder in (_folder(theory), _folder(model), *rooms, *further) for path in folder.rglob("*.py")}
    return digest_of(paths, _folder(theory).parent)


def data_fingerprint(mixture: Mixture, draw: Callable[[int], Batch]) -> str:
    """Return a hash of what a network is trained on: the tasks, their weights, and the first two batches.

    Whatever code draws them, a change that shows in them makes another fingerprint.
    """
    digest = hashlib.sha256()
    first, second = (mixture.family.encode(draw(step)) for step in (0, 1))
    for array in (mixture.pool.parameters, mixture.weights, *first, *second):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
