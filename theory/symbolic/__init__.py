"""The identities the theory rests on, proved by SymPy for symbolic tasks, priors, counts and states.

Every identity is a pair (left, right) with a name and a source; `prove` shows that their difference is 0. The sizes
are small (two or three tasks, symbols or dimensions) and the algebra is the same for any other.

    dice, markov, regression, dyck   posterior, evidence, convex combination and growth of the log-odds, per family
    anova                            the parts of a table of cells and their orthogonality
    operations                       backward formulas of a transformer's operations

`tests/theory/test_symbolic.py` checks that the numeric code computes these very expressions. This package imports
SymPy and takes a few seconds; `import theory` does not import it.
"""

from theory.symbolic import anova, dice, dyck, markov, operations, regression
from theory.symbolic.identity import Identity, Predictor, prove

IDENTITIES: tuple[Identity, ...] = (
    *dice.IDENTITIES,
    *markov.IDENTITIES,
    *regression.IDENTITIES,
    *dyck.IDENTITIES,
    *anova.IDENTITIES,
    *operations.IDENTITIES,
)

__all__ = [
    "IDENTITIES",
    "Identity",
    "Predictor",
    "anova",
    "dice",
    "dyck",
    "markov",
    "operations",
    "prove",
    "regression",
]
