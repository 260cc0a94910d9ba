"""The readable network: `model.ops` and `model.attention` on named parameters, any float dtype, fresh arrays."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from model import attention, ops, parameters
from model.attention import rotation
from model.config import TransformerConfig
from model.network import Array, Network


class ReferenceNetwork(Network):
    """Every stage as a composition of operations."""

    def __init__(self, config: TransformerConfig, buffer: Array, gradient: Array) -> None:
        self.config = config
        self.gradient = gradient
        self._parameters: Mapping[str, Array] = parameters.views(config, buffer)
        self._gradients: Mapping[str, Array] = parameters.views(config, self.gradient)
        self._turn = rotation(config.length, config.head_size, buffer.dtype)

    def start(self, x: Array) -> Array:
        """See `Network`."""
        return x.copy()

    def embed(self, inputs: Array) -> tuple[Array, Any]:
        """See `Network`."""
        if self.config.input_kind == "tokens":
            return ops.embedding(inputs, self._parameters["embedding.weight"])
        return self._linear(inputs, "embedding")

    def embed_backward(self, dx: Array, cache: Any) -> None:
        """See `Network`."""
        if self.config.input_kind == "tokens":
            self._add("embedding.weight", ops.embedding_backward(dx, cache))
        else:
            self._linear_backward(dx, cache, "embedding", wanted=True)

    def attention(self, x: Array, layer: int) -> tuple[Array, Any]:
        """See `Network`."""
        name, turn = f"layers.{layer}.attention", self._turn.first(x.shape[1])
        normalised, norm = self._norm(x, f"{name}_norm")
        query, query_map = self._linear(normalised, f"{name}.query")
        key, key_map = self._linear(normalised, f"{name}.key")
        value, value_map = self._linear(normalised, f"{name}.value")
        query, query_turn = attention.rotary(self._heads(query), turn)
        key, key_turn = attention.rotary(self._heads(key), turn)
        mixed, mix = attention.causal_attention(query, key, self._heads(value))
        update, output_map = self._linear(mixed.reshape(x.shape), f"{name}.output")
        return x + update, (norm, query_map, key_map, value_map, query_turn, key_turn, mix, output_map)

    def attention_backward(self, dx: Array, cache: Any, layer: int, wanted: bool) -> Array:
        """See `Network`."""
        norm, query_map, key_map, value_map, query_turn, key_turn, mix, output_map = cache
        name = f"layers.{layer}.attention"
        dmixed = self._linear_backward(dx, output_map, f"{name}.output", wanted)
        dquery, dkey, dvalue = attention.causal_attention_backward(self._heads(dmixed), mix)
        dquery = attention.rotary_backward(dquery, query_turn).reshape(dx.shape)
        dkey = attention.rotary_backward(dkey, key_turn).reshape(dx.shape)
        dnorm = self._linear_backward(dquery, query_map, f"{name}.query", wanted)
        dnorm = dnorm + self._linear_backward(dkey, key_map, f"{name}.key", wanted)
        dnorm = dnorm + self._linear_backward(dvalue.reshape(dx.shape), value_map, f"{name}.value", wanted)
        return dx + self._norm_backward(dnorm, norm, f"{name}_norm", wanted)

    def mlp(self, x: Array, layer: int) -> tuple[Array, Any]:
        """See `Network`."""
        name, activation = f"layers.{layer}.mlp", ops.silu if self.config.activation == "silu" else ops.gelu
        normalised, norm = self._norm(x, f"{name}_norm")
        hidden, up = self._linear(normalised, f"{name}.up")
        active, activated = activation(hidden)
        update, down = self._linear(active, f"{name}.down")
        return x + update, (norm, up, activated, down)

    def mlp_backward(self, dx: Array, cache: Any, layer: int, wanted: bool) -> Array:
        """See `Network`."""
        norm, up, activated, down = cache
        name = f"layers.{layer}.mlp"
        activation_backward = ops.silu_backward if self.config.activation == "silu" else ops.gelu_backward
        dactive = self._linear_backward(dx, down, f"{name}.down", wanted)
        dnorm = self._linear_backward(activation_backward(dactive, activated), up, f"{name}.up", wanted)
        return dx + self._norm_backward(dnorm, norm, f"{name}_norm", wanted)

    def head(self, x: Array, positions: Array) -> tuple[Array, Any]:
        """See `Network`."""
        shape, norm = x.shape, None
        x = x[:, positions]
        if self.config.final_norm:
            x, norm = self._norm(x, "final_norm")
        outputs, linear = self._linear(x, "output")
        return outputs, (norm, linear, shape, positions)

    def head_backward(self, doutputs: Array, cache: Any, wanted: bool) -> Array:
        """See `Network`."""
        norm, linear, shape, positions = cache
        dstates = self._linear_backward(doutputs, linear, "output", wanted)
        if norm is not None:
            dstates = self._norm_backward(dstates, norm, "final_norm", wanted)
        dx = np.zeros(shape, doutputs.dtype)
        dx[:, positions] = dstates
        return dx

    def loss(self, outputs: Array, targets: Array, scale: float) -> tuple[float, Array]:
        """See `Network`."""
        if self.config.loss == "categorical":
            loss, cache = ops.cross_entropy(outputs, targets, scale)
            return loss, ops.cross_entropy_backward(cache)
        loss, cache = ops.squared_error(outputs, targets, scale)
        return loss, ops.squared_error_backward(cache)

    # --- operations on named parameters -----------------------------------------------------------------------------

    def _add(self, name: str, part: Array) -> None:
        if name in self._gradients:  # a map without bias has none
            self._gradients[name][...] += part

    def _heads(self, x: Array) -> Array:
        return np.reshape(x, (*x.shape[:2], self.config.heads, self.config.head_size))

    def _linear(self, x: Array, name: str) -> tuple[Array, Any]:
        return ops.linear(x, self._parameters[f"{name}.weight"], self._parameters.get(f"{name}.bias"))

    def _linear_backward(self, dy: Array, cache: Any, name: str, wanted: bool) -> Array:
        dx, dweight, dbias = ops.linear_backward(dy, cache)
        if wanted:
            self._add(f"{name}.weight", dweight)
            self._add(f"{name}.bias", dbias)
        return dx

    def _norm(self, x: Array, name: str) -> tuple[Array, Any]:
        return ops.layer_norm(x, self._parameters[f"{name}.weight"], self._parameters[f"{name}.bias"])

    def _norm_backward(self, dy: Array, cache: Any, name: str, wanted: bool) -> Array:
        dx, dgain, dbias = ops.layer_norm_backward(dy, cache)
        if wanted:
            self._add(f"{name}.weight", dgain)
            self._add(f"{name}.bias", dbias)
        return dx
