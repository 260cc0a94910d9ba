"""From which layer on does a prediction no longer need the states of earlier positions?

At a site, every model position before the last predicting one gets the state that another sequence has there. The
partner is a sequence of the next major task, so the noise has exactly the law of states at that position, mean and
covariance included, and tells, coherently, of another task. This is the hardest noise for the claim: Gaussian noise of
equal moments leaves the manifold of states and can be ignored or averaged away, and so can states drawn anew at each
position.

    rise_l  = loss at the last position with the history replaced at the site after layer l's MLP - loss without
    history = rise_first - rise_{last but one}

Positive: the task is gathered from earlier positions in early layers and held at the position itself in late ones.
After the last layer nothing reads earlier positions, so the rise is 0 there and the last but one is judged. Needs three
layers. Null: untrained networks.

A sequence gives a few late positions, each as the last one of a sequence cut there; its rise is their mean.
Source: the paper, section on historical noise.
"""

from functools import partial

import numpy as np
from jaxtyping import Float

from theory import Batch
from validate.claims.base import MARKOV_GIVEN_TASK, Claim, Controls, Findings, Question, Shown, Side, Statistics
from validate.claims.causal.samples import MAJORS
from validate.claims.causal.subject import Subject
from validate.claims.causal.tested import Tested, tested
from validate.claims.rule import Criterion
from validate.experiment.scopes import DIVERSE, MAJORS_ONLY
from validate.experiment.setting import late_positions
from validate.statistics.intervals import Estimate

Rises = dict[str, Float[np.ndarray, " B"]]
"""By site, the rise of each sequence's loss, in nats."""


class HistoryShown(Shown):
    """Rise of the loss by site, in nats."""

    question = "history"
    history: dict[str, Estimate]


def sites_after_layers(subject: Subject) -> list[str]:
    """Return the sites after each layer, in order; of a network with names of its own, all of its sites."""
    sites = subject.network.sites
    return [site for site in sites if site.startswith("post_mlp.")] or list(sites)


def swap_history(states: np.ndarray, position: int = -1) -> np.ndarray:
    """Give every sequence the states of the next one (the last that of the first) before a position, the last one."""
    swapped = states.copy()
    swapped[:, :position] = np.roll(states[:, :position], -1, axis=0)
    return swapped


def history_rises(subject: Subject, batch: Batch) -> Rises:
    """Return the rises of a batch; neighbours in it must differ in their task, as in `claims.causal.samples`."""
    family, arrays = subject.family, subject.family.encode(batch)
    targets = subject.beside(family.targets(batch))

    def loss(column: int, site: str | None = None) -> Float[np.ndarray, " B"]:
        position = arrays.positions[[column]]
        swap = partial(swap_history, position=int(subject.places(position)[0]))
        mean = subject.read(arrays.inputs[:, : position[0] + 1], position, {site: swap} if site else {})
        return subject.nats(mean, targets[:, [column]])[:, 0]

    undisturbed = {column: loss(column) for column in late_positions(len(arrays.positions))}
    return {
        site: np.mean([loss(column, site) - own for column, own in undisturbed.items()], axis=0)
        for site in sites_after_layers(subject)
    }


def rises_of(test: Tested) -> Rises:
    """Return the rises of a tested network on its majors' sequences."""
    return history_rises(test.subject, test.samples.evaluation[MAJORS])


def statistics(test: Tested, rises: Rises) -> Statistics:
    """Estimate the statistic; none with fewer than three layers."""
    ordered = list(rises.values())
    return {"history": test.mean_rise(ordered[0] - ordered[-2])} if len(ordered) > 2 else {}


def of_side(side: Side) -> Statistics:
    """Estimate the statistic of a side."""
    return statistics(side.once(tested), rises_of(side.once(tested)))


def analyse(side: Side, controls: Controls) -> Findings:
    """Swap the history of a side's network."""
    if side.setting.causal is None:
        return Findings()
    test = side.once(tested)
    rises = rises_of(test)
    shown = {site: test.mean_rise(values) for site, values in rises.items()} if controls.show else None
    return Findings(
        statistics(test, rises),
        controls.of_untrained(of_side, side.setting.causal.controls),
        shown=HistoryShown(history=shown) if shown else None,
    )


QUESTION = Question(
    name="history",
    claims=(
        Claim(
            "history",
            "Later layers need the states of earlier positions less than the first layer does.",
            (
                Criterion(
                    "history",
                    "rise of loss with the history swapped, first − last but one layer, nats",
                    "at least",
                    0.0,
                    sign=True,
                ),
            ),
        ),
    ),
    families=MARKOV_GIVEN_TASK,
    scopes=(MAJORS_ONLY, DIVERSE),
    needs="network",
    statistics=("history",),
    analyse=analyse,
    place="none",
    shown=HistoryShown,
)
