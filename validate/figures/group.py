"""What a figure is, and what it is drawn from: the networks of one family and seed with what was found of them.

A figure stands in a file of its own that ends in ``FIGURE = GalleryFigure(...)``, and `figures.gallery` finds it there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from matplotlib.figure import Figure

from validate.claims.base import Shown
from validate.experiment.schema import FamilyPlan
from validate.judging.results import LadderResult, NetworkResult
from validate.training.metrics import MetricsRow

S = TypeVar("S", bound=Shown)


@dataclass(frozen=True, kw_only=True)
class Group:
    """The parts of a run that belong to one family and seed.

    Attributes
    ----------
    plan : FamilyPlan
        What the experiment says of the family.
    trained, untrained : sequence of NetworkResult
    metrics : sequence of MetricsRow
        The training log, of other networks too.
    """

    family: str
    plan: FamilyPlan
    trained: Sequence[NetworkResult]
    untrained: Sequence[NetworkResult] = ()
    ladder: LadderResult
    metrics: Sequence[MetricsRow] = ()

    @property
    def networks(self) -> list[NetworkResult]:
        """All networks, untrained ones last."""
        return [*self.trained, *self.untrained]

    @property
    def minors(self) -> Mapping[str, int]:
        """The number of minors by design."""
        return {design.name: design.minors for design in self.plan.designs}

    def showing(self, model: type[S]) -> list[tuple[NetworkResult, S]]:
        """Return the networks that a question was put to, each with what the question shows of it."""
        found = ((network, network.show(model)) for network in self.networks)
        return [(network, shown) for network, shown in found if shown is not None]

    def rows_of(self, network: NetworkResult) -> list[MetricsRow]:
        """Return the training log of one network, without those of other arms."""
        own = network.family, network.design, "", network.seed
        return [row for row in self.metrics if (row.family, row.design, row.arm, row.seed) == own]


def _always(network: NetworkResult, group: Group) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class GalleryFigure:
    """A figure with everything a reader is told of it.

    Attributes
    ----------
    draw : callable
        Draws the networks of a group that qualify.
    needs : tuple of type of Shown
        Which questions must have been put to a network for it to qualify; no figure without one that does.
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
    draw: Callable[[Group], Figure]
    needs: tuple[type[Shown], ...] = ()
    untrained: bool = False
    majors: int | None = None
    qualifies: Callable[[NetworkResult, Group], bool] = _always

    def of(self, group: Group) -> Group | None:
        """Return the group with the networks that the figure shows; None if there is nothing to draw."""
        if self.majors not in (None, group.plan.majors):
            return None
        trained = [network for network in group.trained if self._can_show(network, group)]
        others = [network for network in group.untrained if self.untrained and self._can_show(network, group)]
        return replace(group, trained=trained, untrained=others) if trained else None

    def _can_show(self, network: NetworkResult, group: Group) -> bool:
        return all(network.show(model) is not None for model in self.needs) and self.qualifies(network, group)
