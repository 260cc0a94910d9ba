"""Numba twins of `model.ops`, `model.attention` and `model.optimizers`: same formulas, few passes over memory.

One kernel computes a whole sublayer of a chunk of sequences, forward or backward, into arrays it is given. Arrays are
C-contiguous unless a docstring says otherwise; `cache`, `weights`, `gradients` and `scratch` are the named tuples of
`model.weights` and `model.buffers`, whose arrays may have more rows than the chunk.
"""

import numba

from model.kernels.adamw import adamw
from model.kernels.attention import attention_backward, attention_forward
from model.kernels.compilation import is_on_disk
from model.kernels.ends import head_backward, head_forward, linear, linear_backward
from model.kernels.exponential import exp
from model.kernels.flat import add_rows_up, sum_of_squares
from model.kernels.gemm import gemm
from model.kernels.loss import cross_entropy, squared_error
from model.kernels.mlp import mlp_backward, mlp_forward
from model.kernels.muon import muon
from model.kernels.rows import embedding, embedding_backward


def on_disk() -> bool:
    """Return whether compiled code of these sources is found on disk (any dtype)."""
    return bool(numba.config.DISABLE_JIT) or is_on_disk(mlp_backward)


__all__ = [
    "adamw",
    "add_rows_up",
    "attention_backward",
    "attention_forward",
    "cross_entropy",
    "embedding",
    "embedding_backward",
    "exp",
    "gemm",
    "head_backward",
    "head_forward",
    "linear",
    "linear_backward",
    "mlp_backward",
    "mlp_forward",
    "muon",
    "on_disk",
    "squared_error",
    "sum_of_squares",
]
