"""What a network makes of many endings of the same beginnings: what was read before is read once.

A causal network's keys and values at a position do not depend on what follows. They are kept for every position of
sequences that were read whole; another ending, from some position on, then costs its own positions alone:

    q, k, v of the ending = its states W_q, W_k, W_v        keys = (kept before the ending, k),  values likewise
    P_ij = softmax over j <= i of q_i . k_j / sqrt(D)

An ending may also be another state of the last position at some site. All else is the readable network
(`model.reference`), in the dtype of the parameters.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from model.arrays import checked_inputs
from model.attention import Rotation, rotary
from model.continuation import index_of_site, states_until
from model.engine import infinite_numbers
from model.network import Array
from model.reference import ReferenceNetwork
from model.transformer import Transformer


class Beginnings:
    """Keys and values of sequences that a network has read.

    Parameters
    ----------
    model : Transformer
    inputs : ndarray, int of shape (B, L) or float of shape (B, L, inputs)
    """

    def __init__(self, model: Transformer, inputs: np.ndarray) -> None:
        self._model, self._config, self._dtype = model, model.config, model.buffer.dtype
        self._reader = _Reader(model.config, model.buffer, np.empty_like(model.buffer))  # nothing is differentiated
        before = model.sites[: 2 * model.config.layers : 2]  # what the attention of each layer reads
        states = states_until(model, inputs, before)
        self.shape: tuple[int, int] = (inputs.shape[0], inputs.shape[1])
        """Sequences and positions."""
        with infinite_numbers():
            self._kept = [self._reader.keys_and_values(states[site], layer) for layer, site in enumerate(before)]

    @property
    def n_bytes(self) -> int:
        """Bytes of the keys and values."""
        return sum(array.nbytes for pair in self._kept for array in pair)

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
            x, _ = self._reader.embed(checked_inputs(inputs, self._config, self._dtype))
            states = {self._model.sites[0]: x[:, -1]}
            return self._run(x, 0, start, states), states

    def continued(self, site: str, states: Float[np.ndarray, "B C"]) -> Array:
        """Return the outputs at the last position read, (B, outputs), its state at a site replaced.

        Raises
        ------
        ValueError
            If there is no such site, or there is not one state a sequence, of the network's width.
        """
        n, read = self.shape
        if states.shape != (n, self._config.width):
            raise ValueError(f"states must have shape {(n, self._config.width)}; got {states.shape}")
        with infinite_numbers():
            return self._run(states.astype(self._dtype)[:, None], index_of_site(self._model, site), read - 1, {})

    def _run(self, x: Array, after: int, start: int, states: dict[str, Array]) -> Array:
        """Run the stages behind a site on the positions from `start` on; return the outputs at the last of them.

        Its states at the sites passed are put into `states`.
        """
        for index in range(after + 1, len(self._model.sites)):
            layer, is_mlp = divmod(index - 1, 2)
            if is_mlp:
                x, _ = self._reader.mlp(x, layer)
            else:
                keys, values = self._kept[layer]
                x = self._reader.attention_after(x, layer, keys[:, :, :start], values[:, :, :start])
            states[self._model.sites[index]] = x[:, -1]
        outputs, _ = self._reader.head(x, np.array([x.shape[1] - 1]))
        return np.asarray(outputs[:, 0])


class _Reader(ReferenceNetwork):
    """The readable network, which can also read positions whose earlier keys and values are given."""

    def keys_and_values(
        self, x: Float[np.ndarray, "B L C"], layer: int, start: int = 0
    ) -> tuple[Float[np.ndarray, "B H L D"], Float[np.ndarray, "B H L D"]]:
        """Return those of the positions from `start` on, the keys turned."""
        normalised, _ = self._norm(x, f"layers.{layer}.attention_norm")
        keys = self._turned(normalised, layer, "key", start)
        values = self._heads(self._linear(normalised, f"layers.{layer}.attention.value")[0])
        return keys, np.swapaxes(values, 1, 2)

    def attention_after(self, x: Float[np.ndarray, "B m C"], layer: int, keys: Array, values: Array) -> Array:
        """Return x + Attention(LayerNorm(x)) where earlier keys and values are given, (B, H, start, D) each."""
        new, start = x.shape[1], keys.shape[2]
        normalised, _ = self._norm(x, f"layers.{layer}.attention_norm")
        query = self._turned(normalised, layer, "query", start)
        own = self.keys_and_values(x, layer, start)
        keys, values = (np.concatenate(pair, axis=2) for pair in zip((keys, values), own, strict=True))
        scores = query @ np.swapaxes(keys, -1, -2) * float(self.config.head_size) ** -0.5
        scores = np.where(np.tri(new, start + new, start, dtype=bool), scores, -np.inf)
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        mixed = np.swapaxes(weights @ values, 1, 2).reshape(x.shape)
        return np.asarray(x + self._linear(mixed, f"layers.{layer}.attention.output")[0])

    def _turned(self, normalised: Array, layer: int, which: str, start: int) -> Float[np.ndarray, "B H L D"]:
        turn = Rotation(*(table[start : start + normalised.shape[1]] for table in self._turn))
        linear, _ = self._linear(normalised, f"layers.{layer}.attention.{which}")
        return np.swapaxes(rotary(self._heads(linear), turn)[0], 1, 2)
