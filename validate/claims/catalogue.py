"""The claims, each with its statistics and tolerances, fixed before any run.

P0 to P3 are the paper's properties; the starred ones are their specific forms, see `docs/statistics.md`. A claim of
several criteria gets the worst of their verdicts (`claims.rule`). A claim is judged once for each of its scopes:

    majors only   the network trained without minors
    diverse       the network with the most minors
    both          one against the other
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from validate.claims.rule import EXACT, Criterion

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


def criteria_of(claims: Iterable[Claim]) -> list[Criterion]:
    """Return the criteria of some claims, in their order."""
    return [criterion for claim in claims for criterion in claim.criteria]


def _altered(statistic: str, label: str, tolerance: float = 0.0, sign: bool = False) -> Criterion:
    """Return a criterion of a network whose read-out is run on other states: no rung of the ladder can have it."""
    return Criterion(statistic, label, "at least", tolerance, sign=sign, on_ladder=False)


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

MODES = (
    Claim(
        "two modes",
        "The predictions are those of M1 and M2, and not of anything simpler.",
        (
            Criterion("two modes", "how much closer a mode is than the nearest rival", "at least", 0.9),
            Criterion("mode weight", "weight of M1 and M2 in the best mixture", "at least", 0.9),
        ),
        families=EVERY_FAMILY,
        place="none",
    ),
    Claim(
        "two modes OOD",
        "So they are on sequences of fresh tasks.",
        (Criterion("mode weight OOD", "weight of M1 and M2 in the best mixture", "at least", 0.9),),
        families=EVERY_FAMILY,
        place="none",
    ),
    Claim(
        "second mode",
        "With many minors the network extrapolates: it is closer to M2 than to M1.",
        (
            Criterion("M2 mode", "how much closer M2 is than M1, training", "at least", 0.0, sign=True),
            Criterion("M2 mode OOD", "how much closer M2 is than M1, OOD", "at least", 0.0, sign=True),
        ),
        scopes=(DIVERSE,),
        families=EVERY_FAMILY,
        place="none",
    ),
    Claim(
        "OOD loss",
        "Diversity lowers the loss on fresh tasks.",
        (Criterion("OOD loss falls", "loss, majors only − diverse, nats", "at least", 0.0, sign=True),),
        scopes=(BOTH,),
        families=EVERY_FAMILY,
        place="none",
    ),
    Claim(
        "loss on majors",
        "The majors do not suffer from diversity: their loss stays at that of M2.",
        (Criterion("majors do not suffer", "loss − loss of M2 on majors, nats", "at most", 0.02),),
        scopes=(DIVERSE,),
        families=EVERY_FAMILY,
        place="none",
    ),
)
"""Claims about the predictions, with other explanations as rivals, see `claims.modes`."""

GEOMETRY = (
    Claim(
        "near-orthogonality",
        "With many minors, states of fresh tasks leave the span of the task vectors.",
        (
            Criterion("R2_OOD ratio", "R²_OOD, diverse / majors only", "at most", 0.5),
            Criterion("R2_OOD fall", "R²_OOD, majors only − diverse", "at least", 0.0, sign=True),
        ),
        scopes=(BOTH,),
    ),
    Claim(
        "angle",
        "With many minors, the directions of fresh tasks turn away from the task vectors.",
        (Criterion("smallest angle", "principal angle, diverse − majors only, degrees", "at least", 0.0, sign=True),),
        scopes=(BOTH,),
    ),
    Claim(
        "directions of minors",
        "Three directions of the minors hold most of the states of fresh tasks.",
        (Criterion("OOD in minors' span", "share of squares in three directions", "at least", 0.5),),
        scopes=(DIVERSE,),
    ),
    Claim(
        "packing bound",
        "Some state of a fresh task is as far from the task vectors as the packing bound says: a theorem.",
        (_altered("distance over bound", "log10 of largest distance / bound", sign=True),),
        place="last",
    ),
)
"""Claims about where states of fresh tasks go, see `statistics.subspace` and `claims.geometry`."""

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


CAUSAL = (
    Claim(
        "steering",
        "Moving the task component of a state to a point of the simplex moves the prediction to that mixture of tasks.",
        (_altered("steering", "share of the distance to the target removed", 0.8),),
    ),
    Claim(
        "dissociation",
        "Removing the task vectors hurts majors more than fresh tasks; removing V hurts fresh tasks and minors more.",
        (
            _altered("theta dissociation", "rise of major − of OOD loss without θ, nats", sign=True),
            _altered("V dissociation", "rise of OOD − of major loss without V, nats", sign=True),
            _altered("V minors", "rise of minor − of major loss without V, nats", sign=True),
            _altered("V control", "rise of OOD − of major loss without what goes with V, nats", sign=True),
        ),
        scopes=(DIVERSE,),
    ),
    Claim(
        "specificity",
        "Removing random directions of equal rank or equal norm does less.",
        (
            _altered("theta specificity", "rise of major loss without θ, nats", sign=True),
            _altered("V specificity", "rise of OOD loss without V, nats", sign=True),
        ),
        scopes=(DIVERSE,),
    ),
    Claim(
        "V carries",
        "V holds running statistics of the context, and what it does to fresh tasks comes from them.",
        (
            _altered("V carries", "R² of V'h on running statistics", 0.5),
            _altered("filtered removal", "share of V's effect in its explained part", 0.5),
        ),
        scopes=(DIVERSE,),
    ),
    Claim(
        "V carries*",
        "Running statistics explain what V holds better than plain averages of the context do.",
        (_altered("V contest", "R² on running statistics − R² on plain averages", sign=True),),
        scopes=(DIVERSE,),
    ),
    Claim(
        "history",
        "Later layers need the states of earlier positions less than the first layer does.",
        (_altered("history", "rise of loss with the history swapped, first − last but one layer, nats", sign=True),),
        place="none",
    ),
)
"""Causal claims, see `claims.causal`."""

BOUNDARY = (
    Claim(
        "prefix in the residual",
        "For planted Dyck paths task and symbol do not determine the state; with the prefix beside them they do.",
        (
            Criterion(
                "Dyck residual", "1 − R² of cells", "at least", 0.1, exact="prefix", rivals=(EXACT, "symbol counts")
            ),
            Criterion("Dyck residual given prefix", "1 − R² of cells and prefix", "at most", 0.05, exact="prefix"),
            Criterion(
                "prefix effect",
                "share of the prefix in what the symbol leaves",
                "at least",
                0.25,
                exact="prefix",
                rivals=("random", EXACT, "symbol counts"),
            ),
        ),
        families=("dyck",),
    ),
    Claim(
        "prefix can be read",
        "A linear probe reads from the state how many steps of the path were shown.",
        (
            Criterion(
                "prefix R2 beyond task",
                "R² of the steps shown beyond (task, symbol)",
                "at least",
                0.5,
                exact="prefix",
                rivals=("random", EXACT),
            ),
        ),
        families=("dyck",),
    ),
    Claim(
        "prefix identity",
        "A linear probe reads which prefix was shown, beyond what counts of ups and downs tell.",
        (
            Criterion(
                "prefix R2 beyond counts",
                "R² of the prefix beyond counts",
                "at least",
                0.5,
                exact="prefix",
                rivals=("random", EXACT, "symbol counts"),
            ),
        ),
        families=("dyck",),
    ),
)
"""Claims about planted Dyck paths, where the state cannot be a function of task and symbol, see `claims.prefix`."""

CLAIMS = (*PROPERTIES, *RETRIEVAL, *MODES, *GEOMETRY, STABILITY, *CAUSAL, *BOUNDARY)

CRITERIA = {criterion.statistic: criterion for criterion in criteria_of(CLAIMS)}
"""Every criterion by its statistic."""
