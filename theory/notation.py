"""The symbols every formula uses, and the protocol every latent-task distribution meets.

A latent task z is drawn from a prior, a sequence is drawn given z, and a predictor sees the sequence without z.
Index t runs over targets. Entry t of anything Bayesian uses only what was seen *before* target t (for regression
also the covariate x_t). Letters, here and in every shape comment:

    B  sequences          T  targets of a sequence        K  tasks of a pool
    V  symbols            D  size of a target: V for a symbol as one-hot, 1 for a real number
    d  covariates         S  size of the running average
    F  size of what is current: V for the symbol before a target as one-hot, d for the covariate beside it
    R  running statistics

`docs/notation.md` is the same legend with the paper's symbols beside it.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int, Integer, Real
from numpy.typing import ArrayLike

TargetKind = Literal["symbol", "real"]
Layout = Literal["plain", "separated"]
StateIs = Literal["task and current", "prefix"]


@dataclass(frozen=True, eq=False)
class Pool:
    """K tasks of one family.

    Attributes
    ----------
    parameters : ndarray, shape (K, ...)
        One task per row; what a row holds is the family's own. Dice: face probabilities, (K, V). Markov chains:
        transition probabilities, (K, V, V). Regression: coefficients, (K, d). Dyck paths: +1 and -1 as int64,
        (K, 2 pairs).
    """

    parameters: Real[np.ndarray, " K *task"]

    def __len__(self) -> int:
        return len(self.parameters)


@dataclass(frozen=True, eq=False)
class SymbolBatch:
    """Sequences of symbols.

    Attributes
    ----------
    tasks : ndarray of int, shape (B,)
        Index into the pool the sequences were drawn from.
    symbols : ndarray of int64, shape (B, T)
        Target t is symbol t; nothing is seen before target 0.
    """

    tasks: Int[np.ndarray, " B"]
    symbols: Int[np.ndarray, "B T"]

    def __len__(self) -> int:
        return len(self.symbols)

    def __getitem__(self, rows: slice | Int[np.ndarray, " N"]) -> "SymbolBatch":
        """Return some of the sequences."""
        return SymbolBatch(self.tasks[rows], self.symbols[rows])


@dataclass(frozen=True, eq=False)
class RegressionBatch:
    """Sequences of covariates, each followed by its response.

    Attributes
    ----------
    tasks : ndarray of int, shape (B,)
        Index into the pool the sequences were drawn from.
    x : ndarray, shape (B, T, d)
        Covariates.
    y : ndarray, shape (B, T)
        Target t is y_t; the points before t and x_t are seen before it.
    """

    tasks: Int[np.ndarray, " B"]
    x: Float[np.ndarray, "B T d"]
    y: Float[np.ndarray, "B T"]

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, rows: slice | Int[np.ndarray, " N"]) -> "RegressionBatch":
        """Return some of the sequences."""
        return RegressionBatch(self.tasks[rows], self.x[rows], self.y[rows])


Batch = SymbolBatch | RegressionBatch


class ModelArrays(NamedTuple):
    """What a transformer needs of a batch.

    Attributes
    ----------
    inputs : ndarray, int64 of shape (B, L) or float32 of shape (B, L, d + 1) or (B, L, d + 2)
        One entry per model position; `theory.layouts` says what stands where.
    targets : ndarray, shape (B, P)
        The symbols (int64) or numbers (float32) to predict.
    positions : ndarray of int64, shape (P,)
        The model position that predicts each target. The last P of the T targets are the predicted ones, so the
        state at ``positions[i]`` stands beside entry ``T - P + i`` of anything Bayesian: the inputs up to and
        including ``positions[i]`` are what is seen before that target, in every layout.
    """

    inputs: np.ndarray
    targets: np.ndarray
    positions: Integer[np.ndarray, " P"]


@runtime_checkable
class LatentTasks(Protocol):
    """A family of latent tasks with its prior: everything that others need to know of it.

    Attributes
    ----------
    name, title : str
        What a person types, and what stands over a page.
    target_kind : {"symbol", "real"}
        What a target is.
    layout : {"plain", "separated"}
        Whether a separator stands after every symbol, or between x and y; targets are then predicted there.
    state_is : {"task and current", "prefix"}
        What the state of a perfect predictor that knows the task is a function of: the task and what is current, or
        the task and all that was seen of it.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    target_kind: ClassVar[TargetKind]
    state_is: ClassVar[StateIs]

    @property
    def layout(self) -> Layout:
        """How sequences are laid out for a transformer."""
        ...

    @property
    def n_inputs(self) -> int:
        """Size of the alphabet, or of the vectors, that a transformer reads."""
        ...

    @property
    def n_outputs(self) -> int:
        """Size D of a target: what a transformer's read-out has."""
        ...

    @property
    def n_positions(self) -> int:
        """Positions L of a transformer that reads one whole sequence."""
        ...

    @property
    def n_parameters(self) -> int:
        """How many numbers a task is: the size of one row of `Pool.parameters`."""
        ...

    @property
    def n_settable(self) -> int:
        """How many symbols, the first ones, can be set by hand before a target and leave a sequence possible."""
        ...

    def make_pool(self, parameters: ArrayLike) -> Pool:
        """Return a pool of given tasks, one per row, checked and copied."""
        ...

    def sample_pool(self, rng: np.random.Generator, n_tasks: int) -> Pool:
        """Draw `n_tasks` independent tasks from the task prior."""
        ...

    def sample(
        self,
        rng: np.random.Generator,
        pool: Pool,
        n_sequences: int,
        tasks: Int[np.ndarray, " B"] | None = None,
    ) -> Batch:
        """Draw sequences given their tasks; ``tasks=None`` draws the tasks uniformly from the pool."""
        ...

    def log_likelihood(self, pool: Pool, batch: Batch) -> Float[np.ndarray, "B T K"]:
        """Return log p(seen before target t | task k) in nats; entry 0 is 0."""
        ...

    def task_mean(self, pool: Pool, batch: Batch) -> Float[np.ndarray, "B T K D"]:
        """Return E[target t | task k, seen before target t]."""
        ...

    def mixed_mean(self, pool: Pool, batch: Batch, weights: Float[np.ndarray, "B T K"]) -> Float[np.ndarray, "B T D"]:
        """Return sum_k weights_{t,k} task_mean_{t,k} without holding all of `task_mean`."""
        ...

    def log_evidence(self, batch: Batch) -> Float[np.ndarray, "B T"]:
        """Return the log marginal likelihood, in nats, of what was seen, the task drawn from the prior."""
        ...

    def fresh_mean(self, batch: Batch) -> Float[np.ndarray, "B T D"]:
        """Return E[target t | seen before target t], the task drawn from the prior."""
        ...

    def targets(self, batch: Batch) -> Float[np.ndarray, "B T D"]:
        """Return the targets, symbols as one-hot vectors."""
        ...

    def encode(self, batch: Batch) -> ModelArrays:
        """Return the arrays a transformer is trained on, in the family's layout; sequences of any length."""
        ...

    def current(self, batch: Batch) -> Float[np.ndarray, "B T F"]:
        """Return what stands beside the task in the prediction of target t: F numbers.

        The symbol before target t as a one-hot vector (0 for target 0, before which there is none), or the covariate
        x_t; also where the target is predicted at a separator behind them.
        """
        ...

    def running_average(self, batch: Batch) -> Float[np.ndarray, "B T S"]:
        """Return the plain average of what was seen before target t (dice: symbol frequencies).

        This is the explanation that competes with the posterior: a network whose attention merely averages the
        context holds this and not the posterior. At entry 0, where nothing was seen, it is the prior mean.
        """
        ...

    def average_vertices(self, pool: Pool) -> Float[np.ndarray, "K S"]:
        """Return the limit of `running_average` under each task: the vertices it is located against."""
        ...

    def running_statistics(self, batch: Batch) -> Float[np.ndarray, "B T R"]:
        """Return what a network that learns a fresh task as it reads must keep of what was seen before target t.

        R numbers, nearly linear in which `fresh_mean` can be read off. Units: the family's own.
        """
        ...

    def rivals(self, batch: Batch) -> dict[str, Float[np.ndarray, "B T D"]]:
        """Return what explanations without latent tasks predict for every target, by name."""
        ...


@dataclass(frozen=True, eq=False)
class Prediction:
    """A Bayes prediction as the convex combination it is.

    Attributes
    ----------
    weights : ndarray, shape (B, T, K)
        Posterior weight of each component.
    mean : ndarray, shape (B, T, D)
        The weighted sum of the components' predictions.
    """

    weights: Float[np.ndarray, "B T K"]
    mean: Float[np.ndarray, "B T D"]
