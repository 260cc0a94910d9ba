"""E3, Markov chains: the same identities row by row, for two chains on V = 2 states and symbolic transition counts.

    likelihood   L_k(n) = prod_{a,b} P_{k,ab}^{n_ab}         n_ab = transitions a -> b seen; the first symbol is uniform
    evidence     D(n) = prod_a D_a(n_a.)                      the rows of a fresh chain are independent
    prediction   at current symbol a: row a of each chain; of a fresh one (n_ab + c) / (n_a. + V c)

Counts are listed as n00, n01, n10, n11. The stationary law of a two-state chain that leaves 0 with probability u and
1 with probability v is (v, u) / (u + v).
"""

from collections.abc import Iterator, Sequence
from functools import partial

import sympy as sp

from theory.symbolic.dice import FRESH_MASS, PRIOR, add_alpha, dirichlet_evidence, seen
from theory.symbolic.identity import Expression, Identity, Predictor, bayes_identities

N_TASKS = N_STATES = 2
LEAVE = [sp.symbols([f"u{task}{state}" for state in range(N_STATES)], positive=True) for task in range(N_TASKS)]
CHAINS = [[[1 - leave[0], leave[0]], [leave[1], 1 - leave[1]]] for leave in LEAVE]
COUNTS = sp.symbols("n00 n01 n10 n11", integer=True, nonnegative=True)


def likelihood(task: int, counts: Sequence[Expression]) -> Expression:
    """Return L_k(n), the probability of the transitions given the chain."""
    entries = [entry for row in CHAINS[task] for entry in row]
    return sp.prod(p**n for p, n in zip(entries, counts, strict=True))


def row_evidence(counts: Sequence[Expression]) -> Expression:
    """Return D(n), the probability of the transitions when every row is drawn from Dirichlet(c, c)."""
    return dirichlet_evidence(counts[:2]) * dirichlet_evidence(counts[2:])


def after_transition(counts: Sequence[Expression], current: int, symbol: int) -> list[Expression]:
    """Return the counts after one more transition."""
    return seen(counts, N_STATES * current + symbol)


def _known_mean(task: int, current: int, symbol: int, counts: Sequence[Expression]) -> Expression:
    return CHAINS[task][current][symbol]


def fresh_mean(current: int, symbol: int, counts: Sequence[Expression]) -> Expression:
    """Return the prediction of a fresh chain: the add-alpha rule of the current row."""
    return add_alpha(symbol, counts[N_STATES * current : N_STATES * (current + 1)])


_LIKELIHOODS = [partial(likelihood, task) for task in range(N_TASKS)]


def retrieval(current: int) -> Predictor:
    """Return M1 at the current symbol."""
    means = [partial(_known_mean, task, current) for task in range(N_TASKS)]
    return Predictor(f"Markov retrieval at {current}", PRIOR[:N_TASKS], _LIKELIHOODS, means)


def extrapolation(current: int) -> Predictor:
    """Return M2 at the current symbol."""
    means = [*(partial(_known_mean, task, current) for task in range(N_TASKS)), partial(fresh_mean, current)]
    prior = [*[(1 - FRESH_MASS) / N_TASKS] * N_TASKS, FRESH_MASS]
    return Predictor(f"Markov extrapolation at {current}", prior, [*_LIKELIHOODS, row_evidence], means)


def _identities() -> Iterator[Identity]:
    for current in range(N_STATES):
        followed_by = [after_transition(COUNTS, current, symbol) for symbol in range(N_STATES)]
        for predictor in (retrieval(current), extrapolation(current)):
            yield from bayes_identities(predictor, COUNTS, followed_by, "state")
        for symbol, after in enumerate(followed_by):
            yield Identity(
                f"Markov: the ratio of evidences is the add-alpha rule of row {current}, state {symbol}",
                "Billingsley, Statistical Inference for Markov Processes (1961)",
                row_evidence(after) / row_evidence(COUNTS),
                fresh_mean(current, symbol, COUNTS),
            )
            yield Identity(
                f"Markov: a transition multiplies the odds by the ratio of its probabilities, {current} to {symbol}",
                "Wald, Sequential Analysis (1947)",
                likelihood(0, after) / likelihood(1, after),
                likelihood(0, COUNTS) / likelihood(1, COUNTS) * CHAINS[0][current][symbol] / CHAINS[1][current][symbol],
            )
    yield from _stationary_identities()


def stationary_law() -> list[Expression]:
    """Return the stationary law of chain 0."""
    leave_0, leave_1 = LEAVE[0]
    return [leave_1 / (leave_0 + leave_1), leave_0 / (leave_0 + leave_1)]


def _stationary_identities() -> Iterator[Identity]:
    law = stationary_law()
    for state in range(N_STATES):
        yield Identity(
            f"Markov: the stationary law is left as it is by one step, state {state}",
            "Norris, Markov Chains (1997), section 1.7",
            sum(law[a] * CHAINS[0][a][state] for a in range(N_STATES)),
            law[state],
        )


IDENTITIES: tuple[Identity, ...] = tuple(_identities())
