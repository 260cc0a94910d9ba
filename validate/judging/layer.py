"""At which layer claims are judged: chosen on one half of the sequences, before the other half is looked at.

The chosen site is the one that falls least short of the criteria judged there, all together: P0 to P3*, or for planted
Dyck paths those of the boundary case. A criterion with tolerance c and value x is short by

    at least c   (c - x) / c               0 if met, 1 where nothing is explained (x = 0)
    at most c    (x - c) / (1 - c)         0 if met, 1 at the largest share or distance (x = 1)

cut to 0 .. 1, and 1 if undefined; sign criteria do not count. Every subject chooses for itself, trained networks and
nulls alike, so a null has the same freedom.
"""

import math
from collections.abc import Mapping, Sequence

from theory import PlantedDyck
from validate.capture.sources import StateSource
from validate.claims.catalogue import BOUNDARY, PROPERTIES, criteria_of
from validate.claims.prefix import PrefixDesign, prefix_values
from validate.claims.properties import Captured, Setting, property_values
from validate.claims.rule import Criterion


def shortfall(criterion: Criterion, value: float) -> float:
    """Return by how much a value misses a criterion, from 0 (met) to 1."""
    if math.isnan(value):
        return 1.0
    if criterion.direction == "at least":
        missing = (criterion.tolerance - value) / criterion.tolerance
    else:
        missing = (value - criterion.tolerance) / (1 - criterion.tolerance)
    return min(max(missing, 0.0), 1.0)


def best_site(values: Mapping[str, Mapping[str, float]], criteria: Sequence[Criterion]) -> str:
    """Return the site chosen from the statistics' values by site, the earliest among equals."""
    judged = [criterion for criterion in criteria if not criterion.sign]

    def short(site: str) -> float:
        return sum(shortfall(criterion, values[site].get(criterion.statistic, math.nan)) for criterion in judged)

    return min(values, key=short)


def chosen_site(source: StateSource, setting: Setting) -> str:
    """Choose a source's site on the sequences of the other half; a source of one site has no choice."""
    if len(source.sites) == 1:
        return source.sites[0]
    choice = setting.choice
    if isinstance(setting.family, PlantedDyck):
        design = PrefixDesign.at(choice)
        values = {site: prefix_values(states, design) for site, states in design.states(source).items()}
        return best_site(values, criteria_of(BOUNDARY))
    captured = Captured.of(source, choice)
    values = {site: property_values(captured, choice, site) for site in source.sites}
    return best_site(values, criteria_of(PROPERTIES))
