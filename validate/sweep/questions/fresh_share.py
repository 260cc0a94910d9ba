"""R2_OOD along a sweep: the share of fresh tasks' last states inside the task span, with minors and without.

Both networks are read at the layer chosen in the majors-only one. Baseline: a random subspace of the span's rank,
(K - 1) / W.
"""

from validate.claims.base import EVERY_FAMILY, Controls, Findings, Question, Side, Statistics
from validate.claims.geometry import fresh_moments
from validate.experiment.scopes import BOTH
from validate.statistics.intervals import Estimate, bootstrap
from validate.statistics.subspace import share_inside
from validate.sweep.questions.baseline import baseline

STATISTICS = ("R2_OOD", "R2_OOD majors only")


def fresh_share(plain: Side, diverse: Side) -> Statistics:
    """Estimate R2_OOD in both networks."""
    setting = diverse.setting

    def inside(side: Side) -> Estimate:
        moments = side.observed.once(fresh_moments)[plain.site]
        return bootstrap(moments, share_inside, setting.stream("bootstrap/subspace"), setting.sizes.replicates)

    return {"R2_OOD": inside(diverse), "R2_OOD majors only": inside(plain)}


def analyse(side: Side, controls: Controls) -> Findings:
    """Measure R2_OOD in a side and in the majors-only network beside it."""
    plain = controls.plain
    if plain is None:
        return Findings()
    nulls = controls.of_untrained_pairs(fresh_share)
    if controls.judge:
        width = side.observed.captured.fresh[plain.site].shape[-1]
        nulls |= baseline(dict.fromkeys(STATISTICS, (len(side.setting.majors) - 1) / width))
    return Findings(fresh_share(plain, side), nulls)


QUESTION = Question(
    name="R2_OOD",
    claims=(),
    families=EVERY_FAMILY,
    scopes=(BOTH,),
    needs="states",
    statistics=STATISTICS,
    analyse=analyse,
    unjudged=STATISTICS,
)
