"""The transformer a user holds: prediction, states, edits, losses and gradients.

    outputs = head(x_{2 layers}),   loss = mean over (sequence, target) of the loss at `positions`

Losses are cross-entropies in nats or squared errors. Sites name the residual stream between sublayers
(`model.network`). Batches are worked through in chunks, so memory beyond arguments and results does not grow with the
batch.
"""

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType

import numpy as np
from jaxtyping import Float
from numpy.typing import DTypeLike

from model import parameters
from model.arrays import Arrays, checked_arrays, checked_inputs
from model.config import TransformerConfig
from model.engine import LANES, Backend, Engine, processors
from model.network import Array, Network, sites

Edit = Callable[[Array], Array]


class Transformer:
    """A pre-LayerNorm decoder with rotary positions and causal attention.

    Parameters
    ----------
    config : TransformerConfig
        Sizes and switches.
    seed : int
        Seed of the initial parameters; same seed, same bits.
    backend : {"numba", "numpy"}
        Compiled kernels, or the readable reference of `model.ops` and `model.attention`.
    dtype : dtype
        float32 or float64; the reference takes any float type.
    threads : int, optional
        Threads of the compiled backend, 1 .. 8, all with the same bits; by default as many as there are processors.

    Attributes
    ----------
    buffer : ndarray, shape (N,)
        All parameters; change it in place only.
    parameters : mapping of str to ndarray
        Views into `buffer` by name (`model.parameters`), weights stored (in, out).
    threads : int
    """

    def __init__(
        self,
        config: TransformerConfig,
        seed: int = 0,
        backend: Backend = "numba",
        dtype: DTypeLike = np.float32,
        threads: int | None = None,
    ) -> None:
        if backend not in ("numba", "numpy"):
            raise ValueError(f"backend must be numba or numpy; got {backend!r}")
        if not np.issubdtype(dtype, np.floating):
            raise ValueError(f"dtype must be a floating type; got {np.dtype(dtype)}")
        if backend == "numba" and np.dtype(dtype) not in (np.float32, np.float64):
            raise ValueError(f"dtype must be float32 or float64 with the numba backend; got {np.dtype(dtype)}")
        threads = min(processors(), LANES) if threads is None else threads
        if threads not in range(1, LANES + 1):
            raise ValueError(f"threads must be 1 .. {LANES}; got {threads!r}")
        self.config = config
        self.backend: Backend = backend
        self.buffer: Array = parameters.initialise(config, seed, dtype)
        self.parameters: Mapping[str, Array] = MappingProxyType(parameters.views(config, self.buffer))
        self.threads = threads
        self._engine = Engine(config, backend, self.buffer, threads)
        self._sites = sites(config)

    @property
    def sites(self) -> tuple[str, ...]:
        """The names of all sites in the order of the network."""
        return tuple(self._sites)

    def predict(self, inputs: np.ndarray) -> Float[np.ndarray, "B L outputs"]:
        """Return logits (nats, up to a constant per position) or predicted numbers.

        Parameters
        ----------
        inputs : ndarray, int of shape (B, L) or float of shape (B, L, inputs)
            L may be shorter than ``config.length``.
        """
        return self.forward(inputs)[0]

    def forward(
        self, inputs: np.ndarray, capture: Collection[str] = (), edit: Mapping[str, Edit] | None = None
    ) -> tuple[Float[np.ndarray, "B L outputs"], dict[str, Float[np.ndarray, "B L width"]]]:
        """Return the outputs and the states at the sites in `capture`.

        Parameters
        ----------
        inputs : ndarray, int of shape (B, L) or float of shape (B, L, inputs)
        capture : collection of str
            Sites to return; only these are kept, B L width numbers each.
        edit : mapping of str to callable, optional
            At each site the states (B, L, width) of the whole batch are replaced by what the callable returns for
            them. It is called once per site. States captured at an edited site are those after the edit.

        Raises
        ------
        ValueError
            If the inputs do not fit the model, a site is unknown, or an edit returns another shape.
        """
        inputs = checked_inputs(inputs, self.config, self.buffer.dtype)
        edit = dict(edit or {})
        for site in (*capture, *edit):
            self._index(site)
        captured = {site: self._empty(inputs) for site in capture}
        states, at = self._states_before(inputs, edit, captured)
        outputs = np.empty((*inputs.shape[:2], self.config.outputs), self.buffer.dtype)
        everywhere = np.arange(inputs.shape[1])

        def work(network: Network, chunk: slice) -> float:
            x = self._run(network, chunk, inputs, states, at, len(self._sites) - 1, captured)
            outputs[chunk] = network.head(x, everywhere)[0]
            return 0.0

        self._engine.each_chunk(len(inputs), inputs.shape[1], False, work)
        return outputs, captured

    def loss_and_gradients(self, arrays: Arrays) -> tuple[float, dict[str, Float[np.ndarray, "..."]]]:
        """Return the loss and its gradient with respect to every parameter, by name, in fresh arrays.

        The loss is the mean over sequences and targets, in nats for the categorical loss.
        """
        loss, gradient = self.loss_and_gradient(arrays)
        return loss, parameters.views(self.config, gradient.copy())

    def loss_and_gradient(self, arrays: Arrays) -> tuple[float, Float[np.ndarray, " N"]]:
        """Return the loss and its gradient laid out as `buffer`; the array is overwritten by the next call."""
        inputs, targets, positions = checked_arrays(arrays, self.config, self.buffer.dtype)
        scale = 1.0 / targets.size

        def work(network: Network, chunk: slice) -> float:
            x, embedding = network.embed(inputs[chunk])
            x, tape = network.run(x, 0, len(self._sites) - 1, _ignore)
            loss, dx = self._loss(network, x, targets[chunk], positions, scale, True)
            network.embed_backward(network.run_backward(dx, 0, tape, True), embedding)
            return loss

        loss = self._engine.each_chunk(len(inputs), inputs.shape[1], True, work)
        return loss, self._engine.gradient()

    def gradient_at(
        self, site: str, arrays: Arrays, edit: Mapping[str, Edit] | None = None
    ) -> tuple[float, Float[np.ndarray, "B L width"]]:
        """Return the loss and its gradient with respect to the states at `site`.

        Parameters
        ----------
        site : str
            Where to differentiate. If it is edited, the gradient is with respect to the states after the edit.
        arrays : Arrays
            Inputs, targets and positions; the loss is that of `loss_and_gradients`.
        edit : mapping of str to callable, optional
            As in `forward`, at `site` or before it: an edit further on would have to be differentiated.

        Raises
        ------
        ValueError
            If the arrays do not fit the model, or an edit stands after `site`.
        """
        inputs, targets, positions = checked_arrays(arrays, self.config, self.buffer.dtype)
        index, last = self._index(site), len(self._sites) - 1
        edit = dict(edit or {})
        for edited in edit:
            if self._index(edited) > index:
                raise ValueError(f"an edit must stand at or before the site {site}; got one at {edited}")
        states, at = self._states_before(inputs, edit, {})
        gradient = self._empty(inputs)

        def work(network: Network, chunk: slice) -> float:
            x = self._run(network, chunk, inputs, states, at, index, {})
            x, tape = network.run(x, index, last, _ignore)
            loss, dx = self._loss(network, x, targets[chunk], positions, 1.0 / targets.size, False)
            gradient[chunk] = network.run_backward(dx, index, tape, False)
            return loss

        return self._engine.each_chunk(len(inputs), inputs.shape[1], True, work), gradient

    # --- pieces of a pass -------------------------------------------------------------------------------------------

    def _states_before(
        self, inputs: Array, edit: dict[str, Edit], captured: dict[str, Array]
    ) -> tuple[Array | None, int]:
        """Run the whole batch up to the last edit; return the states there and their index (None, 0 without edits)."""
        states, at = None, 0
        for index in sorted(self._index(site) for site in edit):
            site = self._sites[index]
            reached = self._advance(inputs, states, at, index, captured)
            states, at = self._edited(site, edit[site], reached), index
            if site in captured:
                captured[site][...] = states
        return states, at

    def _advance(self, inputs: Array, states: Array | None, at: int, until: int, captured: dict[str, Array]) -> Array:
        """Return x_until of the whole batch."""
        after = self._empty(inputs)

        def work(network: Network, chunk: slice) -> float:
            after[chunk] = self._run(network, chunk, inputs, states, at, until, captured)
            return 0.0

        self._engine.each_chunk(len(inputs), inputs.shape[1], False, work)
        return after

    def _edited(self, site: str, function: Edit, states: Array) -> Array:
        edited = np.asarray(function(states))
        if edited.shape != states.shape:
            raise ValueError(f"the edit at {site} must return states of shape {states.shape}; got {edited.shape}")
        return np.ascontiguousarray(edited, dtype=self.buffer.dtype)

    def _run(
        self,
        network: Network,
        chunk: slice,
        inputs: Array,
        states: Array | None,
        at: int,
        until: int,
        captured: dict[str, Array],
    ) -> Array:
        """Return x_until of a chunk, from the inputs or from the states x_at; fill in what is captured on the way."""

        def visit(index: int, x: Array) -> None:
            if self._sites[index] in captured:
                captured[self._sites[index]][chunk] = x

        if states is None:
            x, _ = network.embed(inputs[chunk])
            visit(0, x)
        else:
            x = network.start(states[chunk])
        return network.run(x, at, until, visit)[0]

    def _loss(
        self, network: Network, x: Array, targets: Array, positions: Array, scale: float, wanted: bool
    ) -> tuple[float, Array]:
        """Return the loss of a chunk and its gradient with respect to the last states."""
        outputs, cache = network.head(x, positions)
        loss, doutputs = network.loss(outputs, targets, scale)
        return loss, network.head_backward(doutputs, cache, wanted)

    def _empty(self, inputs: Array) -> Array:
        return np.empty((*inputs.shape[:2], self.config.width), self.buffer.dtype)

    def _index(self, site: str) -> int:
        if site not in self._sites:
            raise ValueError(
                f"a site must be embed, post_attention.l or post_mlp.l with l < {self.config.layers}; got {site!r}"
            )
        return self._sites.index(site)


def _ignore(index: int, x: Array) -> None:
    """Visit nothing."""
