"""The families of latent tasks by the name a person types: the one list of them there is.

A family that is laid out with separators (`theory.layouts`) is named with the suffix "-separated", "dice-separated", so
that both layouts can stand beside each other. Its tasks and sequences are those of the plain one.
"""

from collections.abc import Mapping
from typing import get_args

from theory.dice import BiasedDice
from theory.dyck import PlantedDyck
from theory.markov import MarkovChains
from theory.notation import LatentTasks, Layout
from theory.regression import NoisyLinearRegression

Family = BiasedDice | NoisyLinearRegression | MarkovChains | PlantedDyck

FAMILIES: Mapping[str, type[Family]] = {family.name: family for family in get_args(Family)}

SEPARATED = "-separated"
"""What the name of a family with separators ends in."""


def kind_of(name: str) -> str:
    """Return the family's name without its layout, the key of `FAMILIES`."""
    return name.removesuffix(SEPARATED)


def layout_of(name: str) -> Layout:
    """Return the layout that a name stands for."""
    return "separated" if name.endswith(SEPARATED) else "plain"


def name_with_layout(family: LatentTasks) -> str:
    """Return the name of a family in its layout, such as dice or dice-separated."""
    return family.name + (SEPARATED if family.layout == "separated" else "")


def title_of(name: str) -> str:
    """Return what stands over a page about a family in its layout."""
    title = FAMILIES[kind_of(name)].title
    return f"{title}, with separators" if layout_of(name) == "separated" else title
