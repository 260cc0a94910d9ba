"""Taking a subspace out of the states.

    h' = h - s A B'(h - m)          B: orthonormal basis (W, r); m: mean state by position; A = B and s = 1 unless told

With s = 1 the part of h inside the subspace becomes that of the mean state: nothing of the sequence is left in it.

Two nulls of a removal are random subspaces R of equal rank in the complement of span{theta, nu}:

    equal rank   s = 1
    equal norm   s such that the mean of |s R R'(h - m)|^2 is that of |B B'(h - m)|^2 on the same states

The second asks whether any change of this size would do as much; where the random subspace holds little variance, s is
above 1 and the part inside is not removed but exaggerated with its sign turned.

And there is a control. A projection can hurt without removing anything that is used: if B mixes a direction of much
variance that nothing reads with one that is read and hardly varies, B B'(h - m) writes the first into the second. So
the same coordinates are also removed along the directions in which the states vary with them,

    A = P C B (B'C B)^-1,    C: second moments of h - m,    P: projection on the complement, which holds B,

which leaves no such trace: what is taken away is the best linear guess, from B'(h - m), of the part of h - m outside
span{theta, nu}.
Sources: Makelov, Lange and Nanda, Is this the subspace you are looking for? (arXiv:2311.17030) for the illusion;
Belrose et al., LEACE (arXiv:2306.03819) for removal along the covariance.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True, eq=False)
class Removal:
    """The change that takes a subspace out.

    Attributes
    ----------
    basis : ndarray, shape (W, r)
        B.
    mean : ndarray, shape (P, W)
        m.
    scale : float
        s.
    along : ndarray, shape (W, r), or None
        A; None for B.
    """

    basis: Float[np.ndarray, "W r"]
    mean: Float[np.ndarray, "P W"]
    scale: float = 1.0
    along: Float[np.ndarray, "W r"] | None = None

    def __call__(self, states: Float[np.ndarray, "B P W"]) -> Float[np.ndarray, "B P W"]:
        """Return the changed states."""
        return states - self.taken(states)

    def taken(self, states: Float[np.ndarray, "B P W"]) -> Float[np.ndarray, "B P W"]:
        """Return what is taken away."""
        along = self.basis if self.along is None else self.along
        return self.scale * ((states - self.mean) @ self.basis) @ along.T

    def norm(self, states: Float[np.ndarray, "B P W"]) -> float:
        """Return the root of the mean squared length of what is taken away."""
        return float(np.sqrt(np.square(self.taken(states)).sum(axis=-1).mean()))


def of_equal_norm(basis: Float[np.ndarray, "W r"], original: Removal, states: Float[np.ndarray, "B P W"]) -> Removal:
    """Return the removal of another subspace, scaled to take away as much of these states as the original does."""
    inside = Removal(basis, original.mean).norm(states)
    return Removal(basis, original.mean, original.norm(states) / inside if inside > 0 else 1.0)


def along_covariance(
    original: Removal, states: Float[np.ndarray, "B P W"], complement: Float[np.ndarray, "W m"]
) -> Removal:
    """Return the removal of the same coordinates along the directions in which these states vary with them."""
    centred = (states - original.mean).reshape(-1, states.shape[-1])
    slopes = np.linalg.lstsq(centred @ original.basis, centred @ complement, rcond=None)[0]
    return Removal(original.basis, original.mean, original.scale, complement @ slopes.T)
