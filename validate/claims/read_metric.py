"""P0* and P1* in the metric that the output reads.

A share of squares counts all directions of the states alike, also those that nothing reads. Squared lengths here are
x' M x with

    M = mean J' F J,      J = d outputs / d h at the last position,  F the Fisher matrix of the prediction,

the squared length, to second order 2 KL, of what a change x of the state does to the prediction. F is the mean of s s'
over targets drawn from the prediction itself, s the gradient of the log-likelihood; so M is the mean of g g' with g the
gradient of the loss at the site for a drawn target: one backward pass. Numbers are drawn with unit variance: shares do
not depend on the scale. M is averaged over the fit sequences; states h are the labelled ones of the last position.

    P0* read, P1* read    P0*, P1* of M^(1/2) h

Intervals cover the noise of the states and that of M. M is linear: what later layers do to states far apart it does not
know; the functional interaction does. Tolerances are those of P0* and P1*. Nulls: networks that never saw these majors,
each in its own metric, and permuted task labels.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float
from scipy.special import softmax

from theory import ModelArrays
from validate.capture.labelled import LabelledStates
from validate.claims.base import MARKOV_GIVEN_TASK, Claim, Controls, Findings, Question, Side, Statistics
from validate.claims.causal.subject import DifferentiableNetwork, OwnPositions, editable
from validate.claims.rule import Criterion
from validate.experiment.scopes import DIVERSE, MAJORS_ONLY
from validate.statistics.intervals import Estimate, jackknife_error

N_PERMUTATIONS, N_GROUPS = 19, 10
"""Permutations of task labels, and groups of sequences that are left out to tell the noise of the metric."""
NAMES = {"P0*": "P0* read", "P1*": "P1* read"}


def drawn_targets(outputs: Float[np.ndarray, "B D"], kind: str, rng: np.random.Generator) -> np.ndarray:
    """Draw a target for each sequence from the network's own prediction, (B, 1)."""
    if kind == "real":
        return outputs + rng.standard_normal(outputs.shape)
    below = np.cumsum(softmax(outputs, axis=-1), axis=-1)[:, :-1]
    return (rng.random((len(outputs), 1)) > below).sum(axis=-1, keepdims=True)


def gradients(side: Side, network: DifferentiableNetwork) -> Float[np.ndarray, "B W"]:
    """Return each fit sequence's gradient of the loss of a drawn target, at the last position of the site."""
    family, rng = side.setting.family, side.setting.stream("targets drawn")
    arrays = family.encode(side.setting.fit)
    last = arrays.positions[-1:]
    outputs = network.forward(arrays.inputs)[0][:, last[0]].astype(np.float64)
    drawn = ModelArrays(arrays.inputs, drawn_targets(outputs, family.target_kind, rng), last)
    gradient: Float[np.ndarray, "B W"] = network.gradient_at(side.site, drawn)[1][:, last[0]].astype(np.float64)
    return gradient


def root_of_metric(gradient: Float[np.ndarray, "B W"]) -> Float[np.ndarray, "W W"]:
    """Return R with R R' = M, up to a factor."""
    values, vectors = np.linalg.eigh(gradient.T @ gradient / np.square(gradient).sum())
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


@dataclass(frozen=True, eq=False)
class Read:
    """The labelled states of the last position, and the gradients whose mean product is the metric."""

    last: LabelledStates
    gradient: Float[np.ndarray, "B W"]

    @cached_property
    def states(self) -> LabelledStates:
        """The states as the output reads them."""
        return self.last.mapped(root_of_metric(self.gradient))

    def values(self, gradient: Float[np.ndarray, "B W"] | None = None) -> dict[str, float]:
        """Return the shares' values, in the metric of these gradients if given."""
        states = self.states if gradient is None else self.last.mapped(root_of_metric(gradient))
        found = states.estimate(intervals=False)
        return {name: found[own].value for own, name in NAMES.items()}

    def estimates(self) -> Statistics:
        """Estimate the shares, with the noise of the states and, by the jackknife over groups, that of the metric."""
        found, n_groups = self.states.estimate(), min(N_GROUPS, len(self.gradient))
        group = np.arange(len(self.gradient)) % n_groups
        without = [self.values(self.gradient[group != one]) for one in range(n_groups)]

        def whole(name: str, own: Estimate) -> Estimate:
            if own.low == own.high:  # of nothing, or without noise: no metric changes that
                return own
            return own.widened(jackknife_error(np.array([values[name] for values in without])))

        return {name: whole(name, found[own]) for own, name in NAMES.items()}


def read(side: Side) -> Read | None:
    """Return what the output reads of a side's states; None of a network without gradients."""
    network = side.observed.once(editable)
    if not isinstance(network, DifferentiableNetwork) or isinstance(network, OwnPositions):
        return None
    last = side.observed.captured.labelled[side.site].at([len(side.setting.scored) - 1])
    return Read(last, gradients(side, network))


def at_site(side: Side) -> Statistics:
    """Estimate P0* and P1* in the metric that the output reads; of a setting without intervals their values alone."""
    found = side.once(read)
    if found is None:
        return {}
    if not side.setting.sizes.replicates:
        return {name: Estimate(value, float("nan"), float("nan")) for name, value in found.values().items()}
    return found.estimates()


def values_at_site(side: Side) -> Statistics:
    """Return their values alone."""
    found = side.once(read)
    return {} if found is None else {name: Estimate.of_value(value) for name, value in found.values().items()}


def permuted_labels(side: Side) -> Statistics:
    """Return where P0* read ranges if task labels are given away; of no effect there is no interaction to compare."""
    found, setting = side.once(read), side.setting
    if found is None:
        return {}
    permuted = (found.states.shuffled(setting.stream("permuted labels", index)) for index in range(N_PERMUTATIONS))
    values = [one.estimate(intervals=False)["P0*"].value for one in permuted]
    return {"P0* read": Estimate.of_range(np.array(values))}


def analyse(side: Side, controls: Controls) -> Findings:
    """Measure states as the output reads them."""
    nulls = controls.of_strangers(values_at_site)
    if controls.judge:
        nulls["permuted task labels"] = permuted_labels(side)
    return Findings(at_site(side), nulls)


QUESTION = Question(
    name="metric of the output",
    claims=(
        Claim(
            "P0* read",
            "Of what the output reads of a state, beyond what is current, the task explains nearly all.",
            (Criterion("P0* read", "share explained by the task, as read", "at least", 0.95),),
        ),
        Claim(
            "P1* read",
            "Of what the output reads of a state, the interaction is negligible beside the task's own effect.",
            (Criterion("P1* read", "interaction / (interaction + task), as read", "at most", 0.02),),
        ),
    ),
    families=MARKOV_GIVEN_TASK,
    scopes=(MAJORS_ONLY, DIVERSE),
    needs="network",
    statistics=tuple(NAMES.values()),
    analyse=analyse,
)
