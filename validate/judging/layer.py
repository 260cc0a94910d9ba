"""Where claims about states are judged: the first site whose last state the prediction hangs on.

Candidates are the sites after each attention and each MLP, but the last: without a final norm the read-out is linear in
the last site's states, so they are logits in another basis, and whoever predicts well has them whatever else it does.

At each candidate the state of the last position is replaced by the mean state of what is current there, and the network
runs on:

    cost(site) = mean KL(prediction || prediction with the state replaced)             nats
    task site  = the first candidate with  cost >= 1/2 of the largest cost

The replaced state knows the current symbol (or covariate) and nothing of the task, so the cost is what the prediction
owes to the task at that site. Earlier sites hold a task that is not used yet. Sequences are of the majors, task and
current independent (`Question.site_sample`); means come from one half, costs from the other, and neither judges.

A source *finds nothing* if its largest cost is below a tenth of what the exact posterior's prediction loses by the same
replacement. Untrained networks mostly do; they are then judged at the site of the network they stand beside.

States without a network cannot be replaced. They are judged at the middle one of the candidates, which nobody chose.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from theory import Batch, LatentTasks, Mixture, Pool, divergence, nats_per_loss
from validate.capture.finite import floored, retrieval_or_prior
from validate.capture.sources import StateSource, candidates, predictions
from validate.claims.base import Observed
from validate.claims.catalogue import questions_for
from validate.claims.causal.subject import EditableNetwork, editable, places_in, with_state
from validate.experiment.setting import Setting

SHARE = 0.5
"""Share of the largest cost at which the task is used."""

LEAST = 0.1
"""Share of an exact predictor's cost below which nothing is found."""


@dataclass(frozen=True, eq=False)
class LastStates:
    """Sequences of the majors whose last state is replaced.

    Attributes
    ----------
    fit, score : Batch
        Means are learned on the one half and put into the other; in each, task and current are independent.
    """

    family: LatentTasks
    majors: Pool
    fit: Batch
    score: Batch

    @classmethod
    def of(cls, setting: Setting) -> "LastStates":
        """Draw the sequences: those in which the last states of the family are judged, but others."""
        samples = (question.site_sample for question in questions_for(setting.family.name))
        batch = next(sample for sample in samples if sample is not None)(setting.choice)
        return cls(setting.family, setting.majors, batch[::2], batch[1::2])

    @cached_property
    def exact(self) -> float:
        """What the exact posterior over the majors loses if it knows what is current alone, nats."""
        mixture, kind = Mixture(self.family, self.majors), self.family.target_kind
        fit, score = (floored(kind, retrieval_or_prior(mixture, b).mean[:, -1:]) for b in (self.fit, self.score))
        return self._nats(score, floored(kind, self._of_current(fit)))

    def costs(self, source: StateSource, network: EditableNetwork) -> dict[str, float]:
        """Return what a network loses if its last state knows what is current alone, nats, by candidate."""
        fit, arrays = self.family.encode(self.fit), self.family.encode(self.score)
        [place] = places_in(network, arrays.positions[-1:])
        sites = tuple(candidates(source.sites))
        states = network.forward(fit.inputs, capture=sites)[1]

        def without(site: str) -> Float[np.ndarray, "B 1 D"]:
            mean = self._of_current(states[site][:, [place]].astype(np.float64))
            outputs = with_state(network, arrays.inputs, place, site, mean[:, 0])
            return predictions(self.family, outputs[:, None])

        intact = predictions(self.family, network.forward(arrays.inputs)[0][:, [place]])
        return {site: self._nats(intact, without(site)) for site in sites}

    def _of_current(self, entries: Float[np.ndarray, "B 1 W"]) -> Float[np.ndarray, "B 1 W"]:
        """Return what the current alone tells of the fit sequences' entries, for the scored ones: a linear map of it.

        Of symbols that is their mean over the sequences with the same current symbol.
        """
        fit, score = (self.family.current(batch)[:, -1] for batch in (self.fit, self.score))
        design, asked = (np.column_stack([np.ones(len(current)), current]) for current in (fit, score))
        return (asked @ (np.linalg.pinv(design) @ entries[:, 0]))[:, None]

    def _nats(self, intact: Float[np.ndarray, "B 1 D"], other: Float[np.ndarray, "B 1 D"]) -> float:
        return nats_per_loss(self.family) * float(divergence(self.family.target_kind, intact, other).mean())


def middle_site(sites: Sequence[str]) -> str:
    """Return the middle one of the candidates, of an even number the earlier of two."""
    those = candidates(sites)
    return those[(len(those) - 1) // 2]


def first_used(costs: Mapping[str, float]) -> str:
    """Return the first site whose cost is at least half of the largest."""
    largest = max(costs.values())
    return next(site for site, cost in costs.items() if cost >= SHARE * largest)


def task_site(source: StateSource, setting: Setting) -> str:
    """Return the site at which a source is judged, found on sequences that judge nothing."""
    network = _network(source, setting)
    if network is None:
        return middle_site(source.sites)
    return first_used(LastStates.of(setting).costs(source, network))


def own_sites(sources: Sequence[StateSource], setting: Setting) -> list[str | None]:
    """Return the same of several sources, but None for a network that finds nothing."""
    networks = [_network(source, setting) for source in sources]
    sample = LastStates.of(setting) if any(networks) else None
    found: list[str | None] = []
    for source, network in zip(sources, networks, strict=True):
        if network is None or sample is None:
            found.append(middle_site(source.sites))
            continue
        costs = sample.costs(source, network)
        found.append(first_used(costs) if max(costs.values()) >= LEAST * sample.exact else None)
    return found


def _network(source: StateSource, setting: Setting) -> EditableNetwork | None:
    """Return the network of a source; None of a source that has none, or one site only."""
    try:
        return editable(Observed(source, setting, source.sites[0])) if len(source.sites) > 1 else None
    except TypeError:
        return None


def layer_of(site: str, sites: Sequence[str]) -> int:
    """Return the number of the layer a site belongs to; of a site whose name tells none its place among the sites."""
    number = site.rpartition(".")[2]
    return int(number) if number.isdecimal() else sites.index(site)


def layer_label(site: str, sites: Sequence[str]) -> str:
    """Return that number as text, with an a behind it if states are read after the layer's attention."""
    return labelled(site, layer_of(site, sites))


def labelled(site: str, layer: int) -> str:
    """Return the text of a site's layer whose number is known."""
    return f"{layer}{'a' if site.startswith('post_attention.') else ''}"
