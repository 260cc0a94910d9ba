"""E4, planted Dyck paths: a task is a path, a sequence shows its steps in order among background symbols.

    task        w in {+1, -1}^{2n}, a uniformly random Dyck path of n pairs: P(w) = 1 / Catalan(n)
    sequence    at each position, while steps are left: with probability rho the next step of w (up or down),
                else a background symbol from the law b; once all 2n steps were shown: background symbols only

Background symbols are not steps, so the positions of the steps can be seen. Before target t let j be the number of
steps shown, x_1 .. x_j these steps, r = x_1 + ... + x_j the unmatched ups and k = 2n - j the steps left. With

    g(s_<t) = prod over steps shown of rho  x  prod over background symbols v of (1 - rho if steps were left else 1) b_v

    likelihood  p(s_<t | w) = g(s_<t) [w_1 .. w_j = x_1 .. x_j]
    evidence    p(s_<t) = g(s_<t) N(r, k) / Catalan(n)      if the steps never go below 0 and are at most 2n, else 0
    fresh task  P(s_t = down | s_<t) = rho r (k + r + 2) / (2 k (r + 1)),  P(s_t = up | s_<t) = rho - that     (k > 0)
                P(s_t = v | s_<t) = (1 - rho) b_v if k > 0 else b_v

since N(r, k), the ballot number, counts the paths that begin with the steps shown. g is the same for all tasks: a
task is either as likely as any other or impossible. A task's next law depends on the past through j alone, and j is
the same for all tasks. The fresh task's running statistics are r and k, of which its law is a function.

Symbols 0 .. U - 1 are background, U is up, U + 1 is down; V = U + 2.
Source: arXiv:2605.03780, distribution E4; `theory.ballot`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from theory.ballot import as_paths, down_probability, log_catalan, log_completions, random_paths
from theory.categorical import as_laws, draw
from theory.checks import is_number, require_shape, require_whole
from theory.contexts import log_likelihood_in_context, mean_in_context
from theory.errors import ImpossibleSequenceError
from theory.layouts import require_layout
from theory.notation import Batch, Layout, Pool, StateIs, SymbolBatch
from theory.symbol_family import SymbolFamily
from theory.symbols import frequencies_before
from theory.tasks import sequence_tasks


@dataclass(frozen=True)
class PlantedDyck(SymbolFamily):
    """Background noise in which the steps of a hidden Dyck path are planted.

    Attributes
    ----------
    pairs : int
        Pairs of steps n of a path, at least 1.
    background : int
        Number of background symbols U, at least 1.
    density : float
        Probability rho, in (0, 1], that a position shows the next step while steps are left.
    length : int
        Symbols of a sequence T, at least 2.
    background_law : collection of float, optional
        Law b of the background symbols, U entries. None: uniform.
    layout : {"plain", "separated"}
        Whether a separator stands after every symbol in what a transformer reads; see `theory.layouts`.
    """

    pairs: int = 10
    background: int = 7
    density: float = 0.25
    length: int = 192
    background_law: Collection[float] | None = None
    layout: Layout = "plain"

    name: ClassVar[str] = "dyck"
    title: ClassVar[str] = "Planted Dyck paths (E4)"
    state_is: ClassVar[StateIs] = "prefix"

    def __post_init__(self) -> None:
        for name, least in (("pairs", 1), ("background", 1), ("length", 2)):
            require_whole(name, getattr(self, name), least)
        if not (is_number(self.density) and 0 < self.density <= 1):
            raise ValueError(f"density must be in (0, 1]; got {self.density}")
        require_layout(self.layout)
        if self.background_law is not None:
            law = as_laws(list(self.background_law), "background_law")
            if law.shape != (self.background,):
                raise ValueError(f"background_law must have shape ({self.background},); got {law.shape}")
            object.__setattr__(self, "background_law", tuple(law.tolist()))  # so that equal families compare equal

    @property
    def n_symbols(self) -> int:
        """Number of symbols V: background, up and down."""
        return self.background + 2

    @property
    def n_settable(self) -> int:
        """Background symbols only: a step set by hand breaks the path."""
        return self.background

    @property
    def n_parameters(self) -> int:
        """Number of steps 2 n of a path."""
        return self._n_steps

    def make_pool(self, parameters: ArrayLike) -> Pool:
        """Return a pool of given paths, one row of +1 and -1 each, shape (K, 2 pairs); ValueError if one is none."""
        return Pool(as_paths(np.asarray(parameters), self.pairs))

    def sample_pool(self, rng: np.random.Generator, n_tasks: int) -> Pool:
        """Draw `n_tasks` independent uniformly random Dyck paths."""
        require_whole("n_tasks", n_tasks, 0)
        return Pool(random_paths(rng, self.pairs, n_tasks))

    def sample(
        self,
        rng: np.random.Generator,
        pool: Pool,
        n_sequences: int,
        tasks: Int[np.ndarray, " B"] | None = None,
    ) -> SymbolBatch:
        """Draw `n_sequences` sequences of `length` symbols; ``tasks=None`` draws the paths uniformly from the pool."""
        tasks = sequence_tasks(rng, pool, n_sequences, tasks)
        shape = (n_sequences, self.length)
        symbols = draw(rng.random(shape), np.broadcast_to(self._background, (n_sequences, self.background)))
        chosen = rng.random(shape) < self.density
        shown: Int[np.ndarray, "B T"] = np.cumsum(chosen, axis=1) - chosen
        planted = chosen & (shown < self._n_steps)
        step = self._paths(pool)[tasks[:, None], np.minimum(shown, self._n_steps - 1)]
        return SymbolBatch(tasks=tasks, symbols=np.where(planted, np.where(step > 0, self._up, self._down), symbols))

    def log_likelihood(self, pool: Pool, batch: Batch) -> Float[np.ndarray, "B T K"]:
        """Return log p(seen before target t | path k) in nats, -inf where path k does not begin with what was shown."""
        symbols = self._symbols(batch)
        return log_likelihood_in_context(self._laws(pool), self._shown(symbols), symbols)

    def task_mean(self, pool: Pool, batch: Batch) -> Float[np.ndarray, "B T K V"]:
        """Return the law of target t for each path: its next step with probability rho, else background.

        Where the steps shown are not those of path k this is the law of that path's step j + 1, a convention.
        """
        return self._laws(pool)[self._shown(self._symbols(batch))]

    def mixed_mean(self, pool: Pool, batch: Batch, weights: Float[np.ndarray, "B T K"]) -> Float[np.ndarray, "B T V"]:
        """Return sum_k weights_{t,k} task_mean_{t,k}, one matrix product for each number of steps shown."""
        require_shape("weights", weights, (*self._symbols(batch).shape, len(pool)))
        return mean_in_context(self._laws(pool), self._shown(self._symbols(batch)), weights)

    def log_evidence(self, batch: Batch) -> Float[np.ndarray, "B T"]:
        """Return the log probability, in nats, of what was seen, the path drawn uniformly; -inf where impossible."""
        symbols = self._symbols(batch)
        shown, height = self._shown(symbols), self._height(symbols)
        with np.errstate(divide="ignore"):
            gained = np.log(self._emissions)[shown[:, :-1], symbols[:, :-1]]
        log_evidence = np.zeros(symbols.shape)
        log_evidence[:, 1:] = np.cumsum(gained, axis=1, dtype=np.longdouble)
        log_evidence += log_completions(height, self._n_steps - shown) - log_catalan(self.pairs)
        log_evidence[np.minimum.accumulate(height, axis=1) < 0] = -np.inf
        return log_evidence

    def fresh_mean(self, batch: Batch) -> Float[np.ndarray, "B T V"]:
        """Return the law of target t, the path drawn uniformly: its next step by the ballot probability.

        Raises
        ------
        ImpossibleSequenceError
            If what was seen before some target cannot have been produced by any path.
        """
        impossible = np.argwhere(self.log_evidence(batch) == -np.inf)
        if impossible.size:
            raise ImpossibleSequenceError(*(int(index) for index in impossible[0]))
        symbols = self._symbols(batch)
        shown = self._shown(symbols)
        # Once no step is left the emissions of both steps are 0, and a count of 1 keeps the formula defined.
        down = down_probability(self._height(symbols), np.maximum(self._n_steps - shown, 1))
        fresh = self._emissions[shown]
        fresh[..., self._up] *= 1 - down
        fresh[..., self._down] *= down
        return fresh

    def running_average(self, batch: Batch) -> Float[np.ndarray, "B T V"]:
        """Return the symbol frequencies of what was seen before target t; entry 0 is their limit, (b, 0, 0).

        Every path has as many ups as downs, so in the long run these frequencies are the same for all tasks: what
        tells paths apart is the order of the steps, and a plain average of the context forgets it.
        """
        return frequencies_before(self.targets(batch), self._emissions[-1])

    def average_vertices(self, pool: Pool) -> Float[np.ndarray, "K V"]:
        """Return the limit of the symbol frequencies under each path: (b, 0, 0) for all, so the vertices coincide."""
        return np.tile(self._emissions[-1], (len(self._paths(pool)), 1))

    def running_statistics(self, batch: Batch) -> Float[np.ndarray, "B T 2"]:
        """Return the unmatched ups and the steps left before each target."""
        symbols = self._symbols(batch)
        return np.stack([self._height(symbols), self._n_steps - self._shown(symbols)], axis=-1).astype(np.float64)

    @property
    def _n_steps(self) -> int:
        return 2 * self.pairs

    @property
    def _up(self) -> int:
        return self.background

    @property
    def _down(self) -> int:
        return self.background + 1

    @property
    def _background(self) -> Float[np.ndarray, " U"]:
        if self.background_law is None:
            return np.full(self.background, 1 / self.background)
        return np.array(list(self.background_law))

    @property
    def _emissions(self) -> Float[np.ndarray, "C V"]:
        """Law of the next symbol by steps shown, 0 .. 2 pairs; up and down both stand for the step that is due."""
        emissions = np.full((self._n_steps + 1, self.n_symbols), self.density)
        emissions[:, : self.background] = (1 - self.density) * self._background
        emissions[-1] = np.append(self._background, [0, 0])
        return emissions

    def _laws(self, pool: Pool) -> Float[np.ndarray, "C K V"]:
        """Return the law of the next symbol by steps shown and path: of up and down only the due one is left."""
        paths = self._paths(pool).T
        laws = np.repeat(self._emissions[:, None], paths.shape[1], axis=1)
        laws[:-1, :, self._up] *= paths > 0
        laws[:-1, :, self._down] *= paths < 0
        return laws

    def _paths(self, pool: Pool) -> Int[np.ndarray, "K steps"]:
        rows = pool.parameters
        if rows.ndim != 2 or rows.shape[1] != self._n_steps:
            raise ValueError(f"a pool of paths of {self.pairs} pairs has shape (K, {self._n_steps}); got {rows.shape}")
        return as_paths(rows, self.pairs)

    def _shown(self, symbols: Int[np.ndarray, "B T"]) -> Int[np.ndarray, "B T"]:
        """Return how many steps were shown before each target, at most all: the context that paths share."""
        steps = (symbols >= self.background).astype(np.int64)
        return np.minimum(np.cumsum(steps, axis=1) - steps, self._n_steps)

    def _height(self, symbols: Int[np.ndarray, "B T"]) -> Int[np.ndarray, "B T"]:
        """Return the unmatched ups before each target; negative where more downs than ups were shown."""
        steps = (symbols == self._up).astype(np.int64) - (symbols == self._down)
        return np.cumsum(steps, axis=1) - steps
