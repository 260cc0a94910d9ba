"""The questions put to the networks of a sweep: those of a run that it needs, and its own.

Statistics of states are those of the network with minors; R2_OOD compares the two. A sweep may be of any family.
"""

from dataclasses import replace

from validate.claims import geometry, properties, stability
from validate.claims.base import EVERY_FAMILY, Question
from validate.claims.catalogue import require_consistent
from validate.claims.prefix import question as prefix
from validate.experiment.scopes import DIVERSE
from validate.sweep.questions import fresh_share, gaps, shapes

OF_A_RUN = (
    replace(prefix.QUESTION, scopes=(DIVERSE,)),  # the layer of planted Dyck paths is chosen by it
    replace(properties.QUESTION, scopes=(DIVERSE,), families=EVERY_FAMILY),
    replace(stability.QUESTION, families=EVERY_FAMILY),
    replace(geometry.NEAR_ORTHOGONALITY, families=EVERY_FAMILY),
)

SWEEP_QUESTIONS: tuple[Question, ...] = (*OF_A_RUN, fresh_share.QUESTION, gaps.QUESTION, shapes.QUESTION)

require_consistent(SWEEP_QUESTIONS)
