"""E3, Markov chains: a task is a table of transitions, a sequence walks through it.

    task        P: row a of P is the law of what follows state a; rows independent, P[a] ~ Dirichlet(a0, ..., a0)
    sequence    s_0 uniform on V states, P(s_t = b | s_<t, P) = P[s_{t-1}, b]
    likelihood  log p(s_<t | P) = -log V + sum_{0<j<t} log P[s_{j-1}, s_j]                     t >= 1
    counts      n_{t,ab} = #{0 < j < t : s_{j-1} = a, s_j = b},  n_{t,a} = sum_b n_{t,ab}
    evidence    p(s_<t) = 1/V prod_a [ prod_b (a0)_{n_{t,ab}} / (V a0)_{n_{t,a}} ]             t >= 1
    fresh task  P(s_t = b | s_<t) = (n_{t,ab} + a0) / (n_{t,a} + V a0),  a = s_{t-1}

Rows are independent a priori and each transition speaks of one row, so the evidence is a product of Dirichlet
evidences and the fresh task follows the add-alpha rule of the current row. The first symbol costs log V under every
task: it is no evidence for any of them. In code the start is one more context, V, whose law is uniform.

Running statistics of the fresh task: the centred log-ratios of n_{t,ab} + a0, row by row, V^2 numbers, an unvisited row
holding 0; and the row of the current state once more, V numbers, because the prediction is that row, and which one it
is no linear function of the table can know.

Source: arXiv:2605.03780, distribution E3; MacKay and Peto, A hierarchical Dirichlet language model (1995).
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from theory.add_alpha import law_of_followers
from theory.categorical import CONCENTRATIONS, as_laws, centred_log_ratio, draw
from theory.checks import require_positive, require_shape, require_whole
from theory.contexts import log_evidence_from, log_likelihood_in_context, mean_in_context
from theory.layouts import require_layout
from theory.notation import Batch, Layout, Pool, StateIs, SymbolBatch
from theory.symbol_family import SymbolFamily
from theory.symbols import one_hot
from theory.tasks import sequence_tasks


@dataclass(frozen=True)
class MarkovChains(SymbolFamily):
    """Walks through a table of transitions that is not known.

    Attributes
    ----------
    states : int
        Number of states V, at least 2.
    length : int
        Symbols of a sequence T, at least 2.
    concentration : float
        Parameter a0 of the symmetric Dirichlet prior of every row, from 1e-12 to 1e12. Large: rows nearly uniform.
    layout : {"plain", "separated"}
        Whether a separator stands after every symbol in what a transformer reads; see `theory.layouts`.
    """

    states: int = 8
    length: int = 192
    concentration: float = 1.0
    layout: Layout = "plain"

    name: ClassVar[str] = "markov"
    title: ClassVar[str] = "Markov chains (E3)"
    state_is: ClassVar[StateIs] = "task and current"

    def __post_init__(self) -> None:
        require_whole("states", self.states, 2)
        require_whole("length", self.length, 2)
        require_positive("concentration", self.concentration, *CONCENTRATIONS)
        require_layout(self.layout)

    @property
    def n_symbols(self) -> int:
        """Number of states V."""
        return self.states

    @property
    def n_parameters(self) -> int:
        """Number of transition probabilities V^2 of a chain."""
        return self.states**2

    def make_pool(self, parameters: ArrayLike) -> Pool:
        """Return a pool of given chains, shape (K, V, V): entry [k, a, b] is the probability of b after a.

        Raises
        ------
        ValueError
            If the table is not (K, V, V) with K at least 1, or a row is not a probability law.
        """
        chains, shape = as_laws(parameters, "parameters"), (self.states, self.states)
        if chains.ndim != 3 or chains.shape[1:] != shape or not len(chains):
            wanted = f"(K, {self.states}, {self.states})"
            raise ValueError(f"parameters must have shape {wanted} with K at least 1; got {chains.shape}")
        return Pool(chains)

    def sample_pool(self, rng: np.random.Generator, n_tasks: int) -> Pool:
        """Draw `n_tasks` chains, every row from the Dirichlet prior."""
        require_whole("n_tasks", n_tasks, 0)
        return Pool(rng.dirichlet(np.full(self.states, self.concentration), size=(n_tasks, self.states)))

    def sample(
        self,
        rng: np.random.Generator,
        pool: Pool,
        n_sequences: int,
        tasks: Int[np.ndarray, " B"] | None = None,
    ) -> SymbolBatch:
        """Draw `n_sequences` walks of `length` symbols; ``tasks=None`` draws the chains uniformly from the pool."""
        tasks = sequence_tasks(rng, pool, n_sequences, tasks)
        chains = self._chains(pool)
        symbols = np.empty((n_sequences, self.length), dtype=np.int64)
        symbols[:, 0] = rng.integers(self.states, size=n_sequences)
        uniforms = rng.random((n_sequences, self.length - 1))
        # Where each state would go next is drawn for all states at once, so the walk itself only looks it up.
        follower = np.stack([draw(uniforms, chains[tasks, state]) for state in range(self.states)])
        rows = np.arange(n_sequences)
        for target in range(1, self.length):
            symbols[:, target] = follower[symbols[:, target - 1], rows, target - 1]
        return SymbolBatch(tasks=tasks, symbols=symbols)

    def log_likelihood(self, pool: Pool, batch: Batch) -> Float[np.ndarray, "B T K"]:
        """Return log p(seen before target t | chain k) in nats, -inf where chain k cannot have walked it."""
        symbols = self._symbols(batch)
        return log_likelihood_in_context(self._laws(pool), self._contexts(symbols), symbols)

    def task_mean(self, pool: Pool, batch: Batch) -> Float[np.ndarray, "B T K V"]:
        """Return the law of target t for each chain: the row of the current state, uniform at target 0."""
        return self._laws(pool)[self._contexts(self._symbols(batch))]

    def mixed_mean(self, pool: Pool, batch: Batch, weights: Float[np.ndarray, "B T K"]) -> Float[np.ndarray, "B T V"]:
        """Return sum_k weights_{t,k} P_k[s_{t-1}], one matrix product for each state."""
        require_shape("weights", weights, (*self._symbols(batch).shape, len(pool)))
        return mean_in_context(self._laws(pool), self._contexts(self._symbols(batch)), weights)

    def log_evidence(self, batch: Batch) -> Float[np.ndarray, "B T"]:
        """Return the log probability, in nats, of what was seen, the chain drawn from the prior."""
        return log_evidence_from(self.fresh_mean(batch), self._symbols(batch))

    def fresh_mean(self, batch: Batch) -> Float[np.ndarray, "B T V"]:
        """Return the law of target t, the chain drawn from the prior: the add-alpha rule of the current row."""
        return law_of_followers(self._symbols(batch), self.states, self.concentration)

    def running_average(self, batch: Batch) -> Float[np.ndarray, "B T S"]:
        """Return the transition frequencies n_{t,ab} / n_{t,a} of what was seen, flattened to S = V^2.

        A row whose state was not left yet has no frequencies; it holds the prior mean 1 / V, which is what nothing
        seen says, so that unvisited rows pull towards no task.
        """
        counts = self._counts(batch)
        totals = counts.sum(axis=-1, keepdims=True)
        frequencies = np.where(totals > 0, counts / np.maximum(totals, 1), 1 / self.states)
        return frequencies.reshape(*counts.shape[:2], -1)

    def average_vertices(self, pool: Pool) -> Float[np.ndarray, "K S"]:
        """Return the limit of the transition frequencies under each chain: its table, flattened.

        Rows of states that a chain leaves for ever, or never meets, have no limit; there the table is a convention.
        """
        return self._chains(pool).reshape(len(pool), self.states**2)

    def running_statistics(self, batch: Batch) -> Float[np.ndarray, "B T R"]:
        """Return the centred log-ratios of the rows of transition counts, then of the current row: V^2 + V; nats."""
        counts = self._counts(batch)
        table = centred_log_ratio(counts + self.concentration).reshape(*counts.shape[:2], -1)
        return np.concatenate([table, centred_log_ratio(self.fresh_mean(batch))], axis=-1)

    def _counts(self, batch: Batch) -> Float[np.ndarray, "B T V V"]:
        """Return n_{t,ab}, how often b followed a before target t."""
        symbols = self._symbols(batch)
        # The move a V + b that became known just before target t; V^2 where none did, at targets 0 and 1.
        moves = np.full(symbols.shape, self.states**2)
        moves[:, 2:] = symbols[:, :-2] * self.states + symbols[:, 1:-1]
        known = one_hot(moves, self.states**2 + 1)[..., :-1]
        return np.cumsum(known, axis=1).reshape(*moves.shape, self.states, self.states)

    def _chains(self, pool: Pool) -> Float[np.ndarray, "K V V"]:
        chains, shape = pool.parameters, (self.states, self.states)
        if chains.ndim != 3 or chains.shape[1:] != shape:
            wanted = f"(K, {self.states}, {self.states})"
            raise ValueError(f"a pool of chains on {self.states} states has shape {wanted}; got {chains.shape}")
        return chains

    def _laws(self, pool: Pool) -> Float[np.ndarray, "C K V"]:
        """Return the law of the next symbol by context: the V states, and the start."""
        rows = self._chains(pool).swapaxes(0, 1)
        return np.concatenate([rows, np.full((1, *rows.shape[1:]), 1 / self.states)])

    def _contexts(self, symbols: Int[np.ndarray, "B T"]) -> Int[np.ndarray, "B T"]:
        contexts = np.full_like(symbols, self.states)
        contexts[:, 1:] = symbols[:, :-1]
        return contexts
