"""Double dissociation: what the task vectors carry majors need and fresh tasks do not; what V carries fresh tasks need
and majors do not.

The contrasts of rises are those of `claims.causal.rises`, V is found by `claims.causal.ascent`. Nulls: removal of
random subspaces of equal rank and of equal removed norm; in the place of V what the same search finds on the loss of
majors, and does to them; and networks that never saw these majors (untrained, of fresh tasks only, of other majors)
with their own theta and V. What theory says of the removal of theta is in `claims.causal.ideal`; how V holds the fresh
task's prediction it does not say.
"""

from pydantic import BaseModel

from validate.claims.base import MARKOV_GIVEN_TASK, Claim, Controls, Findings, Question, Shown, Side, Statistics
from validate.claims.causal.ideal import ideal_dissociation
from validate.claims.causal.rises import CONTRASTS
from validate.claims.causal.v_tests import VTests, v_tests
from validate.claims.rule import Criterion
from validate.experiment.scopes import DIVERSE
from validate.statistics.intervals import Estimate, Numbers


def _rise(statistic: str, label: str) -> Criterion:
    return Criterion(statistic, label, "at least", 0.0, sign=True)


THETA_HURTS = _rise("theta specificity", "rise of major loss without θ, nats")
V_HURTS = _rise("V specificity", "rise of OOD loss without V, nats")


class RemovalShown(BaseModel):
    """Rises under one removal by population, and the mean rises of random subspaces by kind of match."""

    rises: dict[str, Estimate]
    random: dict[str, dict[str, Numbers]]


class DissociationShown(Shown):
    """Rises by what is removed, and how the search for V went: losses of all starts, trace of the best."""

    question = "dissociation"
    removals: dict[str, RemovalShown]
    losses: Numbers
    trace: Numbers


def contrasts_of(side: Side) -> Statistics:
    """Return the contrasts of rises of a side; none where V cannot be looked for."""
    tests = side.once(v_tests)
    return {} if tests is None else tests.contrasts()


def _shown(tests: VTests) -> DissociationShown:
    return DissociationShown(
        removals={
            name: RemovalShown(
                rises={population: tests.mean_rise(rise) for population, rise in rises.items()},
                random={
                    match: {population: values.tolist() for population, values in by_population.items()}
                    for match, by_population in tests.random.rises.get(name, {}).items()
                },
            )
            for name, rises in tests.rises.items()
        },
        losses=tests.found.losses,
        trace=tests.found.trace,
    )


def analyse(side: Side, controls: Controls) -> Findings:
    """Remove theta and V from a side's network."""
    tests = None if side.setting.causal is None else side.once(v_tests)
    if tests is None:
        return Findings()
    n_positions, nulls = len(tests.subject.intercepts), tests.random.nulls()
    if controls.judge:
        nulls["same search on the loss of majors"] = tests.contrasts_of_matched_search()
    return Findings(
        tests.contrasts(),
        nulls | controls.of_strangers(contrasts_of, tests.settings.controls),
        ideal_dissociation(side.mixture, tests.samples.evaluation, n_positions),
        _shown(tests) if controls.show else None,
    )


QUESTION = Question(
    name="dissociation",
    claims=(
        Claim(
            "dissociation",
            "Removing the task vectors hurts majors and leaves fresh tasks alone; removing V hurts fresh tasks and"
            " minors and leaves majors alone: their rise is at most a fifth.",
            (
                THETA_HURTS,
                _rise("theta dissociation", "a fifth of the rise of major loss − rise of OOD loss without θ, nats"),
                V_HURTS,
                _rise("V dissociation", "a fifth of the rise of OOD loss − rise of major loss without V, nats"),
                _rise("V minors", "rise of minor − of major loss without V, nats"),
                _rise("V control", "rise of OOD − of major loss without what goes with V, nats"),
            ),
            primary=(DIVERSE,),
        ),
        Claim(
            "specificity",
            "Removing random directions of equal rank or equal norm does less.",
            (THETA_HURTS, V_HURTS),
        ),
    ),
    families=MARKOV_GIVEN_TASK,
    scopes=(DIVERSE,),
    needs="network",
    statistics=tuple(CONTRASTS),
    analyse=analyse,
    shown=DissociationShown,
)
