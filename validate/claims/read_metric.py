"""P0* and P1* in the metric that the output reads.

A share of squares counts all directions of the states alike, also those that nothing reads. Squared lengths here are
x' M x with

    M = mean J' F J,      J = d outputs / d h at the last position,  F the Fisher matrix of the prediction,

the squared length, to second order 2 KL, of what a change x of the state does to the prediction. F is the mean of s s'
over targets drawn from the prediction itself, s the gradient of the log-likelihood; so M is the mean of g g' with g the
gradient of the loss at the site for a drawn target: one backward pass. Numbers are drawn with unit variance: shares do
not depend on the scale. M is averaged over the fit sequences; states h are the labelled ones of the last position.

    P0* read, P1* read    P0*, P1* of M^(1/2) h

M is linear: what later layers do to states far apart it does not know; the functional interaction does. Tolerances are
those of P0* and P1*. Nulls: networks that never saw these majors, each in its own metric, and permuted task
labels.
"""

import numpy as np
from jaxtyping import Float
from scipy.special import softmax

from theory import ModelArrays
from validate.capture.labelled import LabelledStates
from validate.claims.base import MARKOV_GIVEN_TASK, Claim, Controls, Findings, Question, Side, Statistics
from validate.claims.causal.subject import DifferentiableNetwork, OwnPositions, editable
from validate.claims.rule import Criterion
from validate.experiment.scopes import DIVERSE, MAJORS_ONLY
from validate.statistics.intervals import Estimate

N_PERMUTATIONS = 19
NAMES = {"P0*": "P0* read", "P1*": "P1* read"}


def drawn_targets(outputs: Float[np.ndarray, "B D"], kind: str, rng: np.random.Generator) -> np.ndarray:
    """Draw a target for each sequence from the network's own prediction, (B, 1)."""
    if kind == "real":
        return outputs + rng.standard_normal(outputs.shape)
    below = np.cumsum(softmax(outputs, axis=-1), axis=-1)[:, :-1]
    return (rng.random((len(outputs), 1)) > below).sum(axis=-1, keepdims=True)


def root_of_metric(side: Side, network: DifferentiableNetwork) -> Float[np.ndarray, "W W"]:
    """Return R with R R' = M, up to a factor."""
    family, rng = side.setting.family, side.setting.stream("targets drawn")
    arrays = family.encode(side.setting.fit)
    last = arrays.positions[-1:]
    outputs = network.forward(arrays.inputs)[0][:, last[0]].astype(np.float64)
    drawn = ModelArrays(arrays.inputs, drawn_targets(outputs, family.target_kind, rng), last)
    gradient = network.gradient_at(side.site, drawn)[1][:, last[0]].astype(np.float64)
    values, vectors = np.linalg.eigh(gradient.T @ gradient / np.square(gradient).sum())
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def read_states(side: Side) -> LabelledStates | None:
    """Return the labelled states of the last position as the output reads them; None of a network without gradients."""
    network = side.observed.once(editable)
    if not isinstance(network, DifferentiableNetwork) or isinstance(network, OwnPositions):
        return None
    last = side.observed.captured.labelled[side.site].at([len(side.setting.scored) - 1])
    return last.mapped(root_of_metric(side, network))


def shares(side: Side, states: LabelledStates | None) -> Statistics:
    """Estimate the shares of states as the output reads them."""
    if states is None:
        return {}
    found = states.estimate(intervals=side.setting.sizes.replicates > 0)
    return {name: found[own] for own, name in NAMES.items()}


def at_site(side: Side) -> Statistics:
    """Estimate P0* and P1* in the metric that the output reads."""
    return shares(side, side.once(read_states))


def permuted_labels(side: Side) -> Statistics:
    """Return where P0* read ranges if task labels are given away; of no effect there is no interaction to compare."""
    states, setting = side.once(read_states), side.setting
    if states is None:
        return {}
    permuted = (states.shuffled(setting.stream("permuted labels", index)) for index in range(N_PERMUTATIONS))
    values = [one.estimate(intervals=False)["P0*"].value for one in permuted]
    return {"P0* read": Estimate.of_range(np.array(values))}


def analyse(side: Side, controls: Controls) -> Findings:
    """Measure states as the output reads them."""
    nulls = controls.of_strangers(at_site)
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
