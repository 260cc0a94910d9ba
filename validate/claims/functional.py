"""Do task and current add up as far as the output is concerned? The functional interaction.

The shares P1 and P1* weigh directions of the states by their length, and what the later layers make of them plays no
part. Here the state of the last position is replaced by what the three levels of its mean say
(`statistics.given_current`), task and current being those of the sequence, and the network is run on:

    functional interaction = (KL_additive - KL_cell) / (KL_current - KL_cell),

KL_x = mean KL(prediction || prediction with the state replaced by level x); squares for numbers. 0: a sum of something
of the task and something of what is current does as well as the cell's own mean; 1: it does no better than what is
current alone. The means come from the labelled states of the last position, the sequences are held out. A cell's mean
carries the noise of n states, the additive one that of more. Means of resampled states have that noise twice: the value
is corrected by what the second lot does, and the interval runs over them too. Nulls are values as measured, slightly
low where cells are noisy, which errs against the claim.

Tolerance .1: a tenth of what the task does to the prediction; constructed networks whose states add up have less than
.01 (`tests/validate/claims/test_forms.py`). Null: networks that never saw
these majors. Theory: docs/statistics.md.
"""

import numpy as np
from jaxtyping import Float

from theory import divergence
from validate.capture.captured import N_AGAIN
from validate.capture.sources import predictions
from validate.claims.base import MARKOV_GIVEN_TASK, Claim, Controls, Findings, Question, Shown, Side, Statistics
from validate.claims.causal.subject import EditableNetwork, editable, places_in, with_state
from validate.claims.rule import Criterion
from validate.experiment.scopes import DIVERSE, MAJORS_ONLY
from validate.statistics.given_current import additive, means_at, of_current
from validate.statistics.intervals import Estimate, bootstrap, ratio

FUNCTIONAL = "functional interaction"


class FunctionalShown(Shown):
    """The statistic by site; of early sites that the task does not pass through yet it is not defined well."""

    question = FUNCTIONAL
    sites: dict[str, Estimate]


def read_last(side: Side, network: EditableNetwork, site: str, states: Float[np.ndarray, "B W"] | None) -> np.ndarray:
    """Return the prediction (B, D) at the last position, its state at a site replaced if one is given."""
    family = side.setting.family
    arrays = family.encode(side.setting.score)
    [last] = places_in(network, arrays.positions[-1:])
    if states is None:
        outputs = network.forward(arrays.inputs)[0][:, last]
    else:
        outputs = with_state(network, arrays.inputs, last, site, states)
    return predictions(family, outputs)


def undisturbed(side: Side) -> np.ndarray:
    """Return the predictions at the last position with nothing replaced."""
    return read_last(side, side.observed.once(editable), side.site, None)


def distances(side: Side, site: str, resample: np.random.Generator | None = None) -> Float[np.ndarray, "B 3"]:
    """Return each scored sequence's distance from its prediction to those of the levels additive, current and cell.

    With `resample`, the states that the levels are means of are drawn again.
    """
    setting, network = side.setting, side.observed.once(editable)
    last = side.observed.captured.labelled[site].at([len(setting.scored) - 1])
    [models] = (last if resample is None else last.resampled(resample)).models()
    current, tasks = setting.current(setting.score)[:, -1], setting.score.tasks
    before = side.once(undisturbed)

    def distance(level: np.ndarray) -> Float[np.ndarray, " B"]:
        states = means_at(level, current)[np.arange(len(tasks)), tasks]
        return divergence(setting.family.target_kind, before, read_last(side, network, site, states))

    return np.stack([distance(level) for level in (additive(models), of_current(models), models)], axis=-1)


def share(moments: Float[np.ndarray, "R 3"]) -> Float[np.ndarray, " R"]:
    """Return the functional interaction from mean distances."""
    return ratio(moments[..., 0] - moments[..., 2], moments[..., 1] - moments[..., 2])


def functional(side: Side, site: str) -> Estimate:
    """Estimate the functional interaction at a site."""
    setting = side.setting
    n, rng = setting.sizes.replicates, setting.stream("bootstrap/functional")
    variants = [distances(side, site, again) for again in setting.streams("bootstrap/functional means", N_AGAIN)]
    return bootstrap(distances(side, site), share, rng, n, np.stack(variants) if variants else None, corrected=True)


def at_site(side: Side) -> Statistics:
    """Estimate it where a side is judged."""
    return {FUNCTIONAL: functional(side, side.site)}


def value_at_site(side: Side) -> Statistics:
    """Return its value alone."""
    return {FUNCTIONAL: Estimate.of_value(share(distances(side, side.site).mean(axis=0, keepdims=True)).item())}


def analyse(side: Side, controls: Controls) -> Findings:
    """Replace the last states of a side's network."""
    own = at_site(side)
    shown = None
    if controls.show:
        sites = {site: own[FUNCTIONAL] if site == side.site else functional(side, site) for site in side.source.sites}
        shown = FunctionalShown(sites=sites)
    return Findings(own, controls.of_strangers(value_at_site), shown=shown)


QUESTION = Question(
    name=FUNCTIONAL,
    claims=(
        Claim(
            "functional additivity",
            "What the output makes of the state, task and current add up.",
            (Criterion(FUNCTIONAL, "share of the task's effect on the prediction that no sum has", "at most", 0.1),),
        ),
    ),
    families=MARKOV_GIVEN_TASK,
    scopes=(MAJORS_ONLY, DIVERSE),
    needs="network",
    statistics=(FUNCTIONAL,),
    analyse=analyse,
    shown=FunctionalShown,
)
