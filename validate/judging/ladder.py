"""The analytic ladder: sources whose answer is known, measured before any network is trained.

    exact Bayes         must meet every criterion
    averaging           holds the running average; must lose the contest of P3*
    current symbol      knows nothing of the task
    prediction only     the exact prediction and nothing else: the rival of claims about states, asked of them alone
    untrained networks  random weights; the paper's own statistics may not tell them from a trained one
    random              noise; must fail

A statistic that does not pass on exact-Bayes states, or passes on a rung it must tell from them (random states, and
averaging in the contest of P3*), cannot judge anything: the claims that need it are `not tested`. Averaging does meet
some of the other statistics; only P3* and the predictions tell it from inference.

The values on exact-Bayes states are also what theory predicts for a perfect network.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

from theory import Mixture
from validate.capture.candidates import Arenas
from validate.capture.rungs import EXACT, PREDICTION, rungs
from validate.capture.sources import StateSource
from validate.claims.base import Controls, Observed, Question, Side, Statistics
from validate.claims.catalogue import CRITERIA
from validate.claims.rule import Criterion, is_calibrated
from validate.experiment.scopes import BOTH, Scope
from validate.experiment.seed_plan import SeedPlan
from validate.judging.results import ByScope
from validate.statistics.intervals import UNDEFINED, Estimate, mean_of


def climb(plan: SeedPlan, questions: Sequence[Question], names: Collection[str] | None = None) -> dict[str, ByScope]:
    """Estimate every statistic of some questions on every analytic rung, or on those named, by scope."""
    further = {name: features for question in questions for name, features in question.rungs.items()}
    made = rungs(plan.setting, further)
    arenas = {m.n_minors: Arenas(m, plan.setting) for m in (plan.plain, plan.diverse) if m is not None}
    climbed = made if names is None else {name: made[name] for name in names}
    of_states = [question for question in questions if question.needs == "states"]
    return {
        name: _on_rung(make, plan, of_states if name == PREDICTION else questions, arenas)
        for name, make in climbed.items()
    }


def _on_rung(
    make: Callable[[Mixture], StateSource], plan: SeedPlan, questions: Sequence[Question], arenas: Mapping[int, Arenas]
) -> ByScope:
    def side(mixture: Mixture) -> Side:
        source = make(mixture)
        return Side(Observed(source, plan.setting, source.sites[0]), arenas[mixture.n_minors])

    plain = side(plan.plain)
    sides: list[tuple[Scope, Side]] = [(plain.scope, plain)]
    if plan.diverse is not None:
        diverse = side(plan.diverse)
        sides += [(diverse.scope, diverse), (BOTH, diverse)]
    table: ByScope = {}
    for scope, own in sides:
        for question in questions:
            if scope in question.scopes:
                table.setdefault(scope, {}).update(question.analyse(own, Controls(plain=plain)).statistics)
    return table


def calibrated_by(criterion: Criterion, ladders: Sequence[Mapping[str, Statistics]]) -> bool:
    """Tell whether the rungs of some seeds let a criterion judge.

    They do if, in the mean over the seeds, the rung that must meet it does and none of its rivals could pass for it.
    """

    def over(rung: str) -> Estimate:
        return mean_of([ladder.get(rung, {}).get(criterion.statistic, UNDEFINED) for ladder in ladders])

    return is_calibrated(criterion, over(criterion.exact), [over(rival) for rival in criterion.rivals])


def calibration(ladder: Mapping[str, ByScope]) -> dict[Scope, dict[str, bool]]:
    """Return, by scope and statistic, whether the ladder of one seed lets it judge."""
    return {
        scope: {
            name: calibrated_by(criterion, [{rung: own.get(scope, {}) for rung, own in ladder.items()}])
            for name, criterion in CRITERIA.items()
            if name in ladder.get(criterion.exact, {}).get(scope, {})
        }
        for scope in ladder[EXACT]
    }
