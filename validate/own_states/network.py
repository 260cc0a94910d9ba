"""A network that lives elsewhere, and what it has to offer.

    source(inputs)                            -> outputs, {site: states}
    source.run(inputs, edit={site: f})        -> the same, with f(states) in place of the states      for causal tests
    source.gradient(inputs, site, f, slope)   -> d loss / d f(states)                                 to look for V
    source.position(targets)                  -> where they are predicted                             for other layouts

Only the first is needed. Arrays are NumPy's or another library's (`own_states.arrays`):

    inputs    int64 (B, L), or float32 (B, L, d + 1): what the family's `encode` says
    outputs   (B, M, D): logits (nats, up to a constant), or numbers, D = 1; None if there are none
    states    (B, M, W), W of a site's own, sites in the order of the network
    f         takes states (B, M, W) and returns states of the same library and type
    slope     takes outputs and returns d loss / d outputs, for the same library

`position` takes the numbers of targets, 0 the first that is predicted, and returns the network's own positions, among
its M. Without it M = L, and targets are predicted where `encode` says.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int
from scipy.special import log_softmax

from model import Arrays
from validate.capture.resuming import Edit
from validate.own_states.arrays import as_array, like
from validate.own_states.errors import StatesError


class Read(Protocol):
    """What every source offers."""

    def __call__(self, inputs: np.ndarray, /) -> tuple[Any, Mapping[str, Any]]:
        """Return outputs, or None, and states by site."""
        ...


@runtime_checkable
class Editable(Protocol):
    """A source whose states can be changed."""

    def run(self, inputs: np.ndarray, edit: Mapping[str, Callable[[Any], Any]]) -> tuple[Any, Mapping[str, Any]]:
        """Return outputs and states with some of the states changed."""
        ...


@runtime_checkable
class Differentiable(Protocol):
    """A source that has gradients."""

    def gradient(self, inputs: np.ndarray, site: str, edit: Callable[[Any], Any], slope: Callable[[Any], Any]) -> Any:
        """Return d loss / d states at a site, after the edit, (B, M, W)."""
        ...


class Outside:
    """A source with its answers checked and turned into arrays.

    Parameters
    ----------
    name : str
        How it is called in sentences.
    predicting : ndarray of int
        The positions of the family's `encode` that predict, for a whole sequence.
    some : ndarray
        Inputs to ask the source for its sites with.
    """

    def __init__(self, name: str, source: Read, predicting: Int[np.ndarray, " P"], some: np.ndarray) -> None:
        self.name, self.source, self._predicting = name, source, predicting
        outputs, states = self.read(some)
        self.sites = tuple(states)
        self.has_predictions = outputs is not None

    @property
    def can_be_changed(self) -> bool:
        """Whether causal tests can be made."""
        return isinstance(self.source, Editable) and self.has_predictions

    def places(self, positions: Int[np.ndarray, " J"]) -> Int[np.ndarray, " J"]:
        """Return the network's own positions of some predicting positions of `encode`."""
        if not hasattr(self.source, "position"):
            return positions
        return np.asarray(self.source.position(np.searchsorted(self._predicting, positions)), dtype=np.int64)

    def read(self, inputs: np.ndarray) -> tuple[np.ndarray | None, dict[str, np.ndarray]]:
        """Return outputs, or None, and the states of every site."""
        return self._checked(self.source(inputs), len(inputs))

    def forward(
        self, inputs: np.ndarray, capture: Collection[str] = (), edit: Mapping[str, Edit] | None = None
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Return outputs (B, M, D) and the captured states (B, M, W)."""
        assert isinstance(self.source, Editable), "only sources that can be changed are tested"
        asked: dict[str, bool] = {}

        def noted(site: str, change: Edit) -> Callable[[Any], Any]:
            def edited(states: Any) -> Any:
                asked[site] = True
                return like(states, change(as_array(states)))

            return edited

        edits = {site: noted(site, change) for site, change in (edit or {}).items()}
        outputs, states = self._checked(self.source.run(inputs, edits), len(inputs))
        for site in edits:
            if site not in asked:
                raise StatesError(f"{self.name}: run(inputs, edit) must call the edit of {site}; it did not")
        if outputs is None:
            raise StatesError(f"{self.name}: run(inputs, edit) must return outputs; got None")
        return outputs, {site: states[site] for site in capture}

    def _checked(self, answer: Any, n_sequences: int) -> tuple[np.ndarray | None, dict[str, np.ndarray]]:
        """Turn an answer into arrays; a StatesError if it is of another form."""
        try:
            given, held = answer
            states = {str(site): as_array(values) for site, values in held.items()}
        except (TypeError, ValueError, AttributeError) as error:
            raise StatesError(f"{self.name} must return (outputs, {{site: states}}); got {error}") from error
        outputs = None if given is None else as_array(given)
        if not states:
            raise StatesError(f"{self.name} must return states of at least one site; got none")
        for site, array in (*states.items(), *([] if outputs is None else [("outputs", outputs)])):
            if array.ndim != 3 or len(array) != n_sequences or array.dtype.kind != "f":
                raise StatesError(
                    f"{self.name}: {site} must be numbers of shape ({n_sequences}, positions, size); got"
                    f" {array.dtype} of shape {array.shape}"
                )
        return outputs, states


class DifferentiableOutside(Outside):
    """A source with gradients too."""

    def gradient_at(
        self, site: str, arrays: Arrays, edit: Mapping[str, Edit] | None = None
    ) -> tuple[float, Float[np.ndarray, "B M W"]]:
        """Return the loss, the mean over targets, and its gradient with respect to the states after the edit."""
        assert isinstance(self.source, Differentiable)
        places, losses = self.places(arrays.positions), []
        change: Edit = (edit or {}).get(site, lambda states: states)

        def slope(outputs: Any) -> Any:
            whole = as_array(outputs)
            loss, at_targets = loss_and_slope(whole[:, places].astype(np.float64), arrays.targets)
            losses.append(loss)
            full = np.zeros(whole.shape)
            full[:, places] = at_targets
            return like(outputs, full)

        def edited(states: Any) -> Any:
            return like(states, change(as_array(states)))

        gradient = as_array(self.source.gradient(arrays.inputs, site, edited, slope))
        if len(losses) != 1:
            raise StatesError(f"{self.name}: gradient must call slope(outputs) once; it did {len(losses)} times")
        return losses[0], gradient


def outside(name: str, source: Read, predicting: Int[np.ndarray, " P"], some: np.ndarray) -> Outside:
    """Return a source as a network, with gradients if it offers them."""
    kind = DifferentiableOutside if isinstance(source, Differentiable) else Outside
    return kind(name, source, predicting, some)


def loss_and_slope(
    outputs: Float[np.ndarray, "B P D"], targets: np.ndarray
) -> tuple[float, Float[np.ndarray, "B P D"]]:
    """Return cross-entropy of symbols (nats) or squared error of numbers, means over targets, and the slope."""
    if targets.dtype.kind == "f":
        error = outputs - targets[..., None]
        return float(np.square(error).mean()), 2 * error / error.size
    log_law, one_hot = log_softmax(outputs, axis=-1), np.eye(outputs.shape[-1])[targets]
    return float(-(log_law * one_hot).sum(axis=-1).mean()), (np.exp(log_law) - one_hot) / targets.size
