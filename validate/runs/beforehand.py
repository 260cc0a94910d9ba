"""An experiment is judged whole before its first step: what would fail after hours of training is refused at once."""

from collections.abc import Iterable, Sequence

from validate.claims.base import Question
from validate.claims.catalogue import QUESTIONS, questions_for
from validate.experiment.feasible import require_feasible
from validate.experiment.schema import Experiment, ExperimentError
from validate.experiment.seed_plan import SeedPlan, seed_plans


def require_experiment(experiment: Experiment) -> None:
    """Refuse an experiment that does not fit into memory, or whose seeds cannot be measured.

    Raises
    ------
    ExperimentError
        One sentence that names the family and the number.
    """
    experiment.require_trainable()
    require_feasible(experiment)
    require_questions(seed_plans(experiment))


def require_questions(plans: Iterable[SeedPlan], questions: Sequence[Question] = QUESTIONS) -> None:
    """Refuse a seed in whose setting a question that is put to it has no meaning."""
    for plan in plans:
        for question in questions_for(plan.family.name, questions):
            if question.possible is None:
                continue
            try:
                question.possible(plan.setting)
            except ValueError as error:
                raise ExperimentError(f"families.{plan.section}, seed {plan.seed}: {error}") from error
