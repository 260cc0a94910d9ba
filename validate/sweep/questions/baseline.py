"""What a statistic of a sweep stands beside: a rival explanation or the level of chance, kept among the nulls."""

from collections.abc import Mapping

from validate.claims.base import Statistics
from validate.statistics.intervals import Estimate

BASELINE = "baseline"
"""The name of the null."""


def baseline(values: Mapping[str, float]) -> dict[str, Statistics]:
    """Return numbers that are known exactly as a null."""
    return {BASELINE: {name: Estimate.of_value(value) for name, value in values.items()}}
