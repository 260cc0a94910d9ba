"""The rule that turns measurements into verdicts.

A criterion is a statistic, a direction and a tolerance. With the measured interval I and nulls N_j:

    not learned    the claim is about states, and the network does not predict well enough for it to be about anything
    not tested     the ladder shows that the statistic cannot tell exact-Bayes states from what it must not be taken
                   for, or the measurement or one of its nulls is undefined, or there is no null
    refuted        I lies wholly outside the tolerance
    inconclusive   I straddles the tolerance
    unspecific     I lies wholly inside, but some null's value does too, or I is not clear of some null's interval
                   (what is said of nulls holds of rivals, which are nulls that know something)
    supported      I lies wholly inside, no null's value does, and I is beyond every null's interval

The tolerance of a *sign* criterion is 0, the null of no preference between two things compared. Nulls scatter around
0, so their values fall on either side by chance; here I must be beyond every null's interval, and 0 is null enough if
no other is given.

Nothing here knows which network or family is judged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from validate.capture.rungs import EXACT, RANDOM
from validate.statistics.intervals import Estimate

Direction = Literal["at least", "at most"]
Verdict = Literal["supported", "unspecific", "refuted", "inconclusive", "not tested", "not learned"]
Where = Literal["inside", "outside", "straddles", "undefined"]
WORST_FIRST: tuple[Verdict, ...] = (
    "not learned",
    "not tested",
    "refuted",
    "inconclusive",
    "unspecific",
    "supported",
)


def bound_text(direction: Direction, tolerance: float) -> str:
    """Write a tolerance."""
    return f"{'≥' if direction == 'at least' else '≤'} {tolerance:g}"


@dataclass(frozen=True)
class Criterion:
    """A statistic and the tolerance it has to meet.

    Attributes
    ----------
    statistic : str
        Key into the measured statistics.
    label : str
        How the statistic is called in tables, with its unit.
    direction : {"at least", "at most"}
        On which side of the tolerance the claim holds.
    sign : bool
        Whether the tolerance is 0 as the null of no preference.
    exact : str
        Rung of the ladder that must meet the criterion if it is to judge anything; its value is what theory predicts.
    rivals : tuple of str
        Rungs that must not.
    """

    statistic: str
    label: str
    direction: Direction
    tolerance: float
    sign: bool = False
    exact: str = EXACT
    rivals: tuple[str, ...] = (RANDOM,)

    def meets(self, value: float) -> bool:
        """Tell whether one number meets the tolerance; an undefined number does not."""
        return bool(value >= self.tolerance if self.direction == "at least" else value <= self.tolerance)

    def bound(self) -> str:
        """Return the tolerance as text."""
        return bound_text(self.direction, self.tolerance)

    def place(self, estimate: Estimate) -> Where:
        """Tell where an interval lies with respect to the tolerance."""
        if not np.all(np.isfinite([estimate.value, estimate.low, estimate.high])):
            return "undefined"
        ends = self.meets(estimate.low), self.meets(estimate.high)
        return "inside" if all(ends) else "straddles" if any(ends) else "outside"

    def beyond(self, measured: Estimate, null: Estimate) -> bool:
        """Tell whether an interval lies clear of a null's, on the side of the claim."""
        return measured.low > null.high if self.direction == "at least" else measured.high < null.low

    def passes_as(self, measured: Estimate, null: Estimate) -> bool:
        """Tell whether a null could be taken for the measurement."""
        return not self.beyond(measured, null) or (not self.sign and self.meets(null.value))


def judge(
    criterion: Criterion,
    measured: Estimate,
    nulls: Mapping[str, Estimate],
    calibrated: bool,
    learned: bool = True,
) -> Verdict:
    """Judge one criterion by the rule at the top of this module.

    Parameters
    ----------
    nulls : mapping
        Every null by name.
    calibrated : bool
        Whether the ladder lets the statistic judge, see `is_calibrated`.
    learned : bool
        Whether the networks have learned, or the claim is about predictions.
    """
    if not learned:
        return "not learned"
    undefined = any(criterion.place(estimate) == "undefined" for estimate in (measured, *nulls.values()))
    if not calibrated or undefined or not (nulls or criterion.sign):
        return "not tested"
    place = criterion.place(measured)
    if place != "inside":
        return "refuted" if place == "outside" else "inconclusive"
    if any(criterion.passes_as(measured, null) for null in nulls.values()):
        return "unspecific"
    return "supported"


def is_calibrated(criterion: Criterion, exact: Estimate, rivals: Sequence[Estimate]) -> bool:
    """Tell whether a statistic passes on exact-Bayes states and no rival could be taken for them."""
    defined = all(criterion.place(rival) != "undefined" for rival in rivals)
    distinct = not any(criterion.passes_as(exact, rival) for rival in rivals)
    return criterion.place(exact) == "inside" and defined and distinct


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the worst of several verdicts: a claim holds if all its criteria do, and is tested if all are."""
    return min(verdicts, key=WORST_FIRST.index)


def deciding_null(criterion: Criterion, measured: Estimate, nulls: Mapping[str, Estimate]) -> str | None:
    """Return the name of the null that a verdict hangs on, if there is any.

    An undefined one, or of those that could be taken for the measurement, or else of all, the one that comes closest to
    meeting the criterion or goes furthest beyond it.
    """
    undefined = [name for name, null in nulls.items() if criterion.place(null) == "undefined"]
    passing = [name for name, null in nulls.items() if criterion.passes_as(measured, null)]
    best = max if criterion.direction == "at least" else min
    return undefined[0] if undefined else best(passing or nulls, key=lambda name: nulls[name].value, default=None)
