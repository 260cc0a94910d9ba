"""Historical noise: does the network still need the states of earlier positions?

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

import numpy as np
from jaxtyping import Float

from theory import Batch
from validate.claims.causal.subject import Edit, Subject

N_LAST = 4
"""Late positions, evenly spaced over the last fifth, that serve as the last one in turn."""


def sites_after_layers(subject: Subject) -> list[str]:
    """Return the sites after each layer, in order."""
    return [site for site in subject.network.sites if site.startswith("post_mlp.")]


def swap_history(states: np.ndarray) -> np.ndarray:
    """Give every sequence the states of the next one (the last that of the first) at all positions but the last."""
    swapped = states.copy()
    swapped[:, :-1] = np.roll(states[:, :-1], -1, axis=0)
    return swapped


def history_rises(subject: Subject, batch: Batch) -> dict[str, Float[np.ndarray, " B"]]:
    """Return the rise of each sequence's loss by site, in nats.

    Neighbours in the batch must differ in their task, as in `claims.causal.samples`.
    """
    family, arrays = subject.family, subject.family.encode(batch)
    last = len(arrays.positions) - 1
    columns = np.unique(np.linspace(0.8 * last, last, N_LAST).round().astype(int)).tolist()
    targets = subject.beside(family.targets(batch))

    def loss(column: int, edit: dict[str, Edit]) -> Float[np.ndarray, " B"]:
        position = arrays.positions[[column]]
        mean = subject.read(arrays.inputs[:, : position[0] + 1], position, edit)
        return subject.nats(mean, targets[:, [column]])[:, 0]

    undisturbed = {column: loss(column, {}) for column in columns}
    return {
        site: np.mean([loss(column, {site: swap_history}) - undisturbed[column] for column in columns], axis=0)
        for site in sites_after_layers(subject)
    }
