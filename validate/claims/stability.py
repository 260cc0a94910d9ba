"""Is the state of a major a function of (task, current) where that of a minor is not?

    contrast = P0(majors) - P0(minors)        last candidate site (`capture.sources`), last position

P0 is that of `statistics.parts`. Minors are taken in groups of as many as
there are majors, so that both R2 compare equally many tasks; their P0 is the mean over groups with the interval of
Student's t over groups. The contrast's interval adds the two half-widths in quadrature, the samples being independent.

Null: untrained networks. Source: the paper, table of R2_cell of majors and minors.
"""

import numpy as np

from theory import Mixture, Pool
from validate.capture.labelled import capture_labelled
from validate.capture.sources import candidates
from validate.claims.base import (
    EVERY_FAMILY,
    MARKOV_GIVEN_TASK,
    Claim,
    Controls,
    Findings,
    Question,
    Shown,
    Side,
    Statistics,
)
from validate.claims.paper import R2_CELL
from validate.claims.rule import Criterion
from validate.experiment.scopes import DIVERSE, MAJORS_ONLY
from validate.statistics.intervals import UNDEFINED, Estimate, over_seeds

GROUPS = 4
"""Groups of minors, as far as there are enough."""


class StabilityShown(Shown):
    """P0 at the last position by site, of ``majors`` and over groups of ``minors``."""

    question = "stability by site"
    stability: dict[str, dict[str, Estimate]]


def minor_groups(mixture: Mixture) -> list[Pool]:
    """Return the first groups of minors, none twice."""
    if mixture.minors is None:
        return []
    size = len(mixture.majors)
    tasks = mixture.minors.parameters
    starts = range(0, min(GROUPS, len(tasks) // size) * size, size)
    return [mixture.family.make_pool(tasks[start : start + size]) for start in starts]


def stability(side: Side, pool: Pool, purpose: str, step: int = 0) -> Statistics:
    """Estimate P0 of a pool's tasks at the last position, by site."""
    setting = side.setting
    rng, n = setting.stream(f"stability/{purpose}", step), setting.sizes.cell_sequences
    labelled = capture_labelled(side.source, setting.family, pool, (setting.n_positions - 1,), n, rng)
    intervals = setting.sizes.replicates > 0
    return {site: states.estimate(intervals)["P0"] for site, states in labelled.items()}


def stabilities(side: Side) -> dict[str, dict[str, Estimate]]:
    """Estimate P0 of the majors and, over groups, of the minors, by site."""
    majors = stability(side, side.mixture.majors, "majors")
    groups = [stability(side, pool, "minors", index) for index, pool in enumerate(minor_groups(side.mixture))]
    return {site: {"majors": majors[site], "minors": over_seeds([group[site] for group in groups])} for site in majors}


def contrast(majors: Estimate, minors: Estimate) -> Estimate:
    """Return the difference of two independent estimates."""
    value = majors.value - minors.value
    low = value - np.hypot(majors.value - majors.low, minors.high - minors.value)
    high = value + np.hypot(majors.high - majors.value, minors.value - minors.low)
    return Estimate(value, float(low), float(high))


def stability_contrast(side: Side) -> Statistics:
    """Estimate the contrast at the last candidate site; undefined without enough minors for one group."""
    if not minor_groups(side.mixture):
        return {"P0 contrast": UNDEFINED}
    last = side.once(stabilities)[candidates(side.source.sites)[-1]]
    return {"P0 contrast": contrast(last["majors"], last["minors"])}


def analyse(side: Side, controls: Controls) -> Findings:
    """Compare majors with minors."""
    return Findings(stability_contrast(side), controls.of_untrained(stability_contrast))


def show(side: Side, controls: Controls) -> Findings:
    """Describe majors and minors by site, if that is to be shown."""
    return Findings(shown=StabilityShown(stability=side.once(stabilities)) if controls.show else None)


QUESTION = Question(
    name="majors stable",
    claims=(
        Claim(
            "majors stable",
            "Late in the diverse network, at the last site but the read-out's, task and current determine the states of"
            " majors more than those of minors.",
            (Criterion("P0 contrast", "R² of majors − R² of minors", "at least", 0.0, sign=True),),
            paper={
                (name, DIVERSE): tuple(one - other for one, other in zip(of["majors"], of["minors"], strict=True))
                for name, of in R2_CELL.items()
            },
        ),
    ),
    families=MARKOV_GIVEN_TASK,
    scopes=(DIVERSE,),
    needs="states",
    statistics=("P0 contrast",),
    analyse=analyse,
    place="last",
)

BY_SITE = Question(
    name="stability by site",
    claims=(),
    families=EVERY_FAMILY,
    scopes=(MAJORS_ONLY, DIVERSE),
    needs="states",
    statistics=(),
    analyse=show,
    shown=StabilityShown,
)
