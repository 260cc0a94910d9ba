"""The network as a chain of stages, its forward and its backward, written once for both backends.

    x_0 = embed(inputs)                                        site `embed`
    x_{2l+1} = x_{2l} + Attention(LayerNorm(x_{2l}))           site `post_attention.l`
    x_{2l+2} = x_{2l+1} + MLP(LayerNorm(x_{2l+1}))             site `post_mlp.l`,      l = 0 .. layers - 1
    outputs = (LayerNorm(x_{2 layers}) or x_{2 layers}) W + b

Stage i turns x_{i-1} into x_i, so states can be taken, replaced or differentiated between any two stages. All methods
act on one chunk of n sequences, x of shape (n, L, C). What a stage computes is up to the backend: `model.reference`
is the readable one, `model.compiled` the fast one.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from model.config import TransformerConfig

Array = np.ndarray


def sites(config: TransformerConfig) -> list[str]:
    """Return the names of the places between stages, in order: entry i holds x_i."""
    layers = range(config.layers)
    return ["embed", *(site for layer in layers for site in (f"post_attention.{layer}", f"post_mlp.{layer}"))]


class Memory:
    """What one thread keeps from chunk to chunk; a backend puts there what it works in."""

    room: Any = None


class Network(ABC):
    """Parameters with the stages that act on them, and a sum of gradients.

    A stage returns (output, cache); its backward takes the gradient of the output and the cache, returns the gradient
    of the input and, if `wanted`, adds those of the parameters to `gradient`. Inputs of a stage and gradients of its
    output may be overwritten, and what is returned is valid until the next chunk.

    Attributes
    ----------
    config : TransformerConfig
    gradient : ndarray, shape (N,)
        Sum of gradients, laid out as the buffer of parameters.
    """

    config: TransformerConfig
    gradient: Array

    def run(self, x: Array, after: int, until: int, visit: Callable[[int, Array], None]) -> tuple[Array, list[Any]]:
        """Run stages after + 1 .. until on x_after; call ``visit(i, x_i)`` after each. Return x_until and the tape."""
        tape = []
        for index in range(after + 1, until + 1):
            stage = self.mlp if index % 2 == 0 else self.attention
            x, cache = stage(x, (index - 1) // 2)
            tape.append(cache)
            visit(index, x)
        return x, tape

    def run_backward(self, dx: Array, after: int, tape: Sequence[Any], wanted: bool) -> Array:
        """Return the gradient with respect to x_after."""
        for index in range(after + len(tape), after, -1):
            backward = self.mlp_backward if index % 2 == 0 else self.attention_backward
            dx = backward(dx, tape[index - after - 1], (index - 1) // 2, wanted)
        return dx

    def begin(self, sequences: int, length: int, keep: bool, memory: Memory) -> None:  # noqa: B027
        """Start a chunk, in the memory of this thread; caches are needed for a backward only if `keep`."""

    @abstractmethod
    def start(self, x: Array) -> Array:
        """Return a copy of states, to run stages on."""

    @abstractmethod
    def embed(self, inputs: Array) -> tuple[Array, Any]:
        """Return x_0: a row of the table per token, or a linear map of vectors."""

    @abstractmethod
    def embed_backward(self, dx: Array, cache: Any) -> None:
        """Add the gradients of the embedding."""

    @abstractmethod
    def attention(self, x: Array, layer: int) -> tuple[Array, Any]:
        """Return x + (attention over heads of LayerNorm(x)) W_o + b_o."""

    @abstractmethod
    def attention_backward(self, dx: Array, cache: Any, layer: int, wanted: bool) -> Array:
        """Pull back through `attention`."""

    @abstractmethod
    def mlp(self, x: Array, layer: int) -> tuple[Array, Any]:
        """Return x + f(LayerNorm(x) W_up + b_up) W_down + b_down."""

    @abstractmethod
    def mlp_backward(self, dx: Array, cache: Any, layer: int, wanted: bool) -> Array:
        """Pull back through `mlp`."""

    @abstractmethod
    def head(self, x: Array, positions: Array) -> tuple[Array, Any]:
        """Return the outputs at `positions` for states x_{2 layers}, (n, P, outputs)."""

    @abstractmethod
    def head_backward(self, doutputs: Array, cache: Any, wanted: bool) -> Array:
        """Return the gradient with respect to x_{2 layers}."""

    @abstractmethod
    def loss(self, outputs: Array, targets: Array, scale: float) -> tuple[float, Array]:
        """Return scale times the sum of the losses, and its gradient with respect to the outputs."""
