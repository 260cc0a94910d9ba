"""E1, biased dice: the predictors' identities for symbolic laws, priors and counts.

Symbols: K = 3 tasks with prior weights pi_k and face laws p_{k,v} on V = 3 faces (the last face has what the others
leave), counts n_v of any size, Dirichlet parameter a, fresh mass q. With L_k(n) = prod_v p_{k,v}^{n_v},

    evidence      E(n) = sum_k pi_k L_k(n)
    posterior     alpha_k(n) = pi_k L_k(n) / E(n)
    Dirichlet     D(n) = Gamma(V a) / Gamma(V a + n) prod_v Gamma(a + n_v) / Gamma(a),   n = sum_v n_v

Counts stay symbolic, so a proof covers contexts of every length.
"""

from collections.abc import Iterator, Sequence
from functools import partial

import sympy as sp

from theory.symbolic.identity import Expression, Identity, Predictor, bayes_identities

N_TASKS = N_FACES = 3

PRIOR = sp.symbols(f"pi:{N_TASKS}", positive=True)
LAWS = [
    [*(law := sp.symbols([f"p{task}{face}" for face in range(N_FACES - 1)], positive=True)), 1 - sum(law)]
    for task in range(N_TASKS)
]
COUNTS = sp.symbols(f"n:{N_FACES}", integer=True, nonnegative=True)
CONCENTRATION = sp.Symbol("a", positive=True)
FRESH_MASS = sp.Symbol("q", positive=True)


def likelihood(task: int, counts: Sequence[Expression]) -> Expression:
    """Return L_k(n), the probability of one sequence with these counts given the task."""
    return sp.prod(p**n for p, n in zip(LAWS[task], counts, strict=True))


def dirichlet_evidence(counts: Sequence[Expression]) -> Expression:
    """Return D(n), the probability of one sequence with these counts when its law is drawn from Dirichlet(a, .., a)."""
    total = len(counts) * CONCENTRATION
    ratio = sp.gamma(total) / sp.gamma(total + sum(counts))
    return ratio * sp.prod(sp.gamma(CONCENTRATION + n) / sp.gamma(CONCENTRATION) for n in counts)


def add_alpha(symbol: int, counts: Sequence[Expression]) -> Expression:
    """Return the prior predictive (n_symbol + a) / (n + V a)."""
    return (counts[symbol] + CONCENTRATION) / (sum(counts) + len(counts) * CONCENTRATION)


def seen(counts: Sequence[Expression], symbol: int) -> list[Expression]:
    """Return the counts after one more symbol."""
    return [count + int(other == symbol) for other, count in enumerate(counts)]


def _known_mean(task: int, face: int, counts: Sequence[Expression]) -> Expression:
    """What a known die predicts, whatever was seen."""
    return LAWS[task][face]


_KNOWN_LIKELIHOODS = [partial(likelihood, task) for task in range(N_TASKS)]
_KNOWN_MEANS = [partial(_known_mean, task) for task in range(N_TASKS)]

RETRIEVAL = Predictor("retrieval", PRIOR, _KNOWN_LIKELIHOODS, _KNOWN_MEANS)
EXTRAPOLATION = Predictor(
    "extrapolation",
    [*[(1 - FRESH_MASS) / N_TASKS] * N_TASKS, FRESH_MASS],
    [*_KNOWN_LIKELIHOODS, dirichlet_evidence],
    [*_KNOWN_MEANS, add_alpha],
)


def _dirichlet_identities() -> Iterator[Identity]:
    """The Dirichlet evidence is an average over dice, a product of add-alpha rules, and its ratio is that rule."""
    source = "Johnson, Kotz and Balakrishnan, Discrete Multivariate Distributions (1997), chapter 35"
    for face in range(N_FACES):
        yield Identity(
            f"Dirichlet: the ratio of evidences is the add-alpha rule, face {face}",
            source,
            dirichlet_evidence(seen(COUNTS, face)) / dirichlet_evidence(COUNTS),
            add_alpha(face, COUNTS),
        )
    product, counts = sp.Integer(1), [sp.Integer(0)] * N_FACES
    for face in (0, 1, 0, 2, 0):
        product, counts = product * add_alpha(face, counts), seen(counts, face)
    yield Identity(
        "Dirichlet: sequential evidence is batch evidence, sequence 0 1 0 2 0",
        source,
        product,
        dirichlet_evidence(counts),
    )
    for counts in ([0, 0, 0], [2, 1, 0], [1, 1, 3]):
        x, y = sp.symbols("x y", positive=True)
        rolls = x ** counts[0] * y ** counts[1] * (1 - x - y) ** counts[2]
        yield Identity(
            f"Dirichlet: the evidence is the average over all dice, a = 1, counts {counts}",
            source,
            sp.integrate(2 * rolls, (y, 0, 1 - x), (x, 0, 1)),
            dirichlet_evidence(counts).subs(CONCENTRATION, 1),
        )


def _growth_identities() -> Iterator[Identity]:
    """A roll multiplies the odds of two dice by the ratio of their probabilities: the log-odds grow by its log."""
    for face in range(N_FACES):
        after = seen(COUNTS, face)
        yield Identity(
            f"dice: a roll multiplies the odds by the ratio of its probabilities, face {face}",
            "Wald, Sequential Analysis (1947)",
            RETRIEVAL.posterior(0, after) / RETRIEVAL.posterior(1, after),
            RETRIEVAL.posterior(0, COUNTS) / RETRIEVAL.posterior(1, COUNTS) * LAWS[0][face] / LAWS[1][face],
        )


_FOLLOWED_BY = [seen(COUNTS, face) for face in range(N_FACES)]
IDENTITIES: tuple[Identity, ...] = (
    *bayes_identities(RETRIEVAL, COUNTS, _FOLLOWED_BY, "face"),
    *bayes_identities(EXTRAPOLATION, COUNTS, _FOLLOWED_BY, "face"),
    *_dirichlet_identities(),
    *_growth_identities(),
)
