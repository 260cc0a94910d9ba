"""A module under nnsight: states are the outputs of some of its modules."""
# mypy: disable-error-code="import-not-found, unused-ignore"

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch


class Traced:
    """A network with its sites, as a source that can be changed.

    Parameters
    ----------
    network : nnsight.NNsight
        Around a module that returns (B, M, D).
    sites : mapping of str to envoy
        Its modules whose output, (B, M, W), is a state, such as ``network.blocks[0]``, in the order of the network.
    """

    def __init__(self, network: Any, sites: Mapping[str, Any]) -> None:
        self.network, self.sites = network, sites

    def __call__(self, inputs: np.ndarray) -> tuple[Any, dict[str, Any]]:
        """Return outputs and states."""
        return self.run(inputs, {})

    def run(self, inputs: np.ndarray, edit: Mapping[str, Callable[[Any], Any]]) -> tuple[Any, dict[str, Any]]:
        """Return outputs and states with some states changed."""
        seen: dict[str, Any] = {}
        with torch.no_grad(), self.network.trace(torch.from_numpy(inputs)):
            for site, module in self.sites.items():
                if site in edit:
                    module.output = edit[site](module.output)
                seen[site] = module.output.save()
            outputs = self.network.output.save()
        return outputs, seen
