"""Every figure of a run, drawn from its results alone.

A figure is drawn for each family, of its first seed, if the networks of that seed have what it shows: an analysis that
was not run leaves no empty frame.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from validate.figures.alignment import alignment_bands
from validate.figures.interaction import interaction_by_layer
from validate.figures.interpolation import interpolation_by_position
from validate.figures.ladder import ladder_tables
from validate.figures.modes import mode_distances
from validate.figures.properties import properties_by_layer
from validate.figures.simplex import simplex_trajectories
from validate.figures.stability import has_minors, stability_by_layer
from validate.figures.style import house_style, save
from validate.figures.subspace import subspace_shares
from validate.figures.training import training_curves

Network = dict[str, Any]
Group = dict[str, Any]


@dataclass(frozen=True)
class Drawn:
    """A figure on disk and what a reader is told of it."""

    name: str
    family: str
    title: str
    caption: str
    path: Path


@dataclass(frozen=True)
class Entry:
    """A figure of the gallery.

    Attributes
    ----------
    draw : callable
        Draws the networks that qualify, given everything else of their family and seed.
    needs : str
        What a network's entry must hold to qualify; no figure without one that does.
    untrained : bool
        Whether untrained networks are shown beside trained ones.
    majors : int or None
        The number of majors the figure needs, if it needs one.
    qualifies : callable
        A further condition on a network.
    """

    name: str
    title: str
    caption: str
    draw: Callable[[list[Network], Group], Figure]
    needs: str
    untrained: bool = False
    majors: int | None = None
    qualifies: Callable[[Network], bool] = lambda network: True

    def shown(self, group: Group) -> list[Network]:
        """Return the networks of a group the figure shows; none if there is nothing to draw."""
        if self.majors not in (None, group["majors"]):
            return []
        trained = [network for network in group["networks"] if network.get(self.needs) and self.qualifies(network)]
        others = [network for network in group["untrained"] if self.untrained and network.get(self.needs)]
        return trained and trained + others


GALLERY = (
    Entry(
        "training",
        "Training against the Bayes risk",
        "Held-out loss by training step. Horizontal lines are the exact risks, on the same sequences, of M1 (posterior "
        "over the training pool), M2 (majors and one fresh task) and the prior predictive. On the training mixture no "
        "predictor can do better than M1.",
        lambda networks, group: training_curves(networks, group["metrics"]),
        needs="references",
    ),
    Entry(
        "properties",
        "Stability and separability by layer and position",
        "Task and what is current vary independently: symbols in equal cells, or covariates in an analysis of "
        "covariance. R² is held out. Upper rows should be high and lower rows low (linear below 0.01, so that "
        "negative held-out shares are seen; a share of next to nothing is noise and may leave the frame). The last "
        "column is an untrained network. Where it does as well as a trained one, the statistic shows nothing that "
        "training learned.",
        lambda networks, group: properties_by_layer(networks),
        needs="profile",
        untrained=True,
    ),
    Entry(
        "interaction",
        "Measured interaction beside what the read-out forces",
        "Interaction of task and current by layer, at the last position, with intervals. The thick line is the "
        "interaction of what a linear read-out must produce (centred log-laws, or means): states that are additive in "
        "the last layer cannot give the right predictions unless it is 0. States also vary in directions that the "
        "read-out does not see, so their own share may be smaller.",
        lambda networks, group: interaction_by_layer(networks),
        needs="properties",
        untrained=True,
    ),
    Entry(
        "interpolation",
        "Interpolation by position and layer",
        "Vectors of tasks and of what is current are estimated at late positions alone and used at all. P2: how much "
        "of the states the additive model explains. P3: mean distance of its simplex weights to the exact posterior. "
        "Both should hold early, where the posterior is undecided, and not only where it has decided. The tolerance "
        "is that of the last position.",
        lambda networks, group: interpolation_by_position(networks),
        needs="profile",
        untrained=True,
    ),
    Entry(
        "stability",
        "Majors and minors: is the state a function of task and current?",
        "P0 of the majors and of groups of as many minors, by depth of the network, beside the values of the paper "
        "(hollow; other sizes, one seed, regression in-sample). The paper finds that late layers hold a function of "
        "task and current for majors and not for minors.",
        lambda networks, group: stability_by_layer(networks),
        needs="stability",
        qualifies=has_minors,
    ),
    Entry(
        "alignment",
        "Simplex weights against the exact posterior",
        "Weight of the true task over held-out sequences of the majors, in the layer chosen on other sequences; bands "
        "for the posterior and the states, the median alone for the running average. A network that infers the "
        "task follows the posterior; one that averages its context follows the running average.",
        lambda networks, group: alignment_bands(networks, group["majors"]),
        needs="alignment",
        untrained=True,
    ),
    Entry(
        "simplex",
        "Trajectories in the task simplex",
        "Pairs of panels of the same sequences: the exact posterior over the majors, and coordinates fitted to the "
        "states of the chosen layer. Hollow: first position; filled: last. Minors and fresh tasks are none of the "
        "corners, and fresh tasks were never trained on; a posterior over majors only must still choose among them. "
        "Axes are weights, in shares of 1.",
        lambda networks, group: simplex_trajectories(networks),
        needs="trajectories",
        majors=3,
    ),
    Entry(
        "modes",
        "Which Bayes predictor the network behaves like",
        "Distance of the network's predictions from each exact predictor, by position.",
        lambda networks, group: mode_distances(networks),
        needs="modes",
    ),
    Entry(
        "subspace",
        "Fresh tasks and the span of the task vectors",
        "Share of the variance of fresh tasks' last states inside the span of the task vectors, with intervals over "
        "tasks. The untrained network shows the level that needs no learning.",
        lambda networks, group: subspace_shares(networks),
        needs="subspace",
        untrained=True,
    ),
    Entry(
        "ladder",
        "The analytic ladder",
        "The same statistics on states whose content is known, by scope of the claims. A statistic judges claims only "
        "if exact-Bayes states meet its tolerance and random states do not (nor averaging, in the contest of P3*). "
        "Averaging meets several other statistics: only P3* and the predictions tell it from inference.",
        lambda networks, group: ladder_tables(group["ladder"]),
        needs="design",
    ),
)


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
