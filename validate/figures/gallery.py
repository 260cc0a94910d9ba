"""The gallery: what each figure needs, shows, and tells a reader."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from validate.figures.alignment import alignment_bands
from validate.figures.course import has_course, span_course
from validate.figures.dissociation import dissociation_bars
from validate.figures.diversity import diversity
from validate.figures.interaction import interaction_by_layer
from validate.figures.interpolation import interpolation_by_position
from validate.figures.ladder import ladder_tables
from validate.figures.modes import mode_distances
from validate.figures.prefix import prefix_panels
from validate.figures.properties import properties_by_layer
from validate.figures.simplex import simplex_trajectories
from validate.figures.stability import has_minors, stability_by_layer
from validate.figures.steering import steering_triangles
from validate.figures.subspace import fresh_directions, subspace_shares
from validate.figures.training import has_distances, mode_curves, training_curves

Network = dict[str, Any]
Group = dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """A figure of the gallery.

    Attributes
    ----------
    draw : callable
        Draws the networks that qualify, given everything else of their family and seed.
    needs : tuple of str
        What a network's entry must hold to qualify; no figure without one that does.
    untrained : bool
        Whether untrained networks are shown beside trained ones.
    majors : int or None
        The number of majors the figure needs, if it needs one.
    qualifies : callable
        A further condition on a network and its group.
    """

    name: str
    title: str
    caption: str
    draw: Callable[[list[Network], Group], Figure]
    needs: tuple[str, ...]
    untrained: bool = False
    majors: int | None = None
    qualifies: Callable[[Network, Group], bool] = lambda network, group: True

    def shown(self, group: Group) -> list[Network]:
        """Return the networks of a group the figure shows; none if there is nothing to draw."""
        if self.majors not in (None, group["majors"]):
            return []
        trained, others = (
            [network for network in group[part] if self._can_show(network, group)] for part in ("networks", "untrained")
        )
        return trained and trained + (others if self.untrained else [])

    def _can_show(self, network: Network, group: Group) -> bool:
        return all(network.get(key) for key in self.needs) and self.qualifies(network, group)


GALLERY = (
    Entry(
        "training",
        "Training against the Bayes risk",
        "Held-out loss by training step. Horizontal lines are the exact risks, on the same sequences, of M1 (posterior "
        "over the training pool), M2 (majors and one fresh task) and the prior predictive. On the training mixture no "
        "predictor can do better than M1.",
        lambda networks, group: training_curves(networks, group["metrics"]),
        needs=("references",),
    ),
    Entry(
        "phases",
        "Which mode wins while training",
        "Held-out distance of the network's predictions from each Bayes predictor by training step, and the phase: the "
        "logarithm of the ratio of the distances to M1 and M2. Below 0 the network is nearer to retrieval, above 0 to "
        "extrapolation.",
        lambda networks, group: mode_curves(networks, group["metrics"]),
        needs=("references",),
        qualifies=lambda network, group: has_distances(network, group["metrics"]),
    ),
    Entry(
        "modes",
        "Which explanation the network behaves like",
        "Distance of the network's predictions from each candidate, by position, for sequences of each population. "
        "Right: weights of the convex mixture of all candidates that comes nearest, fitted on one half of them.",
        lambda networks, group: mode_distances(networks),
        needs=("modes",),
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
        needs=("profile", "positions"),
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
        needs=("properties",),
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
        needs=("profile", "positions"),
        untrained=True,
    ),
    Entry(
        "stability",
        "Majors and minors: is the state a function of task and current?",
        "P0 of the majors and of groups of as many minors, by depth of the network, beside the values of the paper "
        "(hollow; other sizes, one seed, regression in-sample). The paper finds that late layers hold a function of "
        "task and current for majors and not for minors.",
        lambda networks, group: stability_by_layer(networks),
        needs=("stability",),
        qualifies=lambda network, group: has_minors(network),
    ),
    Entry(
        "alignment",
        "Simplex weights against the exact posterior",
        "Weight of the true task over held-out sequences of the majors, in the layer chosen on other sequences; bands "
        "for the posterior and the states, the median alone for the running average. A network that infers the "
        "task follows the posterior; one that averages its context follows the running average.",
        lambda networks, group: alignment_bands(networks, group["majors"]),
        needs=("alignment",),
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
        needs=("trajectories",),
        majors=3,
    ),
    Entry(
        "subspace",
        "Fresh tasks and the span of the task vectors",
        "Share of the variance of fresh tasks' last states inside the span of the task vectors, with intervals over "
        "tasks. The untrained network shows the level that needs no learning.",
        lambda networks, group: subspace_shares(networks),
        needs=("subspace",),
        untrained=True,
    ),
    Entry(
        "course",
        "Fresh tasks and the span of the task vectors, while training",
        "The same share, of single sequences, by training step and layer, with task vectors estimated anew at each "
        "step from a few sequences. If the second mode is learned, states of fresh tasks leave the span in the "
        "network with minors and stay in the one without.",
        lambda networks, group: span_course(networks, group["metrics"]),
        needs=("subspace",),
        qualifies=lambda network, group: has_course(network, group["metrics"]),
    ),
    Entry(
        "directions",
        "Directions of fresh tasks by layer",
        "Angle between the fresh tasks' leading directions and the task vectors, beside random subspaces; share of "
        "their squares inside three directions of the minors; effective dimension; and distance to the span of the "
        "task vectors, in units of the radius of their projections.",
        lambda networks, group: fresh_directions(networks),
        needs=("orthogonality",),
        untrained=True,
    ),
    Entry(
        "diversity",
        "Where states of fresh tasks go as minors are added",
        "At the layer chosen in the majors-only network: variance inside the span of the task vectors, angles to it, "
        "variance inside three directions of the minors (and of half of the fresh tasks themselves), and effective "
        "dimensions. Dotted: an untrained network.",
        lambda networks, group: diversity(networks),
        needs=("orthogonality", "subspace"),
        untrained=True,
    ),
    Entry(
        "steering",
        "Steering in the triangle of the majors",
        "Points of a grid of the simplex are written into the task component of the states at the chosen layer. Left: "
        "distance of the unsteered predictions to each target. Right: lines from each target to the mixture of tasks "
        "that the steered predictions are nearest to, coloured by the distance that is left.",
        lambda networks, group: steering_triangles(networks),
        needs=("causal",),
        majors=3,
    ),
    Entry(
        "dissociation",
        "Double dissociation, what V carries, and history",
        "Rise of the loss when the span of the task vectors, or V, is removed from the states, by population, with "
        "intervals over sequences; bands: random subspaces of equal rank and of equal removed norm. Then the parts of "
        "V's effect that running statistics of the context explain, how well these predict the coordinates on V, and "
        "the rise when earlier positions' states are swapped for another sequence's, by layer.",
        lambda networks, group: dissociation_bars(networks),
        needs=("causal",),
        qualifies=lambda network, group: "dissociation" in network["causal"],
    ),
    Entry(
        "prefix",
        "Planted Dyck paths: what the state keeps beside task and symbol",
        "Left: share of the states' variance that task and current symbol leave, by layer, and what is left once the "
        "number of steps shown is known too; black lines are exact. Right: held-out states of the last layer on the "
        "two directions in which the means by steps shown differ most.",
        lambda networks, group: prefix_panels(networks),
        needs=("prefix",),
        untrained=True,
    ),
    Entry(
        "ladder",
        "The analytic ladder",
        "The same statistics on states whose content is known, by scope of the claims. A statistic may judge only if "
        "states that are exactly right meet its tolerance and nothing it must tell from them could be taken for them: "
        "random states, and averaging in the contest of P3*. Averaging meets several other statistics: only P3* and "
        "the predictions tell it from inference. Causal tests are not here: they need a network that is run with "
        "altered states.",
        lambda networks, group: ladder_tables(group["ladder"]),
        needs=("design",),
    ),
)
