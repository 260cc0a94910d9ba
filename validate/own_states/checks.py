"""What is wrong with answers, whether they come from a file or from memory; every message is a sentence.

Some sequences stand in a group twice (`Group.repeated`), and a network answers them as before. Of the repeated rows a,
their repetitions b and their neighbours c among the repeated rows,

    mean |a - b|^2  <=  SAME  mean |a - c|^2                  with SAME = .1

holds with room to spare for float16 and other orders of summation. Where rows stand in another order, or where an array
was written that is not C-contiguous (safetensors then writes the memory as it lies, without a word, its issue 825), a
and b are rows as any others, and the two sides are about equal but for the factor.
"""

import hashlib
from collections.abc import Mapping
from itertools import permutations
from typing import Protocol, runtime_checkable

import numpy as np

from validate.own_states.errors import StatesError
from validate.own_states.names import site_of
from validate.own_states.sequences import Group, Sequences

KINDS = ("F16", "BF16", "F32", "F64")
SAME = 0.1

LARGEST = 1e100
"""The largest number whose squares can be summed."""

BLOCK = 1 << 22
"""Numbers checked at a time."""


@runtime_checkable
class Answers(Protocol):
    """Tensors with the names of a states file.

    Attributes
    ----------
    name : str
        How they are called in sentences.
    sites : tuple of str
        In the order of the network.
    shapes : mapping of tuple
        By tensor.
    at_fault : str
        What else may be the cause where rows differ that should not.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def sites(self) -> tuple[str, ...]: ...  # noqa: D102

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]: ...  # noqa: D102

    @property
    def has_predictions(self) -> bool: ...  # noqa: D102

    @property
    def at_fault(self) -> str: ...  # noqa: D102

    def kind(self, name: str) -> str:
        """Return the type of a tensor's numbers, as safetensors calls it."""
        ...

    def block(self, name: str, start: int, stop: int) -> np.ndarray:
        """Return rows of a tensor."""
        ...


def require(answers: Answers, sequences: Sequences) -> str:
    """Refuse answers that are not all that is wanted of some sequences; returns a digest of all states.

    Raises
    ------
    StatesError
        If a tensor is missing, unknown, of another shape or type, not finite, or its rows are out of order.
    """
    if not answers.sites:
        wanted = next(name for name in sequences.groups if name.startswith("states."))
        raise StatesError(f"{answers.name} holds no states: wanted tensors such as {wanted}.<site>")
    expected = _expected(answers, sequences)
    for name in answers.shapes:
        if name not in expected:
            raise StatesError(f"{answers.name}: {name} is not a tensor of the layout")
    digest = hashlib.sha256()
    for name, (group, shape) in expected.items():
        _require_form(answers, name, shape)
        _require_finite(answers, name, digest if site_of(name) else hashlib.sha256())
        _require_repeats(answers, name, group)
    return digest.hexdigest()


def _expected(answers: Answers, sequences: Sequences) -> dict[str, tuple[Group, tuple[int, int, int]]]:
    """Return group and wanted shape of every tensor; a site is as wide as the widest of its tensors."""
    widths = dict.fromkeys(answers.sites, 1)
    for name, shape in answers.shapes.items():
        if (site := site_of(name)) in widths:
            widths[site] = max([widths[site], *shape[2:3]])
    outcomes = sequences.seed_plan.family.n_outputs
    expected: dict[str, tuple[Group, tuple[int, int, int]]] = {}
    for name, group in sequences.groups.items():
        rows = len(group), len(group.positions)
        if name.startswith("states."):
            expected |= {f"{name}.{site}": (group, (*rows, width)) for site, width in widths.items()}
        elif answers.has_predictions:
            expected[name] = group, (*rows, outcomes)
    return expected


def _require_form(answers: Answers, name: str, shape: tuple[int, int, int]) -> None:
    if name not in answers.shapes:
        raise StatesError(f"{answers.name} has no tensor {name}; wanted one of shape {shape}")
    if answers.shapes[name] != shape:
        raise StatesError(f"{answers.name}: {name} must have shape {shape}; got {answers.shapes[name]}")
    if (kind := answers.kind(name)) not in KINDS:
        raise StatesError(f"{answers.name}: {name} must be of type {', '.join(KINDS)}; got {kind}")


def _require_finite(answers: Answers, name: str, digest: "hashlib._Hash") -> None:
    shape = answers.shapes[name]
    step = max(1, BLOCK // max(1, int(np.prod(shape[1:]))))
    for start in range(0, shape[0], step):
        block = answers.block(name, start, min(start + step, shape[0]))
        fine = np.abs(block) <= min(LARGEST, float(np.finfo(block.dtype).max))  # not of nan
        if not fine.all():
            row, position, entry = np.argwhere(~fine)[0]
            raise StatesError(
                f"{answers.name}: {name} must be finite, at most {LARGEST:g}; got {block[row, position, entry]} at"
                f" ({start + row}, {position}, {entry})"
            )
        digest.update(np.ascontiguousarray(block).data)


def _require_repeats(answers: Answers, name: str, group: Group) -> None:
    first = np.concatenate([answers.block(name, row, row + 1) for row in group.repeated]).astype(np.float64)
    again = answers.block(name, len(group) - len(first), len(group)).astype(np.float64)
    if are_repeated(first, again):
        return
    worst = int(np.abs(first - again).max(axis=(1, 2)).argmax())
    rows = f"rows {group.repeated[worst]} and {len(group) - len(first) + worst}"
    if axes := _memory_order(answers.block(name, 0, len(group)), group):
        raise StatesError(
            f"{answers.name}: {name} was not C-contiguous when it was written: its axes lay in memory in the order"
            f" {axes}, and safetensors writes memory as it lies; write numpy.ascontiguousarray(states)"
        )
    raise StatesError(
        f"{answers.name}: {rows} of {name} are of the same sequence, and differ by {np.abs(first - again).max():.3g}:"
        f" {answers.at_fault}"
    )


def are_repeated(first: np.ndarray, again: np.ndarray) -> bool:
    """Tell whether rows (R, P, W) are those of the same sequences, beside how far they are from one another."""
    others = np.square(first - np.roll(first, 1, axis=0)).mean()
    return bool(np.square(first - again).mean() <= SAME * others) or len(first) < 2


def _memory_order(tensor: np.ndarray, group: Group) -> tuple[int, ...] | None:
    """Return the order of axes in which memory would have to be read for repeated rows to agree, if there is one."""
    for axes in list(permutations(range(3)))[1:]:
        laid = tensor.reshape([tensor.shape[axis] for axis in axes]).transpose(np.argsort(axes))
        rows = laid[group.repeated].astype(np.float64), laid[len(laid) - len(group.repeated) :].astype(np.float64)
        if are_repeated(*rows):
            return axes
    return None
