"""What does V carry: running statistics of the context, and is it they whose loss hurts?

    V carries          held-out R2 of V's coordinates on running statistics         (`claims.causal.reading`)
    V contest          the same less R2 on plain averages
    filtered removal   share of V's effect in its explained part                    (`claims.causal.filtered`)

Nulls: running statistics of other sequences, and untrained networks (but where removing V does nothing, the share of
its effect is no number). The tolerances of .5 were fixed before any run.
"""

from validate.claims.base import MARKOV_GIVEN_TASK, Claim, Controls, Findings, Question, Shown, Side, Statistics
from validate.claims.causal.v_tests import v_tests
from validate.claims.rule import Criterion
from validate.experiment.scopes import DIVERSE
from validate.statistics.intervals import Estimate


class CarryingShown(Shown):
    """R2 by subspace and regressor, and rises with each part of V's coordinates removed."""

    question = "what V carries"
    carries: dict[str, Estimate]
    filtered: dict[str, Estimate]


def _of_untrained(side: Side) -> Statistics:
    tests = side.once(v_tests)
    table = {} if tests is None else tests.carrying()
    return {name: estimate for name, estimate in table.items() if name != "filtered removal"}


def analyse(side: Side, controls: Controls) -> Findings:
    """Read V of a side's network."""
    tests = None if side.setting.causal is None else side.once(v_tests)
    if tests is None:
        return Findings()
    nulls = {"statistics of other sequences": tests.carrying_of_other_sequences()}
    nulls |= controls.of_untrained(_of_untrained, tests.settings.controls)
    shown = None
    if controls.show:
        filtered = {name: tests.mean_rise(rise) for name, rise in tests.parts.items()}
        shown = CarryingShown(carries=tests.carried_by_subspace(), filtered=filtered)
    return Findings(tests.carrying(), nulls, shown=shown)


QUESTION = Question(
    name="what V carries",
    claims=(
        Claim(
            "V carries",
            "V holds running statistics of the context, and what it does to fresh tasks comes from them.",
            (
                Criterion("V carries", "R² of V'h on running statistics", "at least", 0.5),
                Criterion("filtered removal", "share of V's effect in its explained part", "at least", 0.5),
            ),
        ),
        Claim(
            "V carries*",
            "Running statistics explain what V holds better than plain averages of the context do.",
            (Criterion("V contest", "R² on running statistics − R² on plain averages", "at least", 0.0, sign=True),),
        ),
    ),
    families=MARKOV_GIVEN_TASK,
    scopes=(DIVERSE,),
    needs="network",
    statistics=("V carries", "V contest", "filtered removal"),
    analyse=analyse,
    shown=CarryingShown,
)
