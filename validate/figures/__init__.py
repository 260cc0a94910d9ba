"""Every figure of a run, drawn from its results alone."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from validate.figures.alignment import alignment_bands
from validate.figures.ladder import ladder_table
from validate.figures.modes import mode_distances
from validate.figures.properties import properties_by_layer
from validate.figures.simplex import simplex_trajectories
from validate.figures.style import house_style, save
from validate.figures.subspace import subspace_shares
from validate.figures.training import training_curves


@dataclass(frozen=True)
class Drawn:
    """A figure on disk and what a reader is told of it."""

    name: str
    title: str
    caption: str
    path: Path


@dataclass(frozen=True)
class _Entry:
    name: str
    title: str
    caption: str
    draw: Callable[[dict[str, Any]], Figure]
    majors: int | None = None
    """The number of majors the figure needs, if it needs one."""


def _networks(group: dict[str, Any]) -> list[dict[str, Any]]:
    return [*group["networks"], *group["untrained"]]


GALLERY = (
    _Entry(
        "training",
        "Training against the Bayes risk",
        "Held-out loss by training step. Horizontal lines are the exact risks, on the same sequences, of M1 (posterior "
        "over the training pool), M2 (majors and one fresh task) and the prior predictive. On the training mixture no "
        "predictor can do better than M1.",
        lambda group: training_curves(group["networks"], group["metrics"]),
    ),
    _Entry(
        "properties",
        "Stability and separability by layer and position",
        "Balanced design: every (task, current symbol) cell holds equally many sequences. R² is held out. Upper rows "
        "should be high and lower rows low; the last column is an untrained network. Where it does as well as a "
        "trained one, the statistic shows nothing that training learned.",
        lambda group: properties_by_layer(_networks(group)),
    ),
    _Entry(
        "alignment",
        "Simplex weights against the exact posterior",
        "Weight of the true task over held-out sequences of the majors, in the last layer; bands for the posterior and "
        "the states, the median alone for the running average. A network that infers the "
        "task follows the posterior; one that averages its context follows the running average.",
        lambda group: alignment_bands(_networks(group), group["majors"]),
    ),
    _Entry(
        "simplex",
        "Trajectories in the task simplex",
        "Left: the exact posterior over the majors. Right: coordinates fitted to the states of the last layer, same "
        "sequences. Hollow: first symbol; filled: last. Fresh tasks are never trained on; a posterior over majors only "
        "must still choose among them. Axes are weights, in shares of 1.",
        lambda group: simplex_trajectories(group["networks"]),
        majors=3,
    ),
    _Entry(
        "modes",
        "Which Bayes predictor the network behaves like",
        "KL divergence of the network's predictions from each exact predictor, by position.",
        lambda group: mode_distances(group["networks"]),
    ),
    _Entry(
        "subspace",
        "Fresh tasks and the span of the task vectors",
        "Share of the variance of fresh tasks' last states inside the span of the task vectors, with intervals over "
        "tasks. The untrained network shows the level that needs no learning.",
        lambda group: subspace_shares(_networks(group)),
    ),
    _Entry(
        "ladder",
        "The analytic ladder",
        "The same statistics on states whose content is known. A statistic judges claims only if exact-Bayes states "
        "meet its tolerance and random states do not (nor averaging, in the contest of P3*). Averaging meets several "
        "other statistics: only P3* and the predictions tell it from inference.",
        lambda group: ladder_table(group["ladder"]),
    ),
)


def groups(results: dict[str, Any], metrics: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each (family, seed) of a run with the parts of its results that figures draw."""
    for ladder in results["ladder"]:
        key = {name: ladder[name] for name in ("family", "seed")}
        own = {
            part: [entry for entry in results[part] if all(entry[name] == key[name] for name in key)]
            for part in ("networks", "untrained")
        }
        majors = results["experiment"]["families"][key["family"]]["majors"]
        parts = {**own, "ladder": ladder, "metrics": metrics, "majors": majors}
        yield f"{key['family']}.seed-{key['seed']}", parts


def draw_all(results: dict[str, Any], metrics: list[dict[str, Any]], folder: Path) -> list[Drawn]:
    """Draw every figure of a run into a folder, as SVG."""
    drawn = []
    for group_name, group in groups(results, metrics):
        for entry in GALLERY:
            if entry.majors not in (None, group["majors"]):
                continue
            name = f"{group_name}.{entry.name}"
            with house_style(name):
                path = folder / f"{name}.svg"
                save(entry.draw(group), path)
            drawn.append(Drawn(name, entry.title, entry.caption, path))
    return drawn
