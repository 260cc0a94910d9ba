"""A network of TransformerLens: states are what its hook points see."""
# mypy: disable-error-code="import-not-found, unused-ignore"

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch


class Cached:
    """A network with its sites, as a source that can be changed.

    Parameters
    ----------
    network : HookedTransformer or TransformerBridge
        Called with tokens, to which it puts no token of its own.
    sites : sequence of str
        Names of hook points, such as blocks.0.hook_resid_post, in the order of the network.
    """

    def __init__(self, network: Any, sites: Sequence[str]) -> None:
        self.network, self.sites = network, sites

    def __call__(self, inputs: np.ndarray) -> tuple[Any, dict[str, Any]]:
        """Return logits and states."""
        return self.run(inputs, {})

    def run(self, inputs: np.ndarray, edit: Mapping[str, Callable[[Any], Any]]) -> tuple[Any, dict[str, Any]]:
        """Return logits and states with some states changed."""

        def change(states: Any, hook: Any, own: Callable[[Any], Any]) -> Any:
            return own(states)

        hooks = [(site, partial(change, own=own)) for site, own in edit.items()]
        with torch.no_grad(), self.network.hooks(fwd_hooks=hooks):
            logits, cache = self.network.run_with_cache(torch.from_numpy(inputs), names_filter=list(self.sites))
        return logits, {site: cache[site] for site in self.sites}
