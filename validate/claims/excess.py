"""Is there more interaction of task and current in the states than the read-out forces?

    excess = P1* at the judged site - P1* of the read-out's table (`claims.forced`)

What the outputs have to be is no sum of a task's and a symbol's part where rows differ (Markov chains) or a product is
predicted (regression); so much interaction the last states need, in the directions that are read, if the read-out is
linear in them. Excess at most P1*'s tolerance: the states interact no more than the predictions do. Of dice nothing is
forced, and the claim is P1*. Of predicted numbers, products w_k . x, everything is; nothing can exceed it, and the
question is not asked.

Nulls: untrained networks, and permuted task labels.
"""

from theory import FAMILIES
from validate.capture.labelled import LabelledStates
from validate.claims.base import MARKOV_GIVEN_TASK, Claim, Controls, Findings, Observed, Question, Side, Statistics
from validate.claims.forced import forced_interaction
from validate.claims.rule import Criterion
from validate.experiment.scopes import DIVERSE, MAJORS_ONLY

EXCESS = "excess interaction"

OF_SYMBOLS = tuple(name for name in MARKOV_GIVEN_TASK if FAMILIES[name].target_kind == "symbol")


def excess_of(observed: Observed, late: LabelledStates) -> Statistics:
    """Estimate the excess of labelled states; none for a family without a table."""
    setting = observed.setting
    forced = forced_interaction(setting.family, setting.majors)
    if forced is None:
        return {}
    own = late.estimate(intervals=setting.sizes.replicates > 0)["P1*"]
    return {EXCESS: own.map(lambda value: value - forced.of_task)}


def at_site(observed: Observed) -> Statistics:
    """Estimate the excess where a source is judged."""
    return excess_of(observed, observed.captured.late(observed.site))


def permuted_labels(observed: Observed) -> Statistics:
    """Return the excess of the same states with task labels that tell nothing."""
    late = observed.captured.late(observed.site)
    return excess_of(observed, late.shuffled(observed.setting.stream("permuted labels")))


def analyse(side: Side, controls: Controls) -> Findings:
    """Hold the interaction of a side's states against what its tasks force."""
    nulls = controls.of_untrained(lambda other: at_site(other.observed))
    if controls.judge:
        nulls["permuted task labels"] = permuted_labels(side.observed)
    return Findings(at_site(side.observed), nulls)


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
