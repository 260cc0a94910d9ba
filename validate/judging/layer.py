"""At which layer claims are judged: chosen on one half of the sequences, before the other half is looked at.

The chosen site is the one that falls least short of the criteria judged there, all together: those of the question by
which sites are chosen (its `by_site`). A criterion with tolerance c and value x is short by

    at least c   (c - x) / c               0 if met, 1 where nothing is explained (x = 0)
    at most c    (x - c) / (1 - c)         0 if met, 1 at the largest share or distance (x = 1)

cut to 0 .. 1, and 1 if undefined; sign criteria do not count. Every subject chooses for itself, trained networks and
nulls alike, so a null has the same freedom.
"""

import math
from collections.abc import Mapping, Sequence

from validate.capture.sources import StateSource
from validate.claims.base import Question
from validate.claims.rule import Criterion
from validate.experiment.setting import Setting


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


def chosen_site(source: StateSource, setting: Setting, questions: Sequence[Question]) -> str:
    """Choose a source's site on the sequences of the other half; a source of one site has no choice."""
    by_site = next((question for question in questions if question.by_site is not None), None)
    if len(source.sites) == 1 or by_site is None or by_site.by_site is None:
        return source.sites[0]
    return best_site(by_site.by_site(source, setting.choice), by_site.criteria)


def layer_of(site: str, sites: Sequence[str]) -> int:
    """Return the number of the layer a site belongs to; of a site whose name tells none its place among the sites."""
    number = site.rpartition(".")[2]
    return int(number) if number.isdecimal() else sites.index(site)
