"""The explorable page: three dice, their exact posterior, and the states of networks, in one file without requests.

    python docs/explorable/explorable.py PAGE.html

Networks are trained here, one for each overlap of the dice, and written into the page with the vectors of their states
(theta, nu and mu_t of `validate.statistics.interpolation`); untrained ones of the same shape stand beside them. The
page runs them, and the exact predictors, in JavaScript (`explorable.js`); `tests/docs/test_explorable.py` holds both to
`theory` and `model` in a browser. Plotly comes from its Python package.
"""

import json
import sys
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from model import TrainingConfig, Transformer, TransformerConfig, train
from model.engine import Backend
from theory import BiasedDice, Mixture, overlapping, stream
from validate.capture.captured import Captured
from validate.capture.sources import NetworkSource
from validate.experiment.schema import Measurement
from validate.experiment.setting import Setting

HERE = Path(__file__).parent
SEED, STEPS, BATCH = 1000, 1500, 64
FAMILY = BiasedDice(faces=6, length=32)
MAJORS = [[0.45, 0.25, 0.1, 0.1, 0.05, 0.05], [0.05, 0.05, 0.45, 0.25, 0.1, 0.1], [0.1, 0.1, 0.05, 0.05, 0.45, 0.25]]
N_MINORS, MINOR_MASS, OVERLAPS = 64, 0.1, (0.0, 0.2, 0.4)
START = [2, 0, 4, 1, 3, 0, 5, 3]
"""Rolls that are there when the page opens."""

CONFIG = TransformerConfig(inputs=6, outputs=6, layers=2, width=16, heads=2, hidden=64, length=FAMILY.length - 1)
SIZES = Measurement(cell_sequences=64, fresh_tasks=2, fresh_sequences=2, mode_sequences=2, untrained=2, replicates=100)
DIGITS = 8
"""Digits kept behind the point; the network of the page is the rounded one."""

EXACT, NETWORK, AVERAGE, UNTRAINED = "#9b5fc0", "#d55e00", "#2a8ac9", "#888888"
RETRIEVAL, EXTRAPOLATION, PRIOR = "#009e73", "#b58900", "#6c7a89"
RULE = "rgba(128, 128, 128, 0.35)"


def mixture(overlap: float) -> Mixture:
    """Return the training mixture at an overlap of the majors; the minors are the same at all."""
    majors = overlapping(FAMILY.make_pool(MAJORS), overlap)
    return Mixture(FAMILY, majors, FAMILY.sample_pool(stream(SEED, "explorable/minors"), N_MINORS), MINOR_MASS)


def trained(mixture: Mixture, steps: int, backend: Backend) -> Transformer:
    """Train a network on a mixture."""
    network = Transformer(CONFIG, seed=SEED, backend=backend, threads=1)
    schedule = TrainingConfig(steps=steps, peak_rate=5e-3, beta2=0.99, warmup=0.05, cooldown=0.7)
    train(network, lambda step: FAMILY.encode(mixture.sample(stream(SEED, "explorable/train", step), BATCH)), schedule)
    return network


def described(network: Transformer, mixture: Mixture, sizes: Measurement) -> dict[str, Any]:
    """Return what the page needs of a network: parameters by name, and by layer the vectors of its states."""
    network.buffer[...] = network.buffer.astype(np.float64).round(DIGITS)
    captured = Captured.of(NetworkSource(network, FAMILY), Setting("explorable", FAMILY, mixture.majors, SEED, sizes))
    models = [captured.additive_model(f"post_mlp.{layer}") for layer in range(CONFIG.layers)]
    return {
        "heads": CONFIG.heads,
        "parameters": {name: rounded(array) for name, array in network.parameters.items()},
        "vectors": [
            {
                "theta": rounded(model.effects.task),
                "nu": rounded(model.effects.current),
                "mu": rounded(model.intercepts),
            }
            for model in models
        ],
    }


def rounded(array: np.ndarray) -> list[Any]:
    """Return an array as nested lists."""
    return array.astype(np.float64).round(DIGITS).tolist()


def data(steps: int = STEPS, backend: Backend = "numba", sizes: Measurement = SIZES) -> dict[str, Any]:
    """Return all that the page knows: dice, networks by overlap (trained, then untrained), the rolls it opens with."""
    untrained = Transformer(CONFIG, seed=SEED + 1, backend=backend, threads=1)
    mixtures = [mixture(overlap) for overlap in OVERLAPS]
    return {
        "length": CONFIG.length,
        "start": START,
        "overlaps": OVERLAPS,
        "majors": MAJORS,
        "minors": mixtures[0].pool.parameters[len(MAJORS) :].tolist(),
        "networks": [[described(n, m, sizes) for n in (trained(m, steps, backend), untrained)] for m in mixtures],
    }


def figures() -> dict[str, Any]:
    """Return the figures as Plotly takes them, without data: traces, axes, the slider and the buttons."""
    looks = [
        ("γ, running average", AVERAGE, "square"),
        ("β, untrained network", UNTRAINED, "triangle-up"),
        ("β, trained network", NETWORK, "circle"),
        ("α, exact posterior", EXACT, "diamond"),
    ]
    triangle = go.Figure(
        [
            go.Scatterternary(
                name=name,
                mode="lines+markers",
                marker={"color": colour, "symbol": symbol, "opacity": 0.85},
                line={"color": colour, "width": 1.5},
                hovertemplate="A %{a:.2f}, B %{b:.2f}, C %{c:.2f}",
                cliponaxis=False,
            )
            for name, colour, symbol in looks
        ]
    )
    axes = {
        f"{letter.lower()}axis": {
            "title": f"die {letter}",
            "gridcolor": RULE,
            "linecolor": UNTRAINED,
            "dtick": 0.25,
            "showticklabels": False,
        }
        for letter in "ABC"
    }
    steps = [{"label": str(t), "method": "skip"} for t in range(CONFIG.length + 1)]
    triangle.update_layout(
        ternary={**axes, "bgcolor": "rgba(0,0,0,0)"},
        height=660,
        sliders=[{"currentvalue": {"prefix": "rolls seen: "}, "pad": {"t": 24}, "steps": steps}],
        updatemenus=[
            {
                "type": "buttons",
                "direction": "right",
                "showactive": False,
                "x": 0,
                "xanchor": "left",
                "y": 1.2,
                "buttons": [{"label": label, "method": "skip"} for label in ("Play", "Stop", "Layer 1", "Layer 2")],
            }
        ],
    )
    rolls = list(range(FAMILY.length))
    odds = go.Figure(
        [
            go.Bar(name="one roll", x=rolls, marker_color=RULE),
            go.Scatter(name="their sum, the log-odds", x=rolls, line={"color": EXACT, "width": 2.5}),
            go.Scatter(name="their average", x=rolls, line={"color": AVERAGE, "width": 2.5, "dash": "dash"}),
        ]
    )
    odds.update_layout(height=350, xaxis_title="rolls seen", yaxis_title="nats")
    predictors = [("trained network", NETWORK), ("M1", RETRIEVAL), ("M2", EXTRAPOLATION), ("prior predictive", PRIOR)]
    bars = go.Figure([go.Bar(name=name, x=rolls[1:7], marker_color=colour) for name, colour in predictors])
    bars.update_layout(
        height=350,
        xaxis={"title": "face", "dtick": 1},
        yaxis={"title": "probability", "type": "linear", "range": [0, 0.7], "dtick": 0.2},
    )
    for figure in (triangle, odds, bars):
        figure.update_layout(
            template="none",
            paper_bgcolor="rgba(0,0,0,0)",
            plot_bgcolor="rgba(0,0,0,0)",
            font_size=13,
            margin={"l": 52, "r": 20, "t": 16, "b": 100},
            legend={"orientation": "h", "y": -0.32, "yanchor": "top"},
        )
        figure.update_xaxes(gridcolor=RULE, zerolinecolor=UNTRAINED)
        figure.update_yaxes(gridcolor=RULE, zerolinecolor=UNTRAINED)
    triangle.update_layout(margin={"l": 40, "r": 40, "t": 80, "b": 170}, legend_y=-0.32)
    return {name: figure.to_plotly_json() for name, figure in (("triangle", triangle), ("odds", odds), ("bars", bars))}


def page(data: dict[str, Any]) -> str:
    """Return the page."""
    template = jinja2.Environment(undefined=jinja2.StrictUndefined).from_string((HERE / "page.html").read_text("utf-8"))
    return template.render(
        data=json.dumps(data),
        figures=json.dumps(figures(), default=list),
        plotly=get_plotlyjs(),
        script=(HERE / "explorable.js").read_text("utf-8"),
        majors=[" ".join(f"{p:g}" for p in law) for law in MAJORS],
        q=MINOR_MASS,
        n_overlaps=len(OVERLAPS),
        n_minors=N_MINORS,
        layers=CONFIG.layers,
        width=CONFIG.width,
        length=CONFIG.length,
        steps=STEPS,
        batch=BATCH,
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(data()), encoding="utf-8")
