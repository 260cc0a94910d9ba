"""A pass that begins at a site: what a network makes of given states, and the gradient there.

    outputs = head(stages after the site (x_site)),      d loss / d x_site

The stages before the site are not run, so many changes of the same states cost the stages after it alone. The numbers
are those of `Transformer.forward` and `Transformer.gradient_at` with an edit that puts the states there, bit for bit.
Where the last position's state alone is replaced and its own output alone is wanted, `model.endings` does not run the
positions before it again either.
"""

from collections.abc import Collection

import numpy as np
from jaxtyping import Float

from model.arrays import Arrays, checked_arrays, checked_inputs
from model.network import Array, Network
from model.transformer import Transformer


def _checked(model: Transformer, site: str, states: Array) -> Array:
    index_of_site(model, site)
    if states.ndim != 3 or states.shape[2] != model.config.width:
        raise ValueError(f"states must have shape (B, L, {model.config.width}); got {states.shape}")
    return np.ascontiguousarray(states, dtype=model.buffer.dtype)


def index_of_site(model: Transformer, site: str) -> int:
    """Return how many stages stand before a site; ValueError if there is none of that name."""
    if site not in model.sites:
        raise ValueError(f"a site must be one of {', '.join(model.sites)}; got {site!r}")
    return model.sites.index(site)


def outputs_from(model: Transformer, site: str, states: Float[np.ndarray, "B L W"]) -> Float[np.ndarray, "B L outputs"]:
    """Return the outputs of a network whose states at a site are given.

    Raises
    ------
    ValueError
        If there is no such site, or the states have another width.
    """
    states, at, last = _checked(model, site, states), index_of_site(model, site), len(model.sites) - 1
    outputs = np.empty((*states.shape[:2], model.config.outputs), model.buffer.dtype)
    everywhere = np.arange(states.shape[1])

    def work(network: Network, chunk: slice) -> float:
        x, _ = network.run(network.start(states[chunk]), at, last, _ignore)
        outputs[chunk] = network.head(x, everywhere)[0]
        return 0.0

    model._engine.each_chunk(len(states), states.shape[1], False, work)
    return outputs


def states_until(model: Transformer, inputs: np.ndarray, capture: Collection[str]) -> dict[str, Array]:
    """Return the states (B, L, W) at some sites as `Transformer.forward` does; what follows the last one is not run."""
    inputs = checked_inputs(inputs, model.config, model.buffer.dtype)
    captured = {site: np.empty((*inputs.shape[:2], model.config.width), model.buffer.dtype) for site in capture}
    until = max((index_of_site(model, site) for site in capture), default=0)

    def work(network: Network, chunk: slice) -> float:
        model._run(network, chunk, inputs, None, 0, until, captured)
        return 0.0

    model._engine.each_chunk(len(inputs), inputs.shape[1], False, work)
    return captured


def gradient_from(
    model: Transformer, site: str, states: Float[np.ndarray, "B L W"], arrays: Arrays
) -> tuple[float, Float[np.ndarray, "B L W"]]:
    """Return the loss and its gradient with respect to given states at a site.

    Raises
    ------
    ValueError
        If there is no such site, or states and arrays do not fit the model.
    """
    inputs, targets, positions = checked_arrays(arrays, model.config, model.buffer.dtype)
    states, at, last = _checked(model, site, states), index_of_site(model, site), len(model.sites) - 1
    if states.shape[:2] != inputs.shape[:2]:
        raise ValueError(f"states must stand beside inputs of shape {inputs.shape[:2]}; got {states.shape[:2]}")
    gradient, scale = np.empty_like(states), 1.0 / targets.size

    def work(network: Network, chunk: slice) -> float:
        x, tape = network.run(network.start(states[chunk]), at, last, _ignore)
        outputs, cache = network.head(x, positions)
        loss, doutputs = network.loss(outputs, targets[chunk], scale)
        gradient[chunk] = network.run_backward(network.head_backward(doutputs, cache, False), at, tape, False)
        return loss

    return model._engine.each_chunk(len(states), states.shape[1], True, work), gradient


def _ignore(index: int, x: Array) -> None:
    """Visit nothing."""
