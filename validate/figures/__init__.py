"""Every figure of a run, drawn from its results alone.

A figure is drawn for each family, of its first seed, if the networks of that seed have what it shows: an analysis that
was not run leaves no empty frame.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from validate.figures.gallery import GALLERY, Group
from validate.figures.style import house_style, save


@dataclass(frozen=True)
class Drawn:
    """A figure on disk and what a reader is told of it."""

    name: str
    family: str
    title: str
    caption: str
    path: Path


def groups(results: dict[str, Any], metrics: list[dict[str, Any]]) -> Iterator[tuple[str, Group]]:
    """Yield the first seed of each family with the parts of a run's results that figures draw."""
    seen: set[str] = set()
    for ladder in results["ladder"]:
        family, seed = ladder["family"], ladder["seed"]
        if family in seen:
            continue
        seen.add(family)
        own = {
            part: [entry for entry in results[part] if (entry["family"], entry["seed"]) == (family, seed)]
            for part in ("networks", "untrained")
        }
        majors = results["experiment"]["families"][family]["majors"]
        parts = {**own, "ladder": ladder, "metrics": metrics, "majors": majors, "family": family}
        yield f"{family}.seed-{seed}", parts


def draw_all(results: dict[str, Any], metrics: list[dict[str, Any]], folder: Path) -> list[Drawn]:
    """Draw every figure of a run into a folder, as SVG."""
    drawn = []
    for group_name, group in groups(results, metrics):
        for entry in GALLERY:
            networks = entry.shown(group)
            if not networks:
                continue
            name = f"{group_name}.{entry.name}"
            with house_style(name):
                path = folder / f"{name}.svg"
                save(entry.draw(networks, group), path)
            drawn.append(Drawn(name, group["family"], entry.title, entry.caption, path))
    return drawn
