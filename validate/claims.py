"""The claims, each with its statistics and tolerances, fixed before any run.

P0 to P3 are the paper's properties; the starred ones are their specific forms, see `docs/statistics.md`. A claim of
several criteria gets the worst of their verdicts (`validate.judgement`). A claim is judged once for each of its scopes:

    majors only   the network trained without minors
    diverse       the network with the most minors
    both          one against the other
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from validate.judgement import Criterion

Scope = Literal["majors only", "diverse", "both"]
Place = Literal["chosen", "last", "none"]

MAJORS_ONLY: Scope = "majors only"
DIVERSE: Scope = "diverse"
BOTH: Scope = "both"
SCOPES: tuple[Scope, ...] = (MAJORS_ONLY, DIVERSE, BOTH)

MARKOV_GIVEN_TASK = ("dice", "regression", "markov")
"""Families whose next target depends on the task and on what is current alone."""

EVERY_FAMILY = (*MARKOV_GIVEN_TASK, "dyck")


@dataclass(frozen=True)
class Claim:
    """One statement of the paper, or its specific counterpart.

    Attributes
    ----------
    scopes, families : tuple of str
        Where it is judged.
    place : {"chosen", "last", "none"}
        At which layer: the one chosen on other sequences, the last, or at none because it is about predictions.
    paper : mapping
        The paper's own value of the first criterion's statistic, by (family, scope), where it is known.
    """

    name: str
    statement: str
    criteria: tuple[Criterion, ...]
    scopes: tuple[Scope, ...] = (MAJORS_ONLY, DIVERSE)
    families: tuple[str, ...] = MARKOV_GIVEN_TASK
    place: Place = "chosen"
    paper: Mapping[tuple[str, Scope], float] = field(default_factory=dict)


PROPERTIES = (
    Claim(
        "P0",
        "At the last scored position the state is a function of the task and of what is current.",
        (Criterion("P0", "R² of task and current", "at least", 0.95),),
        # The paper's Table 1, majors, last layer listed, 1024 minors; regression in-sample.
        paper={("dice", DIVERSE): 0.977, ("markov", DIVERSE): 0.950, ("regression", DIVERSE): 0.970},
    ),
    Claim(
        "P0*",
        "Once the effect of what is current is removed, the task explains the state.",
        (Criterion("P0*", "share explained by the task", "at least", 0.95),),
    ),
    Claim(
        "P1",
        "Task and current add up: the share of their interaction is negligible.",
        (Criterion("P1", "η² of the interaction", "at most", 0.02),),
    ),
    Claim(
        "P1*",
        "The interaction is negligible beside the task's own effect.",
        (Criterion("P1*", "interaction / (interaction + task)", "at most", 0.02),),
    ),
    Claim(
        "P2",
        "Late vectors of task and current, the task's with weights in the simplex, reconstruct the state.",
        (Criterion("P2", "additive R²", "at least", 0.95),),
    ),
    Claim(
        "P2*",
        "While the posterior is undecided, the simplex of task vectors explains what the current leaves.",
        (Criterion("P2*", "additive R² without the current", "at least", 0.65),),
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
        scopes=(MAJORS_ONLY,),
        families=EVERY_FAMILY,
        place="none",
    ),
    Claim(
        "retrieval",
        "Trained on majors only, the network predicts as the exact posterior over them does, and not as M2.",
        (
            Criterion("KL to M1", "KL(model ‖ M1), nats", "at most", 0.005),
            Criterion("KL contest", "KL(model ‖ M2) − KL(model ‖ M1), nats", "at least", 0.0, sign=True),
        ),
        scopes=(MAJORS_ONLY,),
        families=EVERY_FAMILY,
        place="none",
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
    scopes=(BOTH,),
)

STABILITY = Claim(
    "majors stable",
    "In the diverse network's last layer, task and current determine the states of majors more than those of minors.",
    (Criterion("P0 contrast", "R² of majors − R² of minors", "at least", 0.0, sign=True),),
    scopes=(DIVERSE,),
    place="last",
    paper={
        ("dice", DIVERSE): 0.977 - 0.931,
        ("markov", DIVERSE): 0.950 - 0.743,
        ("regression", DIVERSE): 0.970 - 0.832,
    },
)

CLAIMS = (*PROPERTIES, *RETRIEVAL, NEAR_ORTHOGONALITY, STABILITY)

CRITERIA = {criterion.statistic: criterion for claim in CLAIMS for criterion in claim.criteria}
"""Every criterion by its statistic."""
