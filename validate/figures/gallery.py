"""The gallery: every figure of a run, collected from the files of this folder.

A file holds one figure, its ``FIGURE``; files without one are helpers. Figures stand in the order given here; one that
is not named comes last.
"""

from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from validate.figures.group import GalleryFigure

ORDER = (
    "training",
    "phases",
    "modes",
    "properties",
    "interaction",
    "interpolation",
    "stability",
    "alignment",
    "simplex",
    "subspace",
    "course",
    "directions",
    "diversity",
    "steering",
    "dissociation",
    "prefix",
    "ladder",
)


def figures_of_files() -> Iterator[GalleryFigure]:
    """Yield the figure of every file of this folder that has one."""
    for file in iter_modules([str(Path(__file__).parent)]):
        figure = getattr(import_module(f"{__package__}.{file.name}"), "FIGURE", None)
        if isinstance(figure, GalleryFigure):
            yield figure


def in_order(figures: Iterable[GalleryFigure]) -> tuple[GalleryFigure, ...]:
    """Return figures in the order given here.

    Raises
    ------
    ValueError
        If two figures have the same name, or an ordered one is missing.
    """
    found = list(figures)
    names = [figure.name for figure in found]
    if len(set(names)) < len(names) or not set(names) >= set(ORDER):
        raise ValueError(f"wanted a figure for each of {', '.join(ORDER)}, no name twice; got {', '.join(names)}")
    by_name = dict(zip(names, found, strict=True))
    return tuple(by_name[name] for name in dict.fromkeys((*ORDER, *names)))


GALLERY = in_order(figures_of_files())
