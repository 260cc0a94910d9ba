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

from collections.abc import Callable, Mapping
from functools import partial

from theory import Mixture, PlantedDyck
from validate.capture.candidates import Arenas
from validate.capture.sources import RUNGS, FeatureSource, RandomSource, StateSource
from validate.claims.base import Measured, Side
from validate.claims.catalogue import CRITERIA, Scope
from validate.claims.prefix import PREFIX_RUNGS
from validate.claims.properties import Captured, Setting
from validate.claims.rule import EXACT, is_calibrated
from validate.judging.analyses import without_intervention
from validate.statistics.intervals import Estimate

RANDOM = "random"


def rungs(setting: Setting) -> dict[str, Callable[[Mixture], StateSource]]:
    """Return, by name, how each analytic rung turns a training mixture into a source of states."""
    features = RUNGS | PREFIX_RUNGS if isinstance(setting.family, PlantedDyck) else RUNGS

    def from_features(name: str, mixture: Mixture) -> StateSource:
        rng = setting.stream(f"ladder/{name}", mixture.n_minors)
        return FeatureSource(setting.family, partial(features[name], mixture), rng)

    def at_random(mixture: Mixture) -> StateSource:
        return RandomSource(setting.family, setting.stream("ladder/random", mixture.n_minors))

    return {**{name: partial(from_features, name) for name in features}, RANDOM: at_random}


def climb(plain: Mixture, diverse: Mixture | None, setting: Setting) -> dict[str, Measured]:
    """Estimate every statistic on every analytic rung, by scope."""
    arenas = {mixture.n_minors: Arenas(mixture, setting) for mixture in (plain, diverse) if mixture is not None}

    def side(make: Callable[[Mixture], StateSource], mixture: Mixture) -> Side:
        source = make(mixture)
        return Side.of(source, Captured.of(source, setting), source.sites[0], arenas[mixture.n_minors])

    return {
        name: without_intervention(side(make, plain), side(make, diverse) if diverse is not None else None)
        for name, make in rungs(setting).items()
    }


def calibration(ladder: Mapping[str, Measured]) -> dict[Scope, dict[str, bool]]:
    """Return, by scope and statistic, whether the ladder lets it judge.

    It does if the rung that must meet the criterion does and none of the criterion's rivals could be taken for it.
    """
    judged: dict[Scope, dict[str, bool]] = {}
    for scope in ladder[EXACT]:
        values: dict[str, dict[str, Estimate]] = {rung: measured[scope] for rung, measured in ladder.items()}
        judged[scope] = {
            name: is_calibrated(
                criterion, values[criterion.exact][name], [values[rung][name] for rung in criterion.rivals]
            )
            for name, criterion in CRITERIA.items()
            if name in values.get(criterion.exact, {})
        }
    return judged
