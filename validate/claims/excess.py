"""Is there more interaction of task and current in the states than the read-out forces?

    excess = P1* at the judged site - P1* of the read-out's table (`claims.forced`)

What the outputs have to be is no sum of a task's and a symbol's part where rows differ (Markov chains) or a product is
predicted (regression); so much interaction the last states need, in the directions that are read, if the read-out is
linear in them. Excess at most P1*'s tolerance: the states interact no more than the predictions do. Of dice nothing is
forced, and the claim is P1*. Of predicted numbers, products w_k . x, everything is; nothing can exceed it, and the
question is not asked.

Null: networks that never saw these majors.
"""

from theory import FAMILIES
from validate.claims.base import MARKOV_GIVEN_TASK, Claim, Controls, Findings, Observed, Question, Side, Statistics
from validate.claims.forced import forced_interaction
from validate.claims.rule import Criterion
from validate.experiment.scopes import DIVERSE, MAJORS_ONLY

EXCESS = "excess interaction"

OF_SYMBOLS = tuple(name for name in MARKOV_GIVEN_TASK if FAMILIES[name].target_kind == "symbol")


def at_site(observed: Observed) -> Statistics:
    """Estimate the excess where a source is judged; none for a family without a table."""
    setting, late = observed.setting, observed.captured.late(observed.site)
    forced = forced_interaction(setting.family, setting.majors)
    if forced is None:
        return {}
    own = late.estimate(intervals=setting.sizes.replicates > 0)["P1*"]
    return {EXCESS: own.map(lambda value: value - forced.of_task)}


def analyse(side: Side, controls: Controls) -> Findings:
    """Hold the interaction of a side's states against what its tasks force."""
    return Findings(at_site(side.observed), controls.of_strangers(lambda other: at_site(other.observed)))


QUESTION = Question(
    name=EXCESS,
    claims=(
        Claim(
            EXCESS,
            "Task and current interact in the states no more than in what the read-out must produce.",
            (Criterion(EXCESS, "P1* − what the read-out forces", "at most", 0.02),),
        ),
    ),
    families=OF_SYMBOLS,
    scopes=(MAJORS_ONLY, DIVERSE),
    needs="states",
    statistics=(EXCESS,),
    analyse=analyse,
)
