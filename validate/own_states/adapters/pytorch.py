"""A PyTorch module: states are the outputs of some of its modules."""
# mypy: disable-error-code="import-not-found, no-untyped-call, misc, unused-ignore, no-any-unimported"

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn


class Hooked:
    """A network with its sites, as a source that can be changed and has gradients.

    Parameters
    ----------
    network : nn.Module
        Called with the inputs as a tensor; returns (B, M, D). Put it in evaluation mode before.
    sites : mapping of str to nn.Module
        Modules whose output, (B, M, W), is a state, in the order of the network.
    """

    def __init__(self, network: nn.Module, sites: Mapping[str, nn.Module]) -> None:
        self.network, self.sites = network, sites

    def __call__(self, inputs: np.ndarray) -> tuple[Any, dict[str, Any]]:
        """Return outputs and states."""
        return self.run(inputs, {})

    def run(self, inputs: np.ndarray, edit: Mapping[str, Callable[[Any], Any]]) -> tuple[Any, dict[str, Any]]:
        """Return outputs and states with some states changed."""
        with torch.no_grad():
            return self._forward(inputs, edit)

    def gradient(
        self, inputs: np.ndarray, site: str, edit: Callable[[Any], Any], slope: Callable[[Any], Any]
    ) -> torch.Tensor:
        """Return d loss / d states after the edit."""
        outputs, states = self._forward(inputs, {site: lambda own: edit(own).requires_grad_()})
        return torch.autograd.grad(outputs, states[site], slope(outputs))[0]

    def _forward(self, inputs: np.ndarray, edit: Mapping[str, Callable[[Any], Any]]) -> tuple[Any, dict[str, Any]]:
        seen: dict[str, Any] = {}

        def keep(site: str) -> Callable[..., Any]:
            def hook(module: nn.Module, args: Any, output: Any) -> Any:
                first, *rest = output if isinstance(output, tuple) else (output,)
                seen[site] = edit[site](first) if site in edit else first
                return (seen[site], *rest) if isinstance(output, tuple) else seen[site]

            return hook

        device = next(self.network.parameters()).device
        hooks = [module.register_forward_hook(keep(site)) for site, module in self.sites.items()]
        try:
            outputs = self.network(torch.from_numpy(inputs).to(device))
        finally:
            for hook in hooks:
                hook.remove()
        return outputs[0] if isinstance(outputs, tuple) else outputs, {site: seen[site] for site in self.sites}
