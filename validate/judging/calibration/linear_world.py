"""Networks whose causal structure is known: linear worlds.

A world is a network of three sites with planted directions. The first site holds the inputs, position by position. The
other two hold, with w_k the weights of the majors before target t, c_t what is current and u_t the content of V,

    h_t = sum_k w_tk e_k + sum_f c_tf n_f + sum_d u_td v_d + noise,           e_k, n_f, v_d orthonormal,

and for each query the read-out is a linear map of the state: with m_tk what task k answers (centred log-law, or mean),

    output_t = sum_k (e_k . h_t) m_tk + sum_d (v_d . h_t) delta_d.

So theta_k = e_k - mean e, nu_f = n_f, and the mass of all majors stands along mean e, outside span{theta}.

    exact Bayes   w_k, v: M2's weights, u = v f_t with f_t what the fresh task answers: the output is the geometric
                  mixture of the tasks with M2's weights (for numbers, M2's prediction)
    retrieval     w_k: the posterior over majors, u = 0: there is no second mode
    averaging     w_k, u: coordinates and prediction of the running average
    unread V      w_k: the posterior over majors, u = f_t, and a read-out without v_d: content that nothing uses
    fresh only    w_k = 0, u = f_t: every task is fresh, and states of majors differ in what is inferred of them alone
    random        noise for states, and a random read-out: no direction has anything to do with a task

In the exact-Bayes world it is known beforehand that writing a point a into span{theta} gives the geometric mixture of a
if no weight is on the fresh task, that V lies in span{v_d, mean e}, and that history matters at the first site alone.
Where V is unread, mean e is read and does not vary: a trap for removals (`claims.causal.removal`).
Noise is a fixed function of what was read, so that a world is a function like any network.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.special import log_softmax

from model import Arrays
from theory import Batch, Mixture, RegressionBatch, SymbolBatch, extrapolation, hull_coordinates, retrieval, stream
from theory.categorical import centred_log_ratio
from validate.capture.averages import averaged_prediction
from validate.capture.candidates import Arenas
from validate.capture.resuming import Edit
from validate.capture.sources import StateSource, predictions
from validate.claims.base import Observed, Side
from validate.claims.causal.samples import MAJORS, draw
from validate.claims.causal.subject import Subject, with_vectors_again
from validate.claims.causal.tested import Tested, tested
from validate.experiment.setting import Setting

SITES = ("post_mlp.0", "post_mlp.1", "post_mlp.2")
TESTED = SITES[1]
WIDTH, NOISE = 32, 0.02
"""Width of the states, and standard deviation of their noise."""

Features = Callable[[Mixture, Batch], tuple[np.ndarray, np.ndarray]]
"""Maps a batch to w (B, T, K) and u (B, T, D)."""


def as_answers(mixture: Mixture, means: Float[np.ndarray, "*batch D"]) -> Float[np.ndarray, "*batch D"]:
    """Return predictions on the scale of the read-out: centred log-laws, or numbers as they are."""
    return centred_log_ratio(means) if mixture.family.target_kind == "symbol" else means


def exact_features(mixture: Mixture, batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """Return M2's weights, and the fresh task's answer times its weight."""
    weights = extrapolation(mixture, batch).weights
    return weights[..., :-1], weights[..., -1:] * as_answers(mixture, mixture.family.fresh_mean(batch))


def retrieval_features(mixture: Mixture, batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """Return the posterior over the majors, and nothing beside it."""
    weights = retrieval(Mixture(mixture.family, mixture.majors), batch).weights
    return weights, np.zeros(mixture.family.targets(batch).shape)


def unread_features(mixture: Mixture, batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """Return the posterior over the majors, and the fresh task's answer."""
    return retrieval_features(mixture, batch)[0], as_answers(mixture, mixture.family.fresh_mean(batch))


def fresh_features(mixture: Mixture, batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """Return no weight on any major, and the fresh task's answer."""
    answers = as_answers(mixture, mixture.family.fresh_mean(batch))
    return np.zeros((*answers.shape[:2], len(mixture.majors))), answers


def averaging_features(mixture: Mixture, batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """Return coordinates and prediction of the running average."""
    family, majors = mixture.family, mixture.majors
    weights = hull_coordinates(family.running_average(batch), family.average_vertices(majors))
    return weights, averaged_prediction(family, batch)


WORLDS: Mapping[str, Features | None] = {
    "exact Bayes": exact_features,
    "retrieval": retrieval_features,
    "averaging": averaging_features,
    "unread V": unread_features,
    "fresh only": fresh_features,
    "random": None,
}
"""What a world holds; None: noise."""


@dataclass(frozen=True, eq=False)
class LinearWorld:
    """A network made of features, with planted directions; see the top of this module.

    Attributes
    ----------
    mixture : Mixture
        Its majors are what the read-out knows.
    features : callable or None
        What the states hold; None for noise and a random read-out.
    rng : numpy.random.Generator
        Draws the directions.
    """

    mixture: Mixture
    features: Features | None
    rng: np.random.Generator
    _known: dict[bytes, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    """States and answers by inputs: the same sequences come again and again."""

    @property
    def sites(self) -> tuple[str, ...]:
        """Three sites; the last two hold the same states."""
        return SITES

    @cached_property
    def sizes(self) -> tuple[int, int, int]:
        """K, F and D."""
        one = one_sequence(self.mixture)
        family = self.mixture.family
        return len(self.mixture.majors), family.current(one).shape[-1], family.targets(one).shape[-1]

    @cached_property
    def directions(self) -> tuple[Float[np.ndarray, "K W"], Float[np.ndarray, "F W"], Float[np.ndarray, "D W"]]:
        """e, n and v, as rows."""
        rows = np.linalg.qr(self.rng.standard_normal((WIDTH, WIDTH)))[0]
        n_tasks, n_current, n_answers = self.sizes
        used = np.split(rows, np.cumsum([n_tasks, n_current, n_answers]))
        return used[0], used[1], used[2]

    def forward(
        self, inputs: np.ndarray, capture: Collection[str] = (), edit: Mapping[str, Edit] | None = None
    ) -> tuple[Float[np.ndarray, "B L D"], dict[str, Float[np.ndarray, "B L W"]]]:
        """Return the outputs and the captured states."""
        edits, captured = dict(edit or {}), {}
        states = edits.get(SITES[0], _same)(self._embed(inputs))
        read = self._unembed(states, inputs)
        if SITES[0] in capture:
            captured[SITES[0]] = states
        states, answers = self._lookup(read)
        for site in SITES[1:]:
            states = edits.get(site, _same)(states)
            if site in capture:
                captured[site] = states
        return self._read_out(states, answers), captured

    def gradient_at(
        self, site: str, arrays: Arrays, edit: Mapping[str, Edit] | None = None
    ) -> tuple[float, Float[np.ndarray, "B L W"]]:
        """Return the loss and its gradient with respect to the states at one of the last two sites, after the edit."""
        if site not in SITES[1:]:
            raise ValueError(f"a world is differentiated at {SITES[1]} or {SITES[2]}; got {site!r}")
        outputs, _ = self.forward(arrays.inputs, edit=edit)
        slope = np.zeros_like(outputs)
        outputs = outputs[:, arrays.positions]
        if self.mixture.family.target_kind == "symbol":
            log_law, one_hot = log_softmax(outputs, axis=-1), np.eye(outputs.shape[-1])[arrays.targets]
            loss, at_targets = -(log_law * one_hot).sum(axis=-1), np.exp(log_law) - one_hot
        else:
            error = outputs - arrays.targets[..., None]
            loss, at_targets = np.square(error).sum(axis=-1), 2 * error
        slope[:, arrays.positions] = at_targets / loss.size
        return float(loss.mean()), self._read_out_backward(slope, self._lookup(arrays.inputs)[1])

    # --- pieces -----------------------------------------------------------------------------------------------------

    def _read_out(self, states: Float[np.ndarray, "B L W"], answers: Float[np.ndarray, "B L K D"]) -> np.ndarray:
        task, _, content = self.directions
        if self.features is None:
            return states @ self._anywhere
        return np.einsum("blk,blkd->bld", states @ task.T, answers) + self._gain * states @ content.T

    def _read_out_backward(self, slope: Float[np.ndarray, "B L D"], answers: np.ndarray) -> np.ndarray:
        task, _, content = self.directions
        if self.features is None:
            return slope @ self._anywhere.T
        return np.einsum("bld,blkd->blk", slope, answers) @ task + self._gain * slope @ content

    @property
    def _gain(self) -> float:
        return 0.0 if self.features is unread_features else 1.0

    @cached_property
    def _anywhere(self) -> Float[np.ndarray, "W D"]:
        return self.rng.standard_normal((WIDTH, self.sizes[2])) / np.sqrt(WIDTH)

    def _lookup(self, inputs: np.ndarray) -> tuple[Float[np.ndarray, "B L W"], Float[np.ndarray, "B L K D"]]:
        """Return states and answers of the majors for each position."""
        key = inputs.tobytes() + bytes(str(inputs.shape), "ascii")
        if key not in self._known:
            batch, family = as_batch(self.mixture, inputs), self.mixture.family
            answers = as_answers(self.mixture, np.asarray(family.task_mean(self.mixture.majors, batch)))
            states = (1.0 if self.features is None else NOISE) * self._noise(inputs)
            if self.features is not None:
                parts = zip((*self.features(self.mixture, batch), family.current(batch)), (0, 2, 1), strict=True)
                held = sum(part @ self.directions[which] for part, which in parts)
                states = states + self._spread_out(np.asarray(held), inputs)
            self._known[key] = states, self._spread_out(answers, inputs)
        return self._known[key]

    def _embed(self, inputs: np.ndarray) -> Float[np.ndarray, "B L W"]:
        """Write tokens as one-hot, vectors as they are, into the first coordinates."""
        vectors = np.eye(self.sizes[2])[inputs] if self.mixture.family.target_kind == "symbol" else inputs
        return np.pad(vectors, ((0, 0), (0, 0), (0, WIDTH - vectors.shape[-1])))

    def _unembed(self, states: Float[np.ndarray, "B L W"], inputs: np.ndarray) -> np.ndarray:
        if self.mixture.family.target_kind == "symbol":
            return np.asarray(states[..., : self.sizes[2]].argmax(axis=-1))
        return states[..., : inputs.shape[-1]]

    def _noise(self, inputs: np.ndarray) -> Float[np.ndarray, "B L W"]:
        """Return numbers of mean 0 and variance 1 that turn over with everything read so far."""
        read, place = self._embed(inputs), 1 + np.arange(inputs.shape[1])[:, None]
        turns = np.cumsum(np.sin(place * (1 + np.arange(WIDTH))) * read, axis=1).sum(axis=-1)
        return np.sqrt(2) * np.cos(1e3 * turns[..., None] * (1 + np.sqrt(1 + np.arange(WIDTH))))

    def _spread_out(self, entries: Float[np.ndarray, "B T *rest"], inputs: np.ndarray) -> np.ndarray:
        """Put what stands beside each predicted target at the position that predicts it; 0 elsewhere."""
        if self.mixture.family.target_kind == "symbol":
            return entries[:, 1:]
        spread = np.zeros((*inputs.shape[:2], *entries.shape[2:]))
        spread[:, ::2] = entries
        return spread


def _same(states: np.ndarray) -> np.ndarray:
    return states


def as_batch(mixture: Mixture, inputs: np.ndarray) -> Batch:
    """Return the sequences a network reads as a batch; targets it does not read are filled in and play no part."""
    tasks = np.zeros(len(inputs), dtype=np.int64)
    if mixture.family.target_kind == "symbol":
        return SymbolBatch(tasks, np.concatenate([inputs, inputs[:, -1:]], axis=1))
    inputs = inputs.astype(np.float64)
    responses = np.zeros((len(inputs), (inputs.shape[1] + 1) // 2))
    responses[:, : inputs.shape[1] // 2] = inputs[:, 1::2, 0]
    return RegressionBatch(tasks, inputs[:, ::2, 1:], responses)


def one_sequence(mixture: Mixture) -> Batch:
    """Return a sequence to read sizes off."""
    return mixture.family.sample(stream(0, "sizes"), mixture.majors, 1)


def subject_in(world: LinearWorld, kind: str, seed: int, n_intercept: int) -> Subject:
    """Return a world as a subject: its directions are known, mu_t is estimated from so many sequences of the majors."""
    return subjects_in(world, kind, seed, n_intercept, 0)[0]


def subjects_in(world: LinearWorld, kind: str, seed: int, n_intercept: int, n_again: int) -> list[Subject]:
    """Return that subject, and the same with mu_t of resampled sequences."""
    task, current, _ = world.directions
    mixture = world.mixture
    n_positions = len(mixture.family.encode(one_sequence(mixture)).positions)
    vectors = (task - task.mean(axis=0), current)
    blank = Subject(world, mixture, TESTED, *vectors, np.zeros((n_positions, WIDTH)), kind, seed)
    batch = draw(blank, MAJORS, "intercepts", n_intercept)
    rest = blank.states(batch) - blank.beside(mixture.family.current(batch)) @ current
    by_task = rest.reshape(-1, mixture.n_majors, *rest.shape[1:])
    means = [rest.mean(axis=0)]
    for index in range(n_again):
        drawn = blank.stream("intercepts again", index).integers(len(by_task), size=by_task.shape[:2])
        means.append(np.take_along_axis(by_task, drawn[..., None, None], axis=0).mean(axis=(0, 1)))
    return [Subject(world, mixture, TESTED, *vectors, mean, kind, seed) for mean in means]


@dataclass(frozen=True, eq=False)
class WorldSource:
    """A world as a source of states and predictions."""

    network: LinearWorld
    sites: tuple[str, ...] = SITES[1:]

    def states(self, batch: Batch, last: bool = False) -> dict[str, Float[np.ndarray, "B P W"]]:
        """Return the states at every predicting position, or only at the last one."""
        arrays = self.network.mixture.family.encode(batch)
        captured = self.network.forward(arrays.inputs, self.sites)[1]
        positions = arrays.positions[-1:] if last else arrays.positions
        return {site: states[:, positions] for site, states in captured.items()}

    def mean(self, batch: Batch) -> Float[np.ndarray, "B P D"]:
        """Return the prediction."""
        family = self.network.mixture.family
        arrays = family.encode(batch)
        return predictions(family, self.network.forward(arrays.inputs)[0][:, arrays.positions])


def side_of(subject: Subject, source: StateSource, setting: Setting, again: Sequence[Subject] = ()) -> Side:
    """Return a subject and its source as a side; its vectors are known and take the place of estimates."""
    known: dict[Any, Any] = {with_vectors_again: again}
    if setting.causal is not None:
        known[tested] = Tested.of(subject, setting.causal)
    return Side(Observed(source, setting, subject.site), Arenas(subject.mixture, setting), known)
