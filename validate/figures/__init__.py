"""Every figure of a run, drawn from its results alone.

A figure is drawn for each family, of its first seed, if the networks of that seed have what it shows: a question that
was not asked leaves no empty frame.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from validate.figures.gallery import GALLERY
from validate.figures.group import Group
from validate.figures.style import house_style, save
from validate.judging.results import Results
from validate.training.metrics import MetricsRow


@dataclass(frozen=True)
class Drawn:
    """A figure on disk and what a reader is told of it.

    `question` is the one whose answer it shows, or its own name.
    """

    name: str
    family: str
    question: str
    title: str
    caption: str
    path: Path


def groups(results: Results, metrics: Sequence[MetricsRow]) -> Iterator[Group]:
    """Yield the first seed of each family with the parts of a run that figures draw."""
    seen: set[str] = set()
    for ladder in results.ladder:
        if ladder.family in seen:
            continue
        seen.add(ladder.family)
        own = ladder.family, ladder.seed
        yield Group(
            family=ladder.family,
            plan=results.experiment.families[ladder.family],
            trained=[network for network in results.networks if (network.family, network.seed) == own],
            untrained=[network for network in results.untrained if (network.family, network.seed) == own],
            ladder=ladder,
            metrics=metrics,
        )


Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""`map`, or what does the same in several processes."""


def draw_all(results: Results, metrics: Sequence[MetricsRow], folder: Path, each: Map = map) -> list[Drawn]:
    """Draw every figure of a run into a folder, as SVG; `each` is given a family at a time."""
    return [drawn for own in each(partial(draw_group, folder), groups(results, metrics)) for drawn in own]


def draw_group(folder: Path, group: Group) -> list[Drawn]:
    """Draw the figures of one family."""
    drawn = []
    for figure in GALLERY:
        shown = figure.of(group)
        if shown is None:
            continue
        name = f"{group.family}.seed-{group.ladder.seed}.{figure.name}"
        with house_style(name):
            path = folder / f"{name}.svg"
            save(figure.draw(shown), path)
        question = figure.needs[0].question if figure.needs else figure.name
        drawn.append(Drawn(name, group.family, question, figure.title, figure.caption, path))
    return drawn
