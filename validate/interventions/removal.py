"""Taking a subspace out of the states.

    h' = h - s B B'(h - m)              B: orthonormal basis (W, r); m: mean state by position; s = 1 unless told

With s = 1 the part of h inside the subspace becomes that of the mean state: nothing about the sequence is left in it.

Two nulls of a removal are random subspaces of equal rank in the complement of span{theta, nu}:

    equal rank   s = 1
    equal norm   s such that the mean of |s R R'(h - m)|^2 is that of |B B'(h - m)|^2 on the same states

The second asks whether any change of this size would do as much; where the random subspace holds little variance, s is
above 1 and the part inside is not removed but exaggerated with its sign turned.
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
        Orthonormal columns.
    mean : ndarray, shape (P, W)
        The states that parts are replaced by.
    scale : float
        s.
    """

    basis: Float[np.ndarray, "W r"]
    mean: Float[np.ndarray, "P W"]
    scale: float = 1.0

    def __call__(self, states: Float[np.ndarray, "B P W"]) -> Float[np.ndarray, "B P W"]:
        """Return the changed states."""
        return states - self.scale * ((states - self.mean) @ self.basis) @ self.basis.T

    def norm(self, states: Float[np.ndarray, "B P W"]) -> float:
        """Return the root of the mean squared length of what is taken away."""
        inside = (states - self.mean) @ self.basis
        return float(self.scale * np.sqrt(np.square(inside).sum(axis=-1).mean()))


def of_equal_norm(basis: Float[np.ndarray, "W r"], original: Removal, states: Float[np.ndarray, "B P W"]) -> Removal:
    """Return the removal of another subspace, scaled to take away as much of these states as the original does."""
    unscaled = Removal(basis, original.mean)
    inside = unscaled.norm(states)
    return Removal(basis, original.mean, original.norm(states) / inside if inside > 0 else 1.0)
