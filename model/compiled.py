"""The fast network: one kernel per stage, on preallocated memory (`model.kernels`).

The first step allocates; after it nothing is allocated while batch and length stay the same, and the memory in use is
that of one chunk, whatever the batch.
"""

from typing import Any

from model import kernels
from model.attention import rotation
from model.buffers import Buffers
from model.config import TransformerConfig
from model.network import Array, Memory, Network
from model.weights import Weights


class CompiledNetwork(Network):
    """Kernels and BLAS, float32 or float64."""

    def __init__(self, config: TransformerConfig, buffer: Array, gradient: Array) -> None:
        self.config = config
        self.gradient = gradient
        self._weights, self._gradients = Weights(config, buffer), Weights(config, self.gradient)
        self._turn = rotation(config.length, config.head_size, buffer.dtype)
        self._use_silu = config.activation == "silu"
        self._memory = Memory()
        self._keep = False

    def begin(self, sequences: int, length: int, keep: bool, memory: Memory) -> None:
        """Allocate if the chunk does not fit what there is."""
        rows = sequences * length
        if memory.room is None or not memory.room.fit(rows, length, keep):
            memory.room = None  # give it back before asking for more
            memory.room = Buffers(self.config, self.gradient.dtype, rows, length, keep)
        self._memory, self._keep = memory, keep

    def start(self, x: Array) -> Array:
        """See `Network`."""
        here = self._here.x[: x.shape[0] * x.shape[1]].reshape(x.shape)
        here[...] = x
        return here

    def embed(self, inputs: Array) -> tuple[Array, Any]:
        """See `model.kernels.embedding` and `model.kernels.linear`."""
        weights = self._weights.embedding
        x = self._here.x[: inputs.shape[0] * inputs.shape[1]]
        if self.config.input_kind == "tokens":
            rows: Array = inputs.reshape(-1)
            kernels.embedding(rows, weights.weight, x)
        else:
            rows = inputs.reshape(-1, inputs.shape[2])
            kernels.linear(rows, weights.weight, weights.bias, x)
        return x.reshape(*inputs.shape[:2], -1), rows

    def embed_backward(self, dx: Array, cache: Any) -> None:
        """See `model.kernels.embedding_backward` and `model.kernels.linear_backward`."""
        if self.config.input_kind == "tokens":
            kernels.embedding_backward(_rows(dx), cache, self._gradients.embedding.weight)
        else:
            kernels.linear_backward(_rows(dx), cache, *self._gradients.embedding)

    def attention(self, x: Array, layer: int) -> tuple[Array, Any]:
        """See `model.kernels.attention_forward`."""
        here = self._here
        cache, turn = here.attention[layer if self._keep else 0], self._turn.first(x.shape[1])
        kernels.attention_forward(_rows(x), self._weights.attention[layer], cache, here.scratch, *turn)
        return x, cache

    def attention_backward(self, dx: Array, cache: Any, layer: int, wanted: bool) -> Array:
        """See `model.kernels.attention_backward`."""
        weights, gradients = self._weights.attention[layer], self._gradients.attention[layer]
        turn = self._turn.first(dx.shape[1])
        kernels.attention_backward(_rows(dx), weights, cache, self._here.scratch, *turn, gradients, wanted)
        return dx

    def mlp(self, x: Array, layer: int) -> tuple[Array, Any]:
        """See `model.kernels.mlp_forward`."""
        cache = self._here.mlp[layer if self._keep else 0]
        kernels.mlp_forward(_rows(x), self._weights.mlp[layer], cache, self._here.scratch, self._use_silu)
        return x, cache

    def mlp_backward(self, dx: Array, cache: Any, layer: int, wanted: bool) -> Array:
        """See `model.kernels.mlp_backward`."""
        weights, gradients = self._weights.mlp[layer], self._gradients.mlp[layer]
        kernels.mlp_backward(_rows(dx), weights, cache, self._here.scratch, self._use_silu, gradients, wanted)
        return dx

    def head(self, x: Array, positions: Array) -> tuple[Array, Any]:
        """See `model.kernels.head_forward`."""
        here, sequences, length = self._here, *x.shape[:2]
        y = here.outputs[: sequences * len(positions)]
        kernels.head_forward(
            _rows(x), positions, length, self._weights.head, here.head, here.scratch, self.config.final_norm, y
        )
        return y.reshape(sequences, len(positions), -1), positions

    def head_backward(self, doutputs: Array, cache: Any, wanted: bool) -> Array:
        """See `model.kernels.head_backward`."""
        here, sequences, length = self._here, len(doutputs), self._here.length
        dx = here.dx[: sequences * length]
        kernels.head_backward(
            _rows(doutputs), cache, length, self._weights.head, here.head, here.scratch, self.config.final_norm,
            self._gradients.head, wanted, dx,
        )  # fmt: skip
        return dx.reshape(sequences, length, -1)

    def loss(self, outputs: Array, targets: Array, scale: float) -> tuple[float, Array]:
        """See `model.kernels.cross_entropy` and `model.kernels.squared_error`."""
        rows = _rows(outputs)
        doutputs = self._here.doutputs[: len(rows)]
        function = kernels.cross_entropy if self.config.loss == "categorical" else kernels.squared_error
        loss = function(rows, targets.reshape(-1), scale, doutputs)
        return float(loss), doutputs.reshape(outputs.shape)

    @property
    def _here(self) -> Buffers:
        assert isinstance(self._memory.room, Buffers), "begin() comes first"
        return self._memory.room


def _rows(x: Array) -> Array:
    return x.reshape(-1, x.shape[-1])
