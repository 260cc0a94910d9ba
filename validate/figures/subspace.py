"""R2_OOD by layer: how much of the states of fresh tasks lies in the span of the task vectors."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from validate.figures.style import BLACK, BLUE, ORANGE, RED, new_figure

KINDS = {"single": "single sequences", "averaged": "states averaged over a task's sequences"}
LOOKS = ((BLUE, "o"), (RED, "s"), (BLACK, "^"), (ORANGE, "D"))


def subspace_shares(networks: list[dict[str, Any]]) -> Figure:
    """Draw R2_OOD with intervals over fresh tasks: a panel for single and averaged states, a series a network."""
    figure = new_figure(9.5, 3.0)
    for axes, (kind, label) in zip(figure.subplots(1, 2, sharey=True), KINDS.items(), strict=True):
        for index, network in enumerate(networks):
            shares = list(network["subspace"].values())
            colour, marker = LOOKS[index % len(LOOKS)]
            layers = np.arange(len(shares)) + 0.12 * (index - (len(networks) - 1) / 2)
            value = np.array([share[kind]["value"] for share in shares])
            low, high = (np.array([share[kind][end] for share in shares]) for end in ("low", "high"))
            errors = [np.maximum(value - low, 0), np.maximum(high - value, 0)]
            axes.errorbar(layers, value, yerr=errors, color=colour, marker=marker, capsize=2, label=network["design"])
        chance = np.mean([share["chance"]["value"] for network in networks for share in network["subspace"].values()])
        axes.axhline(chance, color=BLACK, ls=":", lw=1, label="random subspace")
        axes.set_title(label)
        axes.set_xlabel("layer")
        axes.set_xticks(range(len(networks[0]["subspace"])))
        axes.set_ylim(0, 1)
    figure.axes[0].set_ylabel("R²_OOD on the span of task vectors\n(share of squares)")
    figure.legend(*figure.axes[1].get_legend_handles_labels(), loc="outside right center")
    return figure
