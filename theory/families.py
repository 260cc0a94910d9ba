"""The families of latent tasks by the name a person types: the one list of them there is."""

from collections.abc import Mapping
from typing import get_args

from theory.dice import BiasedDice
from theory.dyck import PlantedDyck
from theory.markov import MarkovChains
from theory.regression import NoisyLinearRegression

Family = BiasedDice | NoisyLinearRegression | MarkovChains | PlantedDyck

FAMILIES: Mapping[str, type[Family]] = {family.name: family for family in get_args(Family)}
