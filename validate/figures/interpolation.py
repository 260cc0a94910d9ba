"""P2 and the distance to the posterior by position and layer: how far the additive model reaches back in time."""

from typing import Any

from matplotlib.figure import Figure

from validate.figures.properties import profiles

SHOWN = {
    "P2": "P2: additive R²\n(share of squares)",
    "P3 TV": "P3: total variation of β and α\n(probability)",
}


def interpolation_by_position(networks: list[dict[str, Any]]) -> Figure:
    """Draw both at every position: a column a network, a line a layer. Vectors come from late positions only."""
    return profiles(networks, SHOWN, 2.6)
