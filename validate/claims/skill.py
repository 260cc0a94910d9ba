"""Has the network learned to predict? Its skill, the condition of every claim about its states (`capture.skill`)."""

from validate.capture.skill import Skill
from validate.claims.base import EVERY_FAMILY, Controls, Findings, Question, Side, Statistics
from validate.experiment.scopes import DIVERSE, MAJORS_ONLY
from validate.statistics.intervals import bootstrap, explained_share

SKILL = "skill"


def skill(side: Side) -> Statistics:
    """Estimate the skill on held-out sequences of the training mixture."""
    setting = side.setting
    own = Skill.of_mixture(side.mixture, side.arenas.batches["training"], setting.n_positions)
    rng, n = setting.stream("bootstrap/skill"), setting.sizes.replicates
    return {SKILL: bootstrap(own.moments(side.mean("training")), explained_share, rng, n)}


def analyse(side: Side, controls: Controls) -> Findings:
    """Return the skill of a side."""
    return Findings(skill(side))


QUESTION = Question(
    name="skill",
    claims=(),
    families=EVERY_FAMILY,
    scopes=(MAJORS_ONLY, DIVERSE),
    needs="predictions",
    statistics=(SKILL,),
    unjudged=(SKILL,),
    analyse=analyse,
    place="none",
)
