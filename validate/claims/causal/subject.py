"""A network at one site, the vectors its states are written in, and what it predicts when states are changed.

    h_t = mu_t + sum_k beta_tk theta_k + nu c_t + rest

theta: task vectors, (K, W), sum 0; nu: vectors of what is current (one-hot symbols, or covariates), (F, W), so that
nu c_t is `family.current` times `Subject.current`; mu_t: intercepts, (P, W). They are estimated on other sequences than
those used here, and only at the P positions that predict.

Changes act on the states of these positions alone. For symbols that is all positions. For regression the positions of y
predict nothing: they have no theta, nu or mu of their own, and stay as they are, so that layers after the site may
still read from them.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float
from scipy.linalg import null_space

from model import Arrays, Transformer
from theory import Batch, LatentTasks, Mixture, nats_per_loss, stream, target_loss
from validate.capture.captured import N_AGAIN
from validate.capture.resuming import Edit, ResumingNetwork
from validate.capture.sources import predictions
from validate.claims.base import Observed, Side
from validate.experiment.sampling import predicted
from validate.statistics.subspace import random_basis, span_basis

Change = Callable[[Float[np.ndarray, "B P W"]], Float[np.ndarray, "B P W"]]
"""What is done to the states of the positions that predict."""


@runtime_checkable
class EditableNetwork(Protocol):
    """What causal tests need of a network: `model.Transformer` has it, and so has a constructed linear world."""

    @property
    def sites(self) -> tuple[str, ...]:
        """Names of the sites in the order of the network."""
        ...

    def forward(
        self, inputs: np.ndarray, capture: Collection[str] = (), edit: Mapping[str, Edit] | None = None
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Return outputs (B, L, D) and the captured states (B, L, W)."""
        ...


@runtime_checkable
class DifferentiableNetwork(EditableNetwork, Protocol):
    """What the search for V needs beside."""

    def gradient_at(
        self, site: str, arrays: Arrays, edit: Mapping[str, Edit] | None = None
    ) -> tuple[float, np.ndarray]:
        """Return the loss and its gradient with respect to the states at `site` after the edit."""
        ...


@runtime_checkable
class OwnPositions(Protocol):
    """A network whose positions are not those of the family's `encode`: it reads more, or elsewhere."""

    def places(self, positions: np.ndarray) -> np.ndarray:
        """Return where outputs and states stand that belong to some predicting positions of `encode`."""
        ...


def places_in(network: EditableNetwork, positions: np.ndarray) -> np.ndarray:
    """Return where a network holds what belongs to some predicting positions of the family's `encode`."""
    return network.places(positions) if isinstance(network, OwnPositions) else positions


def edit_at(positions: np.ndarray, change: Change) -> Edit:
    """Return the edit that changes the states of some model positions, in float64, and leaves the others."""

    def edit(states: np.ndarray) -> np.ndarray:
        edited = states.astype(np.float64)
        edited[:, positions] = change(edited[:, positions])
        return edited

    return edit


@dataclass(frozen=True, eq=False)
class Subject:
    """One network under test.

    Attributes
    ----------
    network : EditableNetwork
        Usually a `model.Transformer`.
    mixture : Mixture
        What the network was trained on; untrained networks get that of the network they are the null of.
    site : str
        Where states are changed, `post_mlp.l`.
    task, current, intercepts : ndarray, shapes (K, W), (F, W), (P, W)
        theta, nu and mu.
    kind, seed : str, int
        Name the random streams: subjects that share them see the same sequences.
    """

    network: EditableNetwork
    mixture: Mixture
    site: str
    task: Float[np.ndarray, "K W"]
    current: Float[np.ndarray, "F W"]
    intercepts: Float[np.ndarray, "P W"]
    kind: str
    seed: int

    def stream(self, purpose: str, step: int = 0) -> np.random.Generator:
        """Return the random stream of a purpose."""
        return stream(self.seed, f"{self.kind}/causal/{purpose}", step)

    @property
    def family(self) -> LatentTasks:
        """The family of tasks."""
        return self.mixture.family

    @cached_property
    def task_basis(self) -> Float[np.ndarray, "W r"]:
        """An orthonormal basis of span{theta}."""
        return span_basis(self.task)

    @cached_property
    def complement(self) -> Float[np.ndarray, "W m"]:
        """An orthonormal basis of the orthogonal complement of span{theta, nu}; it may be empty."""
        # Each span has its own scale: one set of vectors may be far longer than the other.
        return np.asarray(null_space(np.concatenate([self.task_basis, span_basis(self.current)], axis=1).T))

    def random_directions(self, rank: int, n_draws: int, purpose: str) -> list[Float[np.ndarray, "W r"]]:
        """Draw orthonormal bases of uniformly random subspaces of the complement."""
        rng, size = self.stream(purpose), self.complement.shape[1]
        return [self.complement @ random_basis(size, rank, rng) for _ in range(n_draws)]

    def places(self, positions: np.ndarray) -> np.ndarray:
        """Return where the network holds what belongs to some predicting positions of the family's `encode`."""
        return places_in(self.network, positions)

    def edit(self, positions: np.ndarray, change: Change) -> dict[str, Edit]:
        """Return the edit that changes the states of some predicting positions at the site."""
        return {self.site: edit_at(self.places(positions), change)}

    def states(self, batch: Batch) -> Float[np.ndarray, "B P W"]:
        """Return the states at the site, at the positions that predict, in float64."""
        arrays = self.family.encode(batch)
        _, captured = self.network.forward(arrays.inputs, capture=(self.site,))
        return captured[self.site][:, self.places(arrays.positions)].astype(np.float64)

    def beside(self, entries: Float[np.ndarray, "B T *rest"]) -> Float[np.ndarray, "B P *rest"]:
        """Keep the entries of the P targets that are predicted."""
        return predicted(entries, len(self.intercepts))

    def read(self, inputs: np.ndarray, positions: np.ndarray, edit: Mapping[str, Edit]) -> Float[np.ndarray, "B J D"]:
        """Return the predicted laws, or numbers, at some predicting positions under edits."""
        outputs = self.network.forward(inputs, edit=edit)[0]
        return predictions(self.family, outputs[:, self.places(positions)])

    def loss(self, batch: Batch, change: Change | None = None) -> Float[np.ndarray, " B"]:
        """Return each sequence's loss, the mean over its targets, in nats, with its states changed."""
        arrays = self.family.encode(batch)
        edit = {} if change is None else self.edit(arrays.positions, change)
        targets = self.beside(self.family.targets(batch))
        mean = self.read(arrays.inputs, arrays.positions, edit)
        return self.nats(mean, targets).mean(axis=1)

    def nats(self, mean: Float[np.ndarray, "B J D"], targets: Float[np.ndarray, "B J D"]) -> Float[np.ndarray, "B J"]:
        """Return the loss of predicting `mean` where `targets` came, in nats up to a constant (`nats_per_loss`)."""
        return nats_per_loss(self.family) * target_loss(self.family.target_kind, mean, targets)


def with_state(
    network: EditableNetwork, inputs: np.ndarray, place: int, site: str, states: Float[np.ndarray, "B W"]
) -> Float[np.ndarray, "B D"]:
    """Return a network's outputs at one of its positions, the state there replaced at a site."""
    if isinstance(network, ResumingNetwork):
        return network.replaced(inputs, place, site, states)
    edit = edit_at(np.array([place]), lambda _: states[:, None])
    return network.forward(inputs, edit={site: edit})[0][:, place]


def editable(observed: Observed) -> EditableNetwork:
    """Return the network of a source; TypeError if it is none."""
    network = getattr(observed.source, "network", None)
    if isinstance(network, Transformer):
        return ResumingNetwork(network)
    if not isinstance(network, EditableNetwork):
        raise TypeError(f"causal tests need a network; got {type(observed.source).__name__}")
    return network


def subject_of(side: Side, resample: np.random.Generator | None = None) -> Subject:
    """Return a side's network as a subject, with the vectors of its states at the site it is judged at.

    With `resample`, the sequences they are estimated from are drawn again.

    Raises
    ------
    TypeError
        If the side's source is no network.
    """
    network = side.observed.once(editable)
    model, setting = side.observed.captured.additive_model(side.site, resample=resample), side.setting
    return Subject(
        network=network,
        mixture=side.mixture,
        site=side.site,
        task=model.effects.task,
        current=model.effects.current,
        intercepts=model.intercepts,
        kind=setting.label,
        seed=setting.seed,
    )


def with_vectors_again(side: Side) -> Sequence[Subject]:
    """Return the subject with the vectors of sequences drawn again, `N_AGAIN` times: over these intervals run."""
    return [subject_of(side, again) for again in side.setting.streams("bootstrap/vectors of a subject", N_AGAIN)]
