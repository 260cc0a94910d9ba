"""The analytic ladder: sources whose answer is known, measured before any network is trained.

    exact Bayes        must meet every criterion
    averaging          holds the running average; must lose the contest of P3*
    current symbol     knows nothing of the task
    untrained network  random weights; the paper's own statistics may not tell it from a trained one
    random             noise; must fail

A statistic that does not pass on exact-Bayes states, or passes on a rung it must tell from them (random states, and
averaging in the contest of P3*), cannot judge anything: the claims that need it are `not tested`. Averaging does meet
some of the other statistics; only P3* and the predictions tell it from inference.

The values on exact-Bayes states are also what theory predicts for a perfect network.
"""

from collections.abc import Callable
from functools import partial

from theory import Mixture
from validate.claims import CRITERIA
from validate.judgement import is_calibrated
from validate.measure import Captured, Setting
from validate.sources import RUNGS, FeatureSource, RandomSource, StateSource
from validate.study import Findings, Statistics, findings, statistics

EXACT, RANDOM = "exact Bayes", "random"


def rungs(setting: Setting) -> dict[str, Callable[[Mixture], StateSource]]:
    """Return, by name, how each analytic rung turns a training mixture into a source of states."""

    def from_features(name: str, mixture: Mixture) -> StateSource:
        rng = setting.stream(f"ladder/{name}", mixture.n_minors)
        return FeatureSource(setting.family, partial(RUNGS[name], mixture), rng)

    def at_random(mixture: Mixture) -> StateSource:
        return RandomSource(setting.family, setting.stream("ladder/random", mixture.n_minors))

    return {**{name: partial(from_features, name) for name in RUNGS}, RANDOM: at_random}


def climb(plain: Mixture, diverse: Mixture | None, setting: Setting) -> dict[str, Statistics]:
    """Estimate every statistic on every analytic rung."""

    def found(source: StateSource) -> Findings:
        return findings(source, Captured.of(source, setting), plain, setting)

    return {
        name: statistics(found(make(plain)), found(make(diverse)) if diverse else None, setting)
        for name, make in rungs(setting).items()
    }


def calibration(ladder: dict[str, Statistics]) -> dict[str, bool]:
    """Return, by statistic, whether exact-Bayes states meet it and none of its rival rungs could be taken for them."""
    exact = ladder[EXACT]
    return {
        name: is_calibrated(criterion, exact[name], [ladder[rung][name] for rung in criterion.rivals])
        for name, criterion in CRITERIA.items()
        if name in exact
    }
