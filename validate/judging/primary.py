"""Primary claims: few, named before the run, judged by p-values over seeds that are adjusted for their number.

Of each criterion of a primary claim two one-sided p-values are taken from Student's t over seeds, against its
tolerance: that the claim holds, and that it fails. A claim holds if all its criteria do, so its p-value is their
largest; it fails if one of them does, so the p-value of failing is their smallest times their number. Both are
Holm-adjusted over the primary claims named for the family (`catalogue.primary_claims`), tested or not. At the level
of .05

    holds    the verdict is `supported` and the adjusted p-value of holding is at most .05
    fails    the verdict is `refuted` and the adjusted p-value of failing is at most .05
    open     neither

Nulls and rivals decide through the verdict. Everything else is secondary: its verdict stands by itself.
"""

import math
from collections.abc import Sequence

import numpy as np

from validate.claims.rule import Verdict
from validate.judging.results import ClaimRow, Standing
from validate.statistics.intervals import LEVEL
from validate.statistics.multiplicity import holm

SIGNIFICANT = 1 - LEVEL


def defined(p_value: float) -> float | None:
    """Return None for an undefined number."""
    return None if math.isnan(p_value) else p_value


def standing(verdict: Verdict, p_holds: float, p_fails: float) -> Standing:
    """Return how a claim stands, from its verdict and its adjusted p-values; an undefined one decides nothing."""
    if verdict == "supported" and p_holds <= SIGNIFICANT:
        return "holds"
    return "fails" if verdict == "refuted" and p_fails <= SIGNIFICANT else "open"


def with_standing(rows: Sequence[ClaimRow], n_claims: int) -> list[ClaimRow]:
    """Return the rows of a family, its primary claims with adjusted p-values and how they stand.

    Parameters
    ----------
    n_claims : int
        Primary claims named for the family, of which not all need to be among the rows.
    """
    primary = [row for row in rows if row.primary]
    parts = [np.array([part.p_value for part in row.parts], dtype=float) for row in primary]
    holds = holm([float(p.max()) for p in parts], n_claims)
    fails = holm([float(np.minimum(1.0, len(p) * (1 - p).min())) for p in parts], n_claims)
    judged = {
        (row.claim, row.design): row.model_copy(
            update={"p_holm": defined(p), "p_holm_fails": defined(q), "standing": standing(row.verdict, p, q)}
        )
        for row, p, q in zip(primary, holds, fails, strict=True)
    }
    return [judged.get((row.claim, row.design), row) for row in rows]
