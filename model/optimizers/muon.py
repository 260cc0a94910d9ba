"""Muon: momentum whose matrices are made nearly orthogonal (Jordan et al., kellerjordan.github.io/posts/muon, 2024).

For every matrix of the layers, W (I, O), with gradient G, rate eta and decay lambda,

    M = mu M + G,     N = G + mu M  (Nesterov's look ahead),     X = N / |N|  (Frobenius norm)
    X <- a X + (b X X' + c (X X')^2) X,   five times,     a, b, c = 3.4445, -4.7750, 2.0315
    W <- (1 - eta lambda) W - eta sqrt(max(1, O / I)) X.

If N = U S V', each repetition is U p(S) V' with p(s) = a s + b s^3 + c s^5, which drives every singular value towards
1 and leaves U and V alone: X approaches the orthogonal factor U V' of N's polar decomposition, the steepest direction
per unit of spectral norm. Weights are stored (in, out), so O / I is outputs by inputs. Embedding, output layer and
vectors are AdamW's, at its own rate; both rates follow one schedule. The state is M, laid out as the matrices of the
layers, and AdamW's moments of the rest.
"""

import math
from collections.abc import Iterator
from functools import cache

import numpy as np
from jaxtyping import Float, Int

from model import blas, engine, parameters
from model.config import TransformerConfig
from model.optimizers import adamw
from model.optimizers.optimizer import Flat, Settings, State, Step

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
REPETITIONS = 5

Stack = Float[np.ndarray, "n I O"]


def init(model: TransformerConfig, buffer: Flat, settings: Settings) -> State:
    """Return momentum and moments of zero."""
    hidden = parameters.hidden_size(model)
    rest = np.zeros_like(buffer[hidden:])
    return {"momentum": np.zeros_like(buffer[:hidden]), "first_moment": rest, "second_moment": rest.copy()}


def update(
    model: TransformerConfig, settings: Settings, buffer: Flat, gradient: Flat, state: State, step: Step
) -> None:
    """Make one update of all parameters."""
    hidden, matrices = parameters.hidden_size(model), parameters.matrix_size(model)
    rate = settings.muon_rate * step.rate / settings.peak_rate
    numbers = (1.0 - rate * settings.weight_decay, rate, settings.muon_momentum, step.factor)
    arrays = (buffer[:hidden], gradient[:hidden], state["momentum"])
    if step.backend == "numba":
        _compiled(model, arrays, numbers, step.threads)
    else:
        muon(model, *arrays, *numbers)
    rest = (buffer[hidden:], gradient[hidden:], state["first_moment"], state["second_moment"])
    adamw.update_part(settings, [array[: matrices - hidden] for array in rest], settings.weight_decay, step)
    adamw.update_part(settings, [array[matrices - hidden :] for array in rest], 0.0, step)


def muon(
    model: TransformerConfig,
    theta: Flat,
    gradient: Flat,
    momentum: Flat,
    keep: float,
    rate: float,
    mu: float,
    factor: float,
) -> None:
    """Update the layers' matrices and their momentum in place; keep is 1 - eta lambda, factor clips the gradient."""
    momentum[:] = mu * momentum + factor * gradient
    ahead = factor * gradient + mu * momentum
    for weights, directions in zip(_stacks(model, theta), _stacks(model, ahead), strict=True):
        inputs, outputs = weights[0].shape
        change = rate * math.sqrt(max(1.0, outputs / inputs)) * orthogonalised(np.stack(directions))
        for weight, part in zip(weights, change, strict=True):
            weight[...] = keep * weight - part


def orthogonalised(stack: Stack) -> Stack:
    """Return every matrix of the stack with its singular values driven to about 1; a matrix of zeros stays so."""
    a, b, c = COEFFICIENTS
    norm = np.sqrt(np.sum(np.square(stack, dtype=np.float64), axis=(1, 2), keepdims=True))
    x = (stack / np.where(norm > 0, norm, 1.0)).astype(stack.dtype)
    wide = x.shape[1] <= x.shape[2]
    for _ in range(REPETITIONS):
        gram = x @ np.swapaxes(x, 1, 2) if wide else np.swapaxes(x, 1, 2) @ x  # the smaller of the two
        polynomial = b * gram + c * (gram @ gram)
        x = a * x + (polynomial @ x if wide else x @ polynomial)
    return np.asarray(x)


def _stacks(model: TransformerConfig, hidden: Flat) -> Iterator[list[Float[np.ndarray, "I O"]]]:
    """Yield the layers' matrices in `hidden`, those of one shape together."""
    matrices = list(parameters.views(model, hidden).values())
    for shape in dict.fromkeys(matrix.shape for matrix in matrices):
        yield [matrix for matrix in matrices if matrix.shape == shape]


# --- the compiled path ----------------------------------------------------------------------------------------------


def _compiled(model: TransformerConfig, arrays: tuple[Flat, ...], numbers: tuple[float, ...], threads: int) -> None:
    """Do what `muon` does: one matrix after the other, each thread some of them."""
    from model import kernels

    constants = [arrays[0].dtype.type(number) for number in (*numbers, *COEFFICIENTS)]
    shares = [np.ascontiguousarray(places(model)[thread::threads]) for thread in range(threads)]
    with blas.libraries().limit(limits=1, user_api="blas"):
        engine.each(lambda share: kernels.muon(*arrays, share, REPETITIONS, *constants), shares)


@cache
def places(model: TransformerConfig) -> Int[np.ndarray, "n 4"]:
    """Return where each matrix lies in the buffer: offset, rows, columns, and numbers from row to row."""
    hidden = np.empty(parameters.hidden_size(model))
    return np.array(
        [
            ((view.ctypes.data - hidden.ctypes.data) // view.itemsize, *view.shape, view.strides[0] // view.itemsize)
            for view in parameters.views(model, hidden).values()
        ]
    )
