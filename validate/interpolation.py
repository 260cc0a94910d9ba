"""The additive model of hidden states, and the simplex coordinates it assigns to each of them.

    h_t = mu_t + sum_k beta_tk theta_k + nu_{s_t} + error,     beta_t in the simplex

theta_k (task vectors, sum_k theta_k = 0) and nu_a (symbol vectors) are the main effects of the balanced design, its
cell means averaged over late positions. mu_t is the mean of h_t - nu_{s_t} over other sequences with equally many of
each task: the posterior is a martingale, so E[beta_t] stays uniform and the task term averages to zero. beta_t is the
exact constrained least-squares fit of h_t - mu_t - nu_{s_t} by a point of the simplex with corners theta_k.

    P2   1 - sum |error|^2 / sum |h_t - mean h_t|^2                 the symbol's share included
    P2*  1 - sum |error|^2 / sum |h_t - mu_t - nu_{s_t}|^2          what is left when the symbol is removed

mean h_t is taken from the same other sequences as mu_t, so both are held out.
Source: the paper, section on simplex interpolation; P2* is this project's.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from theory import hull_coordinates


@dataclass(frozen=True)
class MainEffects:
    """Task and symbol vectors, estimated at late positions of the balanced design.

    Attributes
    ----------
    task : ndarray, shape (K, W)
        theta; sums to zero over tasks.
    symbol : ndarray, shape (V, W)
        nu; sums to zero over symbols.
    """

    task: Float[np.ndarray, "K W"]
    symbol: Float[np.ndarray, "V W"]

    @classmethod
    def of(cls, states: Float[np.ndarray, "S K V n W"]) -> "MainEffects":
        """Average the cell means, centred at each position, over the positions given."""
        cells = states.mean(axis=3)
        centred = (cells - cells.mean(axis=(1, 2), keepdims=True)).mean(axis=0)
        return cls(centred.mean(axis=1), centred.mean(axis=0))


@dataclass(frozen=True)
class AdditiveFit:
    """The additive model's parts for N states.

    Attributes
    ----------
    coordinates : ndarray, shape (N, K)
        beta, in the simplex.
    error : ndarray, shape (N,)
        Squared distance of the state to the fit.
    centred : ndarray, shape (N,)
        Squared distance of the state to the mean state of its position.
    remainder : ndarray, shape (N,)
        Squared length of the state with mu_t and the symbol vector removed.
    """

    coordinates: Float[np.ndarray, "*N K"]
    error: Float[np.ndarray, "*N"]
    centred: Float[np.ndarray, "*N"]
    remainder: Float[np.ndarray, "*N"]


@dataclass(frozen=True)
class AdditiveModel:
    """The additive model with every vector known; beta is fitted state by state.

    Attributes
    ----------
    intercepts, means : ndarray, shape (P, W)
        mu_t, and the mean of h_t.
    """

    effects: MainEffects
    intercepts: Float[np.ndarray, "P W"]
    means: Float[np.ndarray, "P W"]

    @classmethod
    def of(
        cls, effects: MainEffects, states: Float[np.ndarray, "B P W"], symbols: Int[np.ndarray, "B P"]
    ) -> "AdditiveModel":
        """Estimate mu_t and the mean states from sequences with equally many of each task."""
        return cls(effects, (states - effects.symbol[symbols]).mean(axis=0), states.mean(axis=0))

    def fit(self, states: Float[np.ndarray, "B P W"], symbols: Int[np.ndarray, "B P"]) -> AdditiveFit:
        """Fit beta to each state; the additive model's other vectors stay as they are."""
        remainder = states - self.intercepts - self.effects.symbol[symbols]
        coordinates = hull_coordinates(remainder, self.effects.task)
        error = remainder - coordinates @ self.effects.task
        return AdditiveFit(
            coordinates,
            np.square(error).sum(axis=-1),
            np.square(states - self.means).sum(axis=-1),
            np.square(remainder).sum(axis=-1),
        )
