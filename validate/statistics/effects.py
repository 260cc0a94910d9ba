"""Two-way analysis of variance of hidden states: task by current symbol.

States h of K tasks x V symbols x n sequences. With cell means m_ka, of C = K V cells,

    grand m = mean m_ka,  task m_k. - m,  symbol m_.a - m,  interaction m_ka - m_k. - m_.a + m,

and each of the three parts is the mean over cells of its squared length: a form m' A m / C with A a projection on the
tasks, on the symbols or on what is left. The noise of a cell mean has covariance S_ka / n, so that the form of measured
means is too large by a known multiple of the variance within cells, which is subtracted (`statistics.parts`).

Source: the paper, section on long-context stability and separability; the starred shares are this project's.
"""

import numpy as np
from jaxtyping import Float

from validate.statistics.parts import Parts, products_of_covariances


def cell_projections(n_tasks: int, n_symbols: int) -> Float[np.ndarray, "3 C C"]:
    """Return the projections of cells on tasks, on symbols and on their interaction, divided by the number of cells."""
    n_cells = n_tasks * n_symbols
    along, across = (np.full((n, n), 1 / n) for n in (n_tasks, n_symbols))
    own, other = np.eye(n_tasks) - along, np.eye(n_symbols) - across
    return np.stack([np.kron(own, across), np.kron(along, other), np.kron(own, other)]) / n_cells


def cell_parts(states: Float[np.ndarray, "K V n W"], intervals: bool = True) -> Parts:
    """Estimate the parts of the states' variation from balanced cells.

    Parameters
    ----------
    states : ndarray, shape (K, V, n, W)
        At least two sequences a cell, drawn independently.
    intervals : bool
        Whether the covariance of the errors is wanted.
    """
    n_tasks, n_symbols, n, width = states.shape
    cells = states.reshape(n_tasks * n_symbols, n, width)
    means = cells.mean(axis=1)
    residuals = cells - means[:, None]
    squares = np.einsum("cnw,cnw->cn", residuals, residuals)
    within = squares.sum(axis=1) / (n - 1)
    forms = cell_projections(n_tasks, n_symbols)
    pulls = forms @ means
    between = (pulls * means).sum(axis=(1, 2)) - np.diagonal(forms, axis1=1, axis2=2) @ within / n
    values = np.append(between, within.mean())
    if not intervals:
        return Parts(values)
    linear = 2 / n * np.einsum("pcw,cnw->pcn", pulls, residuals)
    spread = (squares - squares.mean(axis=1, keepdims=True)) / (n * len(cells))
    influence = np.concatenate([linear, spread[None]]).reshape(4, -1).T * np.sqrt(n / (n - 1))
    pairs = np.zeros((4, 4))
    pairs[:3, :3] = np.einsum("pcd,qcd,cd->pq", forms, forms, products_of_covariances(residuals) / n**2)
    return Parts.of(values, influence, pairs)
