"""E2, noisy linear regression: a task is a vector of coefficients, a sequence is points on its noisy plane.

    task        w ~ N(0, tau^2 I_d)
    sequence    x_t ~ N(0, I_d),  y_t = w . x_t + sigma e_t,  e_t ~ N(0, 1); target t is y_t
    likelihood  log p(y_<t | x_<t, w) = - sum_{j<t} (y_j - w . x_j)^2 / (2 sigma^2) - t log(sigma sqrt(2 pi))
    evidence    p(y_<t | x_<t) = N(y_<t; 0, sigma^2 I + tau^2 X X') = prod_{j<t} N(y_j; m_j . x_j, v_j)
    fresh task  E[y_t | points before t, x_t] = m_t . x_t,  m_t = (X'X + sigma^2/tau^2 I)^-1 X'y    (ridge)

X has the rows x_j, j < t. The covariates have the same law under every task, so their density is left out: it cancels
from every posterior. The evidence is computed sequentially by `theory.conjugate`, which gives m_t . x_t and v_t. Before
any point m_0 = 0. Weighted tasks predict like their average: sum_k alpha_k (w_k . x) = (sum_k alpha_k w_k) . x.
The fresh task's one running statistic is its prediction m_t . x_t.

Source: arXiv:2605.03780, distribution E2; Bishop, Pattern Recognition and Machine Learning (2006), section 3.3.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from theory.checks import require_positive, require_shape, require_whole
from theory.conjugate import next_response
from theory.layouts import POINT_STEP, lay_out_points, point_size, require_layout
from theory.notation import Batch, Layout, ModelArrays, Pool, RegressionBatch, StateIs, TargetKind
from theory.rivals import number_rivals
from theory.tasks import sequence_tasks

LOG_SQRT_TWO_PI = 0.5 * np.log(2 * np.pi)

SCALES = (1e-30, 1e30)
"""Standard deviations between which y is an ordinary number, also in the float32 that a transformer reads."""

LEAST_RATIO = 1e-8
"""Least sigma / tau. A y near tau holds 16 digits, so 8 are left for the noise, and residuals in units of sigma are
right to 1e-8; below, likelihood and evidence are soon made of rounding."""


@dataclass(frozen=True)
class NoisyLinearRegression:
    """Points (x, y) of a linear function that is not known, y with noise.

    Attributes
    ----------
    dimension : int
        Number of covariates d, at least 1.
    points : int
        Points of a sequence T, at least 1.
    noise : float
        Standard deviation sigma of the noise, from 1e-30 to 1e30 and at least 1e-8 of `task_scale`.
    task_scale : float
        Standard deviation tau of each coefficient under the prior, from 1e-30 to 1e30.
    layout : {"plain", "separated"}
        Whether a separator stands between x and y in what a transformer reads; see `theory.layouts`.
    """

    dimension: int = 6
    points: int = 64
    noise: float = 0.5
    task_scale: float = 1.0
    layout: Layout = "plain"

    name: ClassVar[str] = "regression"
    title: ClassVar[str] = "Noisy linear regression (E2)"
    target_kind: ClassVar[TargetKind] = "real"
    state_is: ClassVar[StateIs] = "task and current"

    def __post_init__(self) -> None:
        require_whole("dimension", self.dimension, 1)
        require_whole("points", self.points, 1)
        require_positive("noise", self.noise, *SCALES)
        require_positive("task_scale", self.task_scale, *SCALES)
        if self.noise < LEAST_RATIO * self.task_scale:
            wanted = f"noise must be at least {LEAST_RATIO:g} of task_scale, or the rounding of y hides it"
            raise ValueError(f"{wanted}; got {self.noise} beside {self.task_scale}")
        require_layout(self.layout)

    @property
    def n_inputs(self) -> int:
        """Size of the vectors (y, x), or (y, x, separator), that a transformer reads."""
        return point_size(self.dimension, self.layout)

    @property
    def n_outputs(self) -> int:
        """One number."""
        return 1

    @property
    def n_positions(self) -> int:
        """Positions of a transformer that reads one whole sequence."""
        return POINT_STEP[self.layout] * self.points

    @property
    def n_settable(self) -> int:
        """None: there are no symbols, and covariates are independent of the task as they are."""
        return 0

    @property
    def n_parameters(self) -> int:
        """Number of coefficients d."""
        return self.dimension

    def make_pool(self, parameters: ArrayLike) -> Pool:
        """Return a pool of given coefficients, one row each, shape (K, d).

        Raises
        ------
        ValueError
            If the table is not (K, d) with K at least 1, or an entry is not finite.
        """
        coefficients = np.array(parameters, dtype=np.float64)
        if coefficients.ndim != 2 or coefficients.shape[1] != self.dimension or not len(coefficients):
            wanted = f"(K, {self.dimension})"
            raise ValueError(f"parameters must have shape {wanted} with K at least 1; got {coefficients.shape}")
        if not np.all(np.isfinite(coefficients)):
            raise ValueError("parameters must be finite")
        return Pool(coefficients)

    def sample_pool(self, rng: np.random.Generator, n_tasks: int) -> Pool:
        """Draw the coefficients of `n_tasks` tasks from the prior."""
        require_whole("n_tasks", n_tasks, 0)
        return Pool(self.task_scale * rng.standard_normal((n_tasks, self.dimension)))

    def sample(
        self,
        rng: np.random.Generator,
        pool: Pool,
        n_sequences: int,
        tasks: Int[np.ndarray, " B"] | None = None,
    ) -> RegressionBatch:
        """Draw `n_sequences` sequences of `points` points; ``tasks=None`` draws the tasks uniformly from the pool."""
        tasks = sequence_tasks(rng, pool, n_sequences, tasks)
        coefficients = self._coefficients(pool)[tasks]
        x = rng.standard_normal((n_sequences, self.points, self.dimension))
        y = np.einsum("btd,bd->bt", x, coefficients) + self.noise * rng.standard_normal((n_sequences, self.points))
        return RegressionBatch(tasks=tasks, x=x, y=y)

    def log_likelihood(self, pool: Pool, batch: Batch) -> Float[np.ndarray, "B T K"]:
        """Return log p(y before target t | their x, task k) in nats, densities in units of y."""
        x, y = self._points(batch)
        log_likelihood = np.zeros((*y.shape, len(pool)))
        seen = log_likelihood[:, 1:]
        np.matmul(x[:, :-1], self._coefficients(pool).T, out=seen)
        seen -= y[:, :-1, None]
        seen /= self.noise
        with np.errstate(over="ignore"):  # a density below all floats is 0, its logarithm -inf
            np.square(seen, out=seen)
            np.cumsum(seen, axis=1, out=seen)
        seen /= -2
        seen -= np.arange(1, y.shape[1])[:, None] * (np.log(self.noise) + LOG_SQRT_TWO_PI)
        return log_likelihood

    def task_mean(self, pool: Pool, batch: Batch) -> Float[np.ndarray, "B T K 1"]:
        """Return w_k . x_t."""
        x, _ = self._points(batch)
        mean: Float[np.ndarray, "B T K 1"] = (x @ self._coefficients(pool).T)[..., None]
        return mean

    def mixed_mean(self, pool: Pool, batch: Batch, weights: Float[np.ndarray, "B T K"]) -> Float[np.ndarray, "B T 1"]:
        """Return (sum_k weights_{t,k} w_k) . x_t."""
        require_shape("weights", weights, (*self._points(batch)[1].shape, len(pool)))
        x, _ = self._points(batch)
        mixed: Float[np.ndarray, "B T 1"] = ((weights @ self._coefficients(pool)) * x).sum(axis=-1, keepdims=True)
        return mixed

    def log_evidence(self, batch: Batch) -> Float[np.ndarray, "B T"]:
        """Return the log density, in nats, of the y before target t given their x, the task drawn from the prior."""
        x, y = self._points(batch)
        mean, deviation = next_response(x, y, self.noise, self.task_scale)
        with np.errstate(over="ignore"):
            gained = -np.square((y - mean) / deviation) / 2 - np.log(deviation) - LOG_SQRT_TWO_PI
        log_evidence = np.zeros(y.shape)
        log_evidence[:, 1:] = np.cumsum(gained[:, :-1], axis=1, dtype=np.longdouble)
        return log_evidence

    def fresh_mean(self, batch: Batch) -> Float[np.ndarray, "B T 1"]:
        """Return E[y_t | points before t, x_t], the task drawn from the prior: the ridge prediction, 0 at first."""
        return next_response(*self._points(batch), self.noise, self.task_scale)[0][..., None]

    def targets(self, batch: Batch) -> Float[np.ndarray, "B T 1"]:
        """Return the responses y."""
        return self._points(batch)[1][..., None]

    def encode(self, batch: Batch) -> ModelArrays:
        """Return x_0, y_0, x_1, y_1, ... as float32 vectors, a separator before each y if the layout says so."""
        return lay_out_points(*self._points(batch), self.layout)

    def current(self, batch: Batch) -> Float[np.ndarray, "B T d"]:
        """Return the covariate x_t beside each target, in every layout."""
        return self._points(batch)[0]

    def running_average(self, batch: Batch) -> Float[np.ndarray, "B T d"]:
        """Return X'y / t, the average of x_j y_j before target t, in expectation w; entry 0 is the prior mean 0."""
        x, y = self._points(batch)
        average = np.zeros(x.shape)
        np.cumsum(x[:, :-1] * y[:, :-1, None], axis=1, out=average[:, 1:])
        average[:, 1:] /= np.arange(1, y.shape[1])[:, None]
        return average

    def average_vertices(self, pool: Pool) -> Float[np.ndarray, "K d"]:
        """Return the limit of X'y / t under each task: its coefficients."""
        return self._coefficients(pool)

    def running_statistics(self, batch: Batch) -> Float[np.ndarray, "B T 1"]:
        """Return the ridge prediction; units of y."""
        return self.fresh_mean(batch)

    def rivals(self, batch: Batch) -> dict[str, Float[np.ndarray, "B T 1"]]:
        """Return predictions by the mean response so far ("running mean") and by X'y / t ("averaging")."""
        return number_rivals(*self._points(batch), self.running_average(batch))

    def _points(self, batch: Batch) -> tuple[Float[np.ndarray, "B T d"], Float[np.ndarray, "B T"]]:
        if not isinstance(batch, RegressionBatch):
            raise TypeError(f"a RegressionBatch is needed; got {type(batch).__name__}")
        if batch.x.shape != (*batch.y.shape, self.dimension):
            raise ValueError(f"x must have shape {(*batch.y.shape, self.dimension)}; got {batch.x.shape}")
        if not (np.all(np.isfinite(batch.x)) and np.all(np.isfinite(batch.y))):
            raise ValueError("x and y must be finite")
        return batch.x, batch.y

    def _coefficients(self, pool: Pool) -> Float[np.ndarray, "K d"]:
        coefficients = pool.parameters
        if coefficients.ndim != 2 or coefficients.shape[1] != self.dimension:
            wanted = f"(K, {self.dimension})"
            raise ValueError(
                f"a pool of regressions on {self.dimension} covariates has shape {wanted}; got {coefficients.shape}"
            )
        return coefficients
