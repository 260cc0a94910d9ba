"""How a sequence is laid out for a transformer, and where it predicts each target.

    plain       s_0 s_1 s_2 ... s_{T-2}           position i        predicts s_{i+1}
                x_0 y_0 x_1 y_1 ...               position 2 t      predicts y_t
    separated   s_0 | s_1 | s_2 | ... s_{T-2} |   position 2 i + 1  predicts s_{i+1}
                x_0 | y_0 x_1 | y_1 ...           position 3 t + 1  predicts y_t

The separator | is the symbol V, one more than there are, and the vector with a 1 in one more coordinate. A state read
there has seen the same as one read at the symbol or x before it, but is not that symbol's own: whatever it holds of it
has come through attention. What is *seen* before a target does not depend on the layout, so nothing Bayesian does.

As a vector x_t is (0, x_t), y_t is (y_t, 0); separated (0, x_t, 0), (y_t, 0, 0), and the separator (0, 0, 1). The last
symbol is a target only. The last y is read as well, though nothing is predicted from it.

Source: arXiv:2605.03780, whose configurations separate; d + 1 coordinates as in its distribution E2.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Int

from theory.notation import Layout, ModelArrays

SYMBOL_STEP: Mapping[Layout, int] = {"plain": 1, "separated": 2}
"""Positions that a symbol takes."""

POINT_STEP: Mapping[Layout, int] = {"plain": 2, "separated": 3}
"""Positions that a point takes."""


def lay_out_symbols(symbols: Int[np.ndarray, "B T"], separator: int, layout: Layout) -> ModelArrays:
    """Return all symbols but the last as inputs, and all but the first as targets."""
    seen, targets, step = symbols[:, :-1], symbols[:, 1:], SYMBOL_STEP[layout]
    inputs = np.full((len(seen), step * seen.shape[1]), separator)
    inputs[:, ::step] = seen
    return ModelArrays(inputs, targets, np.arange(step - 1, inputs.shape[1], step))


def lay_out_points(x: Float[np.ndarray, "B T d"], y: Float[np.ndarray, "B T"], layout: Layout) -> ModelArrays:
    """Return the points as float32 vectors, and every y as a target."""
    (n_sequences, n_targets, dimension), step = x.shape, POINT_STEP[layout]
    inputs = np.zeros((n_sequences, step * n_targets, point_size(dimension, layout)), dtype=np.float32)
    inputs[:, ::step, 1 : dimension + 1] = x
    inputs[:, step - 1 :: step, 0] = y
    if layout == "separated":
        inputs[:, 1::step, -1] = 1
    return ModelArrays(inputs, y.astype(np.float32), np.arange(step - 2, inputs.shape[1], step))


def point_size(dimension: int, layout: Layout) -> int:
    """Return the number of coordinates of a vector: y, the d of x, and that of the separator if there is one."""
    return 1 + dimension + (layout == "separated")


def require_layout(layout: str) -> None:
    """Refuse what is no layout."""
    if layout not in ("plain", "separated"):
        raise ValueError(f"layout must be 'plain' or 'separated'; got {layout!r}")
