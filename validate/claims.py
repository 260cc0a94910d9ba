"""The claims, each with its statistics and tolerances, fixed before any run.

P0 to P3 are the paper's properties; the starred ones are their specific forms, see `docs/statistics.md`. A claim of
several criteria gets the worst of their verdicts (`validate.judgement`).
"""

from dataclasses import dataclass

from validate.judgement import Criterion


@dataclass(frozen=True)
class Claim:
    """One statement of the paper, or its specific counterpart."""

    name: str
    statement: str
    criteria: tuple[Criterion, ...]


PROPERTIES = (
    Claim(
        "P0",
        "At the last scored position the state is a function of task and current symbol.",
        (Criterion("P0", "R² of (task, symbol) cells", "at least", 0.95),),
    ),
    Claim(
        "P0*",
        "Once the symbol's effect is removed, the task explains the state.",
        (Criterion("P0*", "share explained by the task", "at least", 0.95),),
    ),
    Claim(
        "P1",
        "Task and symbol add up: the interaction's share of the cell means is negligible.",
        (Criterion("P1", "η² of the interaction", "at most", 0.02),),
    ),
    Claim(
        "P1*",
        "The interaction is negligible beside the task's own effect.",
        (Criterion("P1*", "interaction / (interaction + task)", "at most", 0.02),),
    ),
    Claim(
        "P2",
        "Late task and symbol vectors, with weights in the simplex, reconstruct the state.",
        (Criterion("P2", "additive R²", "at least", 0.95),),
    ),
    Claim(
        "P2*",
        "While the posterior is undecided, the simplex of task vectors explains what the symbol leaves.",
        (Criterion("P2*", "additive R² without the symbol", "at least", 0.65),),
    ),
    Claim(
        "P3",
        "At the last scored position the simplex weights are the exact posterior.",
        (
            Criterion("P3 r", "Pearson r", "at least", 0.98),
            Criterion("P3 TV", "total variation", "at most", 0.05),
        ),
    ),
    Claim(
        "P3*",
        "While the posterior is undecided, the weights follow it, and not a running average.",
        (
            Criterion("P3* TV", "total variation", "at most", 0.15),
            Criterion(
                "P3* contest",
                "TV to averaging − TV to posterior",
                "at least",
                0.0,
                sign=True,
                rivals=("random", "averaging"),
            ),
        ),
    ),
)
"""Claims about one network's states, each read from `measure.properties`."""

RETRIEVAL = (
    Claim(
        "Bayes risk",
        "Trained on majors only, the loss on their sequences comes to the Bayes risk.",
        (Criterion("risk gap", "loss − loss of M1, nats", "at most", 0.002),),
    ),
    Claim(
        "retrieval",
        "Trained on majors only, the network predicts as the exact posterior over them does, and not as M2.",
        (
            Criterion("KL to M1", "KL(model ‖ M1), nats", "at most", 0.005),
            Criterion("KL contest", "KL(model ‖ M2) − KL(model ‖ M1), nats", "at least", 0.0, sign=True),
        ),
    ),
)
"""Claims about the predictions of the majors-only network."""

NEAR_ORTHOGONALITY = Claim(
    "near-orthogonality",
    "With many minors, states of fresh tasks leave the span of the task vectors.",
    (
        Criterion("R2_OOD ratio", "R²_OOD, diverse / majors only", "at most", 0.5),
        Criterion("R2_OOD fall", "R²_OOD, majors only − diverse", "at least", 0.0, sign=True),
    ),
)

CLAIMS = (*PROPERTIES, *RETRIEVAL, NEAR_ORTHOGONALITY)

CRITERIA = {criterion.statistic: criterion for claim in CLAIMS for criterion in claim.criteria}
"""Every criterion by its statistic."""
