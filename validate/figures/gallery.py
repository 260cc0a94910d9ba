"""The gallery: every figure of a run, collected from the files of this folder.

A file holds one figure, its ``FIGURE``; files without one are helpers. Figures stand in the order given here; one that
is not named comes last.
"""

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


def collect() -> tuple[GalleryFigure, ...]:
    """Return the figure of every file that has one, in their order.

    Raises
    ------
    ValueError
        If two figures have the same name, or an ordered one is missing.
    """
    modules = [import_module(f"{__package__}.{file.name}") for file in iter_modules([str(Path(__file__).parent)])]
    found = [module.FIGURE for module in modules if isinstance(getattr(module, "FIGURE", None), GalleryFigure)]
    by_name = {figure.name: figure for figure in found}
    if len(by_name) < len(found) or not by_name.keys() >= set(ORDER):
        raise ValueError(f"wanted a figure for each of {list(ORDER)}, no name twice; got {[f.name for f in found]}")
    return tuple(by_name[name] for name in dict.fromkeys((*ORDER, *by_name)))


GALLERY = collect()
