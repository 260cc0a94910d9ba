"""P2 and the distance to the posterior by position and layer: how far the additive model reaches back in time."""

from matplotlib.figure import Figure

from validate.claims.properties import PropertiesShown
from validate.figures.group import GalleryFigure, Group
from validate.figures.profiles import profiles

LABELS = {
    "P2": "P2: additive R²\n(share of squares)",
    "P3 TV": "P3: total variation of β and α\n(probability)",
}


def interpolation_by_position(group: Group) -> Figure:
    """Draw both at every position: a column a network, a line a layer. Vectors come from late positions only."""
    return profiles(group, LABELS, 2.6)


FIGURE = GalleryFigure(
    name="interpolation",
    title="Interpolation by position and layer",
    caption="Vectors of tasks and of what is current are estimated at late positions alone and used at all. P2: how"
    " much of the states the additive model explains. P3: mean distance of its simplex weights to the exact posterior."
    " Both should hold early, where the posterior is undecided, and not only where it has decided. The tolerance is"
    " that of the last position.",
    draw=interpolation_by_position,
    needs=(PropertiesShown,),
    untrained=True,
)
