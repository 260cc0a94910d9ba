"""What a network makes of many endings of the same beginnings: what was read before is read once.

A causal network's keys and values at a position do not depend on what follows. They are kept for every position of
sequences that were read whole; another ending, from some position on, then costs its own positions alone:

    q, k, v of the ending = its states W_q, W_k, W_v        keys = (kept before the ending, k),  values likewise
    P_ij = softmax over j <= i of q_i . k_j / sqrt(D)

The operations are those of the readable network (`model.ops`, `model.attention`), in the dtype of the parameters.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from model import ops
from model.attention import Rotation, rotary, rotation
from model.engine import infinite_numbers
from model.network import Array
from model.transformer import Transformer


class Beginnings:
    """Keys and values of sequences that a network has read.

    Parameters
    ----------
    model : Transformer
    inputs : ndarray, int of shape (B, L) or float of shape (B, L, inputs)
    """

    def __init__(self, model: Transformer, inputs: np.ndarray) -> None:
        self._config, self._parameters = model.config, model.parameters
        self._turn = rotation(model.config.length, model.config.head_size, model.buffer.dtype)
        before = ["embed", *(f"post_mlp.{layer}" for layer in range(model.config.layers - 1))]
        _, states = model.forward(inputs, capture=before)
        self.shape: tuple[int, int] = (inputs.shape[0], inputs.shape[1])
        """Sequences and positions."""
        turn = self._turn.first(inputs.shape[1])
        with infinite_numbers():
            self._kept = [self._keys_and_values(states[site], layer, turn) for layer, site in enumerate(before)]

    def ended(self, start: int, inputs: np.ndarray) -> tuple[Array, Mapping[str, Array]]:
        """Read another ending of every sequence.

        Parameters
        ----------
        start : int
            Where the ending begins; positions before it are as they were read.
        inputs : ndarray, int of shape (B, m) or float of shape (B, m, inputs)
            What is read from there on.

        Returns
        -------
        outputs : ndarray, shape (B, outputs)
            At the last position of the ending.
        states : mapping of str to ndarray, shape (B, C)
            There, by site; every site of the network.

        Raises
        ------
        ValueError
            If the ending fits neither the sequences nor the network.
        """
        n, read = self.shape
        new = inputs.shape[1] if inputs.ndim > 1 else 0
        if len(inputs) != n or not new or not 0 <= start <= read or start + new > self._config.length:
            raise ValueError(
                f"an ending must begin within the {read} positions read, of {n} sequences, and end within"
                f" {self._config.length}; got shape {inputs.shape} from position {start}"
            )
        with infinite_numbers():
            return self._ended(start, inputs)

    def _ended(self, start: int, inputs: np.ndarray) -> tuple[Array, Mapping[str, Array]]:
        turn = Rotation(*(table[start : start + inputs.shape[1]] for table in self._turn))
        x = self._embedded(inputs)
        states = {"embed": x[:, -1]}
        for layer, (keys, values) in enumerate(self._kept):
            x = self._attended(x, layer, keys[:, :, :start], values[:, :, :start], turn)
            states[f"post_attention.{layer}"] = x[:, -1]
            x = self._transformed(x, layer)
            states[f"post_mlp.{layer}"] = x[:, -1]
        last = x[:, -1]
        if self._config.final_norm:
            last = self._norm(last, "final_norm")
        return self._linear(last, "output"), states

    def _embedded(self, inputs: np.ndarray) -> Array:
        if self._config.input_kind == "tokens":
            return ops.embedding(inputs, self._parameters["embedding.weight"])[0]
        return self._linear(inputs.astype(self._parameters["embedding.weight"].dtype), "embedding")

    def _attended(self, x: Array, layer: int, keys: Array, values: Array, turn: Rotation) -> Array:
        """Return x + Attention(LayerNorm(x)) where earlier keys and values are given, (B, H, start, D) each."""
        new, start = x.shape[1], keys.shape[2]
        name = f"layers.{layer}.attention"
        normalised = self._norm(x, f"{name}_norm")
        query = np.swapaxes(rotary(self._heads(self._linear(normalised, f"{name}.query")), turn)[0], 1, 2)
        own_keys, own_values = self._keys_and_values(x, layer, turn)
        keys, values = (np.concatenate(pair, axis=2) for pair in ((keys, own_keys), (values, own_values)))
        scores = query @ np.swapaxes(keys, -1, -2) * float(self._config.head_size) ** -0.5
        scores = np.where(np.tri(new, start + new, start, dtype=bool), scores, -np.inf)
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        mixed = np.swapaxes(weights @ values, 1, 2).reshape(x.shape)
        return x + self._linear(mixed, f"{name}.output")

    def _transformed(self, x: Array, layer: int) -> Array:
        """Return x + MLP(LayerNorm(x))."""
        name, activation = f"layers.{layer}.mlp", ops.silu if self._config.activation == "silu" else ops.gelu
        hidden = self._linear(self._norm(x, f"{name}_norm"), f"{name}.up")
        return x + self._linear(activation(hidden)[0], f"{name}.down")

    def _keys_and_values(
        self, x: Float[np.ndarray, "B L C"], layer: int, turn: Rotation
    ) -> tuple[Float[np.ndarray, "B H L D"], Float[np.ndarray, "B H L D"]]:
        name = f"layers.{layer}.attention"
        normalised = self._norm(x, f"{name}_norm")
        keys = rotary(self._heads(self._linear(normalised, f"{name}.key")), turn)[0]
        values = self._heads(self._linear(normalised, f"{name}.value"))
        return np.swapaxes(keys, 1, 2), np.swapaxes(values, 1, 2)

    def _heads(self, x: Array) -> Array:
        return np.reshape(x, (*x.shape[:2], self._config.heads, self._config.head_size))

    def _linear(self, x: Array, name: str) -> Array:
        return ops.linear(x, self._parameters[f"{name}.weight"], self._parameters.get(f"{name}.bias"))[0]

    def _norm(self, x: Array, name: str) -> Array:
        return ops.layer_norm(x, self._parameters[f"{name}.weight"], self._parameters[f"{name}.bias"])[0]
