"""Predicting the next response of a linear regression whose coefficients are unknown, one point after the other.

    w ~ N(0, tau^2 I),  y_j = w . x_j + sigma e_j,  e_j ~ N(0, 1),  l = sigma / tau
    w | points before t  ~  N(m_t, sigma^2 A^-1),   A = X'X + l^2 I,   A m_t = X'y
    y_t | points before t, x_t  ~  N(m_t . x_t, v_t),   v_t = sigma^2 (1 + x_t' A^-1 x_t)

A has the condition of X squared, and adding l^2 to it loses l where l^2 < 1e-16. So A is never formed. An orthogonal
map turns the table [l I, 0; X, y] into [R, z; 0, *] with R triangular, and keeps all inner products of columns:

    R'R = A,   R'z = X'y,   hence  m_t = R^-1 z.

A point is folded in by rotations of two rows each, row i of R with the new row, i = 1 .. d, until the new row is 0
(Givens). If G is their product and (1 + |g|^2)^(-1/2) = k with R'g = x, then the last row of G is (-k g', k): it sends
[R; x'] to 0 and has length 1. So with two more columns, z over 0 and 0 over 1, one folding gives all there is to know:

    G [R, z, 0; x', 0, 1] = [R_next, *, u; 0, rest, k],     m_t . x_t = -rest / k,   v_t = (sigma / k)^2,
    z_next = * + u y_t.

No difference of nearly equal numbers is taken unless covariates are nearly dependent, however small l is.

Source: Golub and Van Loan, Matrix Computations (2013), sections 5.1 and 6.5; Bierman, Factorization Methods for
Discrete Sequential Estimation (1977), chapter IV.
"""

import numpy as np
from jaxtyping import Float


def next_response(
    x: Float[np.ndarray, "B T d"], y: Float[np.ndarray, "B T"], noise: float, task_scale: float
) -> tuple[Float[np.ndarray, "B T"], Float[np.ndarray, "B T"]]:
    """Return mean m_t . x_t and standard deviation sqrt(v_t) of each y_t given the points before t and x_t.

    Parameters
    ----------
    x, y : ndarray, shapes (B, T, d) and (B, T)
        Covariates and responses; the last response is not used.
    noise, task_scale : float
        Standard deviations sigma of the noise and tau of each coefficient, in units of y and of y / x.
    """
    n_sequences, n_targets, dimension = x.shape
    mean, deviation = np.empty(y.shape), np.empty(y.shape)
    table = np.zeros((n_sequences, dimension, dimension + 2))
    table[..., :dimension] = prior_triangle(dimension, noise / task_scale)
    for target in range(n_targets):
        table[..., -1] = 0
        row = np.zeros((n_sequences, dimension + 2))
        row[:, :dimension], row[:, -1] = x[:, target], 1
        fold(table, row)
        rest, kept = row[:, -2], row[:, -1]
        mean[:, target], deviation[:, target] = 0 - rest / kept, noise / kept  # and not -rest: no sign on a 0
        table[..., -2] += table[..., -1] * y[:, target, None]
    return mean, deviation


def prior_triangle(dimension: int, ratio: float) -> Float[np.ndarray, "d d"]:
    """Return R before any point: l I, with the ratio l = sigma / tau."""
    return ratio * np.eye(dimension)


def fold(table: Float[np.ndarray, "B d columns"], row: Float[np.ndarray, "B columns"]) -> None:
    """Rotate a row into a table whose first d columns are triangular, in place, until its first d entries are 0."""
    for i in range(table.shape[1]):
        upper, lower = table[:, i, i:].copy(), row[:, i:].copy()
        length = np.hypot(upper[:, :1], lower[:, :1])
        cosine, sine = upper[:, :1] / length, lower[:, :1] / length
        table[:, i, i:] = cosine * upper + sine * lower
        row[:, i:] = cosine * lower - sine * upper
