"""Training curves against the risk of each Bayes predictor on the same held-out sequences."""

from typing import Any

from matplotlib.figure import Figure

from validate.figures.style import BLACK, REFERENCE_STYLE, new_figure

POPULATIONS = {"training": "training mixture", "fresh": "fresh tasks"}


def training_curves(networks: list[dict[str, Any]], metrics: list[dict[str, Any]]) -> Figure:
    """Draw held-out loss by step, one row a network, one column a population."""
    figure = new_figure(8.0, 2.7 * len(networks))
    grid = figure.subplots(len(networks), len(POPULATIONS), squeeze=False)
    for row, network in zip(grid, networks, strict=True):
        own = [m for m in metrics if all(m[key] == network[key] for key in ("family", "design", "seed"))]
        steps = [m["step"] + 1 for m in own]
        for axes, (population, label) in zip(row, POPULATIONS.items(), strict=True):
            losses = [m["held_out"][population] for m in own]
            axes.plot(steps, losses, color=BLACK, marker="o", markersize=2.5, label="network")
            for name, (colour, dash, reference_label) in REFERENCE_STYLE.items():
                axes.axhline(network["references"][population][name], color=colour, ls=dash, label=reference_label)
            axes.set_title(f"{network['family']}, {network['design']}, seed {network['seed']}: {label}")
            axes.set_xlabel("training step")
            axes.set_ylabel("held-out loss (nats per symbol)")
            axes.set_ylim(*_limits(losses, network["references"][population]))
    grid[0][-1].legend()
    return figure


def _limits(losses: list[float], references: dict[str, float]) -> tuple[float, float]:
    """Return a range that shows the end of training; the first steps may leave it at the top."""
    settled = sorted(losses)[: max(1, int(0.95 * len(losses)))]
    low = min(*settled, *references.values())
    high = max(*settled, *references.values())
    margin = 0.06 * (high - low)
    return low - margin, high + margin
