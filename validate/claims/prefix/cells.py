"""Is the state of a planted Dyck path a function of task and symbol? P0, where theory says that it fails.

    P0 of paths    R2 of (task, current symbol) cells at the judged position, 1 - Dyck residual

States of the posterior alone must meet it, states that keep the prefix must not (docs/dyck.md). What comes next depends
on the number of steps shown, which varies within a cell, so a network that predicts well has to keep it: the claim is
expected to fail. It is judged beside its opposite, the prefix in the residual, with P0's own tolerance.
"""

from validate.capture.rungs import EXACT
from validate.claims.base import OF_PREFIXES, Claim, Controls, Findings, Observed, Question, Side, Statistics
from validate.claims.prefix.rungs import PREFIX_RUNGS
from validate.claims.prefix.sample import PrefixSample
from validate.claims.rule import Criterion
from validate.experiment.scopes import DIVERSE, MAJORS_ONLY
from validate.statistics.effects import cell_parts
from validate.statistics.parts import SHARES

P0_OF_PATHS = "P0 of paths"

CLAIMS = (
    Claim(
        P0_OF_PATHS,
        "At the judged position the state is a function of the task and of the current symbol.",
        (Criterion(P0_OF_PATHS, "R² of task and symbol", "at least", 0.95, exact=EXACT, rivals=("random", "prefix")),),
        primary=(DIVERSE,),
        expected_to_fail=dict.fromkeys(
            OF_PREFIXES,
            "what comes next depends on how much of the path was shown, so the state has to keep the prefix",
        ),
    ),
)


def at_site(observed: Observed) -> Statistics:
    """Estimate the statistic at the judged position and the chosen site."""
    setting, sample = observed.setting, PrefixSample.at(observed.setting)
    grid = sample.grid(sample.states(observed.source)[observed.site])
    return {P0_OF_PATHS: cell_parts(grid, intervals=setting.sizes.replicates > 0).share(SHARES["P0"])}


def analyse(side: Side, controls: Controls) -> Findings:
    """Judge whether task and symbol determine the states of a side."""
    return Findings(at_site(side.observed), controls.of_untrained(lambda other: at_site(other.observed)))


QUESTION = Question(
    name="cells of paths",
    claims=CLAIMS,
    families=OF_PREFIXES,
    scopes=(MAJORS_ONLY, DIVERSE),
    needs="states",
    statistics=(P0_OF_PATHS,),
    analyse=analyse,
    rungs=PREFIX_RUNGS,
)
