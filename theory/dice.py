"""E1, biased dice: a task is a die, a sequence is its rolls.

    task        p ~ Dirichlet(a, ..., a) on the simplex of V faces
    sequence    s_0, ..., s_{T-1} independent, P(s_t = v | p) = p_v
    likelihood  log p(s_<t | p) = sum_v n_{t,v} log p_v            n_{t,v} = #{j < t : s_j = v}
    evidence    p(s_<t) = prod_v (a)_{n_{t,v}} / (V a)_t           (a)_n = a (a + 1) ... (a + n - 1)
    fresh task  P(s_t = v | s_<t) = (n_{t,v} + a) / (t + V a)      (the add-alpha rule)

The likelihood depends on the symbol counts only, so it is computed from them; a face of probability 0 that was seen
makes it -inf. The fresh task's running statistics are the V centred log-ratios of n_{t,v} + a, the logits of the
add-alpha rule: adding a makes them defined before a face is seen.

Source: arXiv:2605.03780, distribution E1; the add-alpha rule is proved in `theory.symbolic`.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from theory.add_alpha import law_of_symbols
from theory.categorical import CONCENTRATIONS, as_laws, centred_log_ratio, draw, log_dirichlet_evidence
from theory.checks import require_positive, require_shape, require_whole
from theory.layouts import require_layout
from theory.notation import Batch, Layout, Pool, StateIs, SymbolBatch
from theory.symbol_family import SymbolFamily
from theory.symbols import counts_before, frequencies_before
from theory.tasks import sequence_tasks


@dataclass(frozen=True)
class BiasedDice(SymbolFamily):
    """Sequences of rolls of a die with unknown bias.

    Attributes
    ----------
    faces : int
        Number of faces V, at least 2.
    length : int
        Rolls of a sequence T, at least 2.
    concentration : float
        Parameter a of the symmetric Dirichlet prior, from 1e-12 to 1e12. Large: nearly fair dice. Small: nearly one
        face.
    layout : {"plain", "separated"}
        Whether a separator stands after every symbol in what a transformer reads; see `theory.layouts`.
    """

    faces: int = 6
    length: int = 128
    concentration: float = 1.0
    layout: Layout = "plain"

    name: ClassVar[str] = "dice"
    title: ClassVar[str] = "Biased dice (E1)"
    state_is: ClassVar[StateIs] = "task and current"

    def __post_init__(self) -> None:
        require_whole("faces", self.faces, 2)
        require_whole("length", self.length, 2)
        require_positive("concentration", self.concentration, *CONCENTRATIONS)
        require_layout(self.layout)

    @property
    def n_symbols(self) -> int:
        """Number of faces V."""
        return self.faces

    @property
    def n_parameters(self) -> int:
        """Number of face probabilities V of a die."""
        return self.faces

    def make_pool(self, parameters: ArrayLike) -> Pool:
        """Return a pool of given dice, one row of face probabilities each, shape (K, V).

        Raises
        ------
        ValueError
            If the table is not (K, V) with K at least 1, or a row is not a probability law.
        """
        laws = as_laws(parameters, "parameters")
        if laws.ndim != 2 or laws.shape[1] != self.faces or not len(laws):
            raise ValueError(f"parameters must have shape (K, {self.faces}) with K at least 1; got {laws.shape}")
        return Pool(laws)

    def sample_pool(self, rng: np.random.Generator, n_tasks: int) -> Pool:
        """Draw `n_tasks` independent dice from the Dirichlet prior."""
        require_whole("n_tasks", n_tasks, 0)
        return Pool(rng.dirichlet(np.full(self.faces, self.concentration), size=n_tasks))

    def sample(
        self,
        rng: np.random.Generator,
        pool: Pool,
        n_sequences: int,
        tasks: Int[np.ndarray, " B"] | None = None,
    ) -> SymbolBatch:
        """Draw `n_sequences` sequences of `length` rolls; ``tasks=None`` draws the dice uniformly from the pool."""
        tasks = sequence_tasks(rng, pool, n_sequences, tasks)
        laws = self._laws(pool)[tasks]
        return SymbolBatch(tasks=tasks, symbols=draw(rng.random((n_sequences, self.length)), laws))

    def log_likelihood(self, pool: Pool, batch: Batch) -> Float[np.ndarray, "B T K"]:
        """Return log p(seen before target t | die k) in nats, -inf where die k cannot have rolled it."""
        laws, counts = self._laws(pool), self._counts(batch)
        impossible = laws == 0
        # 0 * log 0 is 0 here: zeros leave the matrix product and come back as -inf where their face was seen.
        log_laws = np.log(np.where(impossible, 1.0, laws))
        log_likelihood: Float[np.ndarray, "B T K"] = counts @ log_laws.T
        if impossible.any():
            log_likelihood[counts @ impossible.T.astype(np.float64) > 0] = -np.inf
        return log_likelihood

    def task_mean(self, pool: Pool, batch: Batch) -> Float[np.ndarray, "B T K V"]:
        """Return the law of target t for each die: the die itself, as a read-only view without copies."""
        laws = self._laws(pool)
        return np.broadcast_to(laws, (*self._symbols(batch).shape, *laws.shape))

    def mixed_mean(self, pool: Pool, batch: Batch, weights: Float[np.ndarray, "B T K"]) -> Float[np.ndarray, "B T V"]:
        """Return sum_k weights_{t,k} p_k, one matrix product."""
        require_shape("weights", weights, (*self._symbols(batch).shape, len(pool)))
        mixed: Float[np.ndarray, "B T V"] = weights @ self._laws(pool)
        return mixed

    def log_evidence(self, batch: Batch) -> Float[np.ndarray, "B T"]:
        """Return the log probability, in nats, of what was seen, the die drawn from the prior."""
        return log_dirichlet_evidence(self._counts(batch), self.concentration)

    def fresh_mean(self, batch: Batch) -> Float[np.ndarray, "B T V"]:
        """Return the law of target t, the die drawn from the prior: the add-alpha rule."""
        return law_of_symbols(self._symbols(batch), self.faces, self.concentration)

    def running_average(self, batch: Batch) -> Float[np.ndarray, "B T V"]:
        """Return the face frequencies of what was seen before target t; entry 0 is 1 / V."""
        return frequencies_before(self.targets(batch), np.full(self.faces, 1 / self.faces))

    def average_vertices(self, pool: Pool) -> Float[np.ndarray, "K V"]:
        """Return the limit of the face frequencies under each die: the die itself."""
        return self._laws(pool)

    def running_statistics(self, batch: Batch) -> Float[np.ndarray, "B T V"]:
        """Return the centred log-ratios of the counts, `concentration` added to each; nats."""
        return centred_log_ratio(self.fresh_mean(batch))

    def _laws(self, pool: Pool) -> Float[np.ndarray, "K V"]:
        laws = pool.parameters
        if laws.ndim != 2 or laws.shape[1] != self.faces:
            raise ValueError(f"a pool of dice with {self.faces} faces has shape (K, {self.faces}); got {laws.shape}")
        return laws

    def _counts(self, batch: Batch) -> Float[np.ndarray, "B T V"]:
        return counts_before(self.targets(batch))
