"""P0, P0*, P1 and P1* by layer and position, trained beside untrained."""

from matplotlib.figure import Figure

from validate.claims.properties import PropertiesShown
from validate.figures.group import GalleryFigure, Group
from validate.figures.profiles import profiles

LABELS = {
    "P0": "P0: R² of task and current\n(share of squares)",
    "P0*": "P0*: share of the task\n(share of squares)",
    "P1": "P1: η², interaction\n(share of squares)",
    "P1*": "P1*: interaction against task\n(share of squares)",
}


def properties_by_layer(group: Group) -> Figure:
    """Draw the four statistics of states labelled by task and current: a column a network, a line a layer."""
    return profiles(group, LABELS, 2.2)


FIGURE = GalleryFigure(
    name="properties",
    title="Stability and separability by layer and position",
    caption="Task and what is current vary independently: symbols in equal cells, or covariates in an analysis of"
    " covariance. R² is held out. Upper rows should be high and lower rows low (linear below 0.01, so that negative"
    " held-out shares are seen; a share of next to nothing is noise and may leave the frame). The last column is an"
    " untrained network. Where it does as well as a trained one, the statistic shows nothing that training learned.",
    draw=properties_by_layer,
    needs=(PropertiesShown,),
    untrained=True,
)
