"""Parts of the variation of hidden states, estimated without bias, and shares of them with their intervals.

States h of K tasks, f what is current, written with mean 1 and covariance I over the design: f_0 = 1 and G - 1
contrasts of the symbol, or the centred and whitened covariate. Each task has coefficients b_kg (W numbers each), so
that E[h | k, f] = sum_g b_kg f_g. With a dot for a mean over tasks, squared lengths split into four parts:

    task          mean_k |b_k0 - b_.0|^2               current   sum_{g>0} |b_.g|^2
    interaction   mean_k sum_{g>0} |b_kg - b_.g|^2     within    mean |h - E[h | k, f]|^2

    P0   (task + current + interaction) / (task + current + interaction + within)
    P0*  (task + interaction) / (task + interaction + within)
    P1   interaction / (task + current + interaction)
    P1*  interaction / (task + interaction)

**Without bias.** The first three parts are quadratic forms sum_uv A_uv b_u . b_v. Put estimates in the place of b and
each form is too large by sum_u A_uu tr C_u, where C_u is the covariance of the noise of b_u. A product of estimates
from two halves of the sequences has no such term; the mean of it over all ways to halve them is the form less the
estimated sum_u A_uu tr C_u. That is what is taken here: it is exact for cells of any size.

**Intervals.** The unit is a sequence. A form errs by a part linear in the sequences, sum_i q_i, and by products of
pairs of them. With L the sum of q_i q_i' as measured and N_pr = sum_uv A^p_uv A^r_uv tr(C_u C_v), the covariance of the
parts is 2 N + (L - 4 N): noise in the estimated b adds 4 N to L, and the pairs' own variance is 2 N (Serfling 1980,
chapter 5). L - 4 N is cut to its positive part. The interval of a share is Fieller's: all r at which
numerator - r denominator may be 0. Below the estimate the linear part of the numerator's error is taken as large as it
is at r (that of a form goes with the form's root, that of the variance within with itself), so that a true share of 0
is judged by the pairs alone.

Where the denominator may itself be 0 there is nothing to take a share of; P1 and P1* then count as 1, other shares
as 0, always against the claim. Units: squares of state coordinates; shares are at most 1 and may be slightly negative.

Source: Searle, Casella and McCulloch, Variance Components (1992), chapter 4; Fieller, J. R. Stat. Soc. B 16 (1954).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq

from validate.statistics.intervals import QUANTILE, UNDEFINED, Estimate

PARTS = ("task", "current", "interaction", "within")
POWERS = (0.5, 0.5, 0.5, 1.0)
"""How the linear error of a part grows with the part."""
RELATIVE, TINY = 1e-10, 1e-100
"""Errors below this share of the largest part, or this number, are none."""


@dataclass(frozen=True)
class Share:
    """A share of parts: which are in the numerator, and which beside them in the denominator.

    Attributes
    ----------
    of_nothing : float
        What it counts as where the denominator may be 0.
    """

    numerator: tuple[str, ...]
    others: tuple[str, ...]
    of_nothing: float = 0.0

    @property
    def weights(self) -> tuple[Float[np.ndarray, " 4"], Float[np.ndarray, " 4"]]:
        """Weights of the parts in numerator and denominator."""
        above = np.isin(PARTS, self.numerator)
        return above.astype(float), (above | np.isin(PARTS, self.others)).astype(float)


SHARES: Mapping[str, Share] = {
    "P0": Share(("task", "current", "interaction"), ("within",)),
    "P0*": Share(("task", "interaction"), ("within",)),
    "P1": Share(("interaction",), ("task", "current"), of_nothing=1.0),
    "P1*": Share(("interaction",), ("task",), of_nothing=1.0),
}
"""The shares of the labelled states, by claim."""


@dataclass(frozen=True, eq=False)
class Parts:
    """Estimates of the four parts, in the order of `PARTS`, and the covariances of their errors (None: not asked for).

    Attributes
    ----------
    linear, pairs : ndarray, shape (4, 4)
        Covariance of the errors that are linear in the sequences, and of those that are products of pairs.
    """

    values: Float[np.ndarray, " 4"]
    linear: Float[np.ndarray, "4 4"] | None = None
    pairs: Float[np.ndarray, "4 4"] | None = None

    @classmethod
    def of(
        cls,
        values: Float[np.ndarray, " 4"],
        influence: Float[np.ndarray, "N 4"],
        pairs: Float[np.ndarray, "4 4"],
    ) -> "Parts":
        """Put the covariances together from each sequence's influence and the products of pairs, N above."""
        measured = influence.T @ influence
        least = max(RELATIVE * np.abs(values).max(), TINY)
        scale = np.maximum(np.sqrt(np.diag(measured)), least)
        units = np.outer(scale, scale)
        return cls(values, _positive((measured - 4 * pairs) / units) * units, 2 * pairs)

    def share(self, share: Share) -> Estimate:
        """Estimate a share; undefined if there is nothing to share at all."""
        above, below = share.weights
        numerator, denominator = float(above @ self.values), float(below @ self.values)
        if not np.any(self.values):
            return UNDEFINED
        if self.linear is None or self.pairs is None:
            value = numerator / denominator if denominator > 0 else share.of_nothing
            return Estimate(value, float("nan"), float("nan"))
        whole = Ratio(numerator, denominator, _of_ratio(self.linear + self.pairs, above, below))
        ends = whole.ends()
        if ends is None:
            return Estimate.of_value(share.of_nothing)
        return Estimate(whole.value, self._low(whole, above, below, ends[0]), ends[1])

    def shares(self, named: Mapping[str, Share] = SHARES) -> dict[str, Estimate]:
        """Estimate shares by name."""
        return {name: self.share(share) for name, share in named.items()}

    def _low(self, whole: "Ratio", above: np.ndarray, below: np.ndarray, low: float) -> float:
        """Return the lower end, with the numerator's linear error as large as it is there."""
        assert self.linear is not None
        assert self.pairs is not None
        if not 0 < whole.value < 1 or whole.excess(whole.value) >= 0:  # the second: there is no noise
            return low

        def at(share: float) -> Ratio:
            odds = share * (1 - whole.value) / (whole.value * (1 - share))
            shrunk = np.where(above > 0, np.power(odds, POWERS), 1)
            covariance = self.linear * np.outer(shrunk, shrunk) + self.pairs
            return Ratio(whole.numerator, whole.denominator, _of_ratio(covariance, above, below))

        nothing = at(0.0)
        if nothing.excess(0.0) <= 0:
            ends = nothing.ends()
            return low if ends is None else min(ends[0], 0.0)
        return float(brentq(lambda share: at(share).excess(share), 0.0, whole.value, xtol=1e-8))


@dataclass(frozen=True)
class Ratio:
    """A numerator and a denominator measured with errors of known (2, 2) covariance."""

    numerator: float
    denominator: float
    covariance: Float[np.ndarray, "2 2"]

    @property
    def value(self) -> float:
        """The ratio."""
        return self.numerator / self.denominator

    def excess(self, ratio: float) -> float:
        """Return by how much the square of numerator - ratio denominator exceeds what its error allows."""
        variance = np.array([1, -ratio]) @ self.covariance @ np.array([1, -ratio])
        return float((self.numerator - ratio * self.denominator) ** 2 - QUANTILE**2 * variance)

    def ends(self) -> tuple[float, float] | None:
        """Return the ends of Fieller's 95 percent interval; None if the denominator may be 0 or less."""
        (variance, both), (_, below) = QUANTILE**2 * self.covariance
        leading = self.denominator**2 - below
        if self.denominator <= 0 or leading <= 0:
            return None
        middle = self.numerator * self.denominator - both
        root = np.sqrt(max(middle**2 - leading * (self.numerator**2 - variance), 0.0))
        return float((middle - root) / leading), float((middle + root) / leading)


def _of_ratio(covariance: np.ndarray, above: np.ndarray, below: np.ndarray) -> Float[np.ndarray, "2 2"]:
    weights = np.stack([above, below])
    return weights @ covariance @ weights.T


def products_of_covariances(
    residuals: Float[np.ndarray, "G n W"], degrees: int | None = None
) -> Float[np.ndarray, "G G"]:
    """Return tr(S_g S_h) for the covariances S of G groups, estimated without bias from their residuals.

    Two groups are independent, so the product of their estimates serves. Of one group the products of a sequence with
    itself are left out: (e_i . e_j)^2 of pairs i != j, less what the subtracted mean puts into them.

    Parameters
    ----------
    degrees : int, optional
        Degrees of freedom of the residuals of a group; n - 1 unless given.
    """
    n_groups, n, width = residuals.shape
    degrees = n - 1 if degrees is None else degrees
    covariances = residuals.swapaxes(1, 2) @ residuals / degrees
    flat = covariances.reshape(n_groups, width * width)
    products = flat @ flat.T
    squares = np.square(residuals @ residuals.swapaxes(1, 2))
    off_diagonal = squares.sum(axis=(1, 2)) - np.trace(squares, axis1=1, axis2=2)
    # Residuals have covariance a S each and -b S in pairs, if the design spreads its leverage evenly.
    a, in_pairs = degrees / n, (n - degrees) * degrees / (n * n * (n - 1))
    traces = np.trace(covariances, axis1=1, axis2=2)
    own = (off_diagonal / (n * (n - 1)) - in_pairs * np.square(traces)) / (a * a + in_pairs)
    np.fill_diagonal(products, np.maximum(own, 0))
    return products


def _positive(matrix: Float[np.ndarray, "4 4"]) -> Float[np.ndarray, "4 4"]:
    """Return the positive part of a symmetric matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.maximum(values, 0)) @ vectors.T
