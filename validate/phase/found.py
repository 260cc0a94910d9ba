"""What is found of one network of a map: kept beside it, and what everything else in ``phase.json`` is made of."""

from typing import Annotated

from pydantic import Field

from validate.judging.results import Model
from validate.phase.experiment import Kind
from validate.statistics.intervals import Number, Numbers


class Mix(Model):
    """Where a network's predictions on one population lie between the poles.

    Attributes
    ----------
    weight : float
        Of the second pole in the nearest mix (1 - w) first + w second.
    distance : float
        KL(nearest mix || network), nats a target.
    grid, variation : list of float
        KL(mix || network), and their mean total variation, at each weight of `looks.GRID`; the latter of symbols only.
    relative : float
        (KL(network || second) + KL(second || network) - the same of the first) / (2 J) + 1/2, J the poles' own
        symmetrised divergence: 0 at the second pole, 1 at the first.
    """

    weight: Number
    distance: Number
    grid: Numbers
    variation: Numbers
    relative: Number


class Look(Model):
    """A network after some updates; by population, everything in nats a target, numbers as of Gaussians.

    Attributes
    ----------
    phase : dict
        log10 of KL(first pole || network) / KL(second pole || network).
    distance : dict
        KL(pole || network), by pole.
    loss : dict
        Mean loss; numbers: squared error / (2 sigma^2).
    fresh_halves : list
        The loss on either half of the fresh tasks' sequences.
    inside, inside_starred : dict
        R2_OOD and R2_OOD* by site; empty for pools.
    orders : dict
        KL(predictor || network) on the training mixture of the four of `theory.unigram`; empty where there is no order.
    """

    step: int
    skill: Number
    phase: dict[str, Number]
    distance: dict[str, dict[str, Number]]
    loss: dict[str, Number]
    fresh_halves: Numbers
    mix: dict[str, Mix]
    inside: dict[str, Number]
    inside_starred: dict[str, Number]
    orders: Annotated[dict[str, Number], Field(default={})]

    @property
    def middle_site(self) -> str:
        """The site at which R2_OOD is shown: the middle one, never the last of several, whose states are logits."""
        sites = list(self.inside)
        return sites[(len(sites) - 1) // 2]


class Poles(Model):
    """The exact predictors on one population.

    Attributes
    ----------
    loss : dict
        By pole.
    apart : float
        KL(first || second).
    symmetrised : float
        KL(first || second) + KL(second || first).
    relative : list of float
        Where mixes of them are, by weight of `looks.GRID`, as `Mix.relative` says of the network.
    """

    loss: dict[str, Number]
    apart: Number
    symmetrised: Number
    relative: Numbers


class ColumnResult(Model):
    """One network of a map."""

    family: str
    mixture: Kind
    variant: str
    diversity: int
    seed: int
    parameters: int
    targets: int
    """Targets of a training batch, which is what a step shows."""
    poles: dict[str, Poles]
    looks: list[Look]
    training_seconds: Number
    looking_seconds: Number
