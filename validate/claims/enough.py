"""Are enough sequences compared to judge predictions by? Means of divergences have long tails."""

from validate.claims.base import Findings, Side, Statistics
from validate.statistics.intervals import UNDEFINED

LEAST_COMPARED = 64
"""With fewer sequences intervals of such means are too short (docs/statistics.md, calibration)."""


def judged_if_enough(side: Side, found: Statistics, nulls: dict[str, Statistics]) -> Findings:
    """Return the findings on a side's predictions; undefined with the reason if too few sequences are compared."""
    n = side.setting.sizes.mode_sequences
    if n >= LEAST_COMPARED or not side.setting.sizes.replicates:
        return Findings(found, nulls)
    why = f"{n} sequences are compared, fewer than {LEAST_COMPARED}"
    return Findings(dict.fromkeys(found, UNDEFINED), nulls, reasons=dict.fromkeys(found, why))
