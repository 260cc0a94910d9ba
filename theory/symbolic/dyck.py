"""E4, planted Dyck paths: ballot numbers, Catalan numbers and the prediction of a fresh path.

Paths with steps +1 and -1 that never go below 0. From height r, with k steps left, k = r + 2 m, the number that end
at 0 is the ballot number (reflection: all paths less those that touch -1)

    N(r, k) = C(k, m) - C(k, m - 1) = (r + 1) / (k - m + 1) C(k, m),        N(0, 2n) = Catalan_n = C(2n, n) / (n + 1).

A fresh path is uniform over those that continue what was shown, so

    P(down) = N(r - 1, k - 1) / N(r, k) = r (k + r + 2) / (2 k (r + 1)).

Every path has the same probability to be shown up to step j (the background does not depend on it), so the posterior
is the prior over the paths that begin as shown. Symbols: height r, further ups m, density q, prior weights pi_k.
Source: Feller, An Introduction to Probability Theory and Its Applications, volume I (1968), chapter III.
"""

from collections.abc import Iterator, Sequence
from itertools import product

import sympy as sp

from theory.symbolic.identity import Expression, Identity

SOURCE = "Feller, An Introduction to Probability Theory and Its Applications I (1968), chapter III"
HEIGHT = sp.Symbol("r", integer=True, positive=True)
UPS_LEFT = sp.Symbol("m", integer=True, positive=True)
DENSITY = sp.Symbol("q", positive=True)
N_PAIRS = 3

Path = tuple[int, ...]


def ballot(height: Expression, steps: Expression) -> Expression:
    """Return N(height, steps), the number of ways down to 0 in that many steps."""
    ups = (steps - height) / sp.Integer(2)
    return (_choose(steps, ups) - _choose(steps, ups - 1)) if ups != 0 else sp.Integer(1)


def catalan(n: Expression) -> Expression:
    """Return the number of Dyck paths of n pairs."""
    return _choose(2 * n, n) / (n + 1)


def down(height: Expression, steps: Expression) -> Expression:
    """Return the probability that a fresh path steps down."""
    return height * (steps + height + 2) / (2 * steps * (height + 1))


def paths(n_pairs: int) -> list[Path]:
    """Return every Dyck path of that many pairs, found by going through all sequences of steps."""
    return [
        steps
        for steps in product((1, -1), repeat=2 * n_pairs)
        if sum(steps) == 0 and all(sum(steps[: j + 1]) >= 0 for j in range(2 * n_pairs))
    ]


def posterior(prior: Sequence[Expression], pool: Sequence[Path], shown: Path) -> list[Expression]:
    """Return the posterior over the pool after some steps were shown: the prior over the paths that begin so."""
    consistent = [weight * int(path[: len(shown)] == shown) for weight, path in zip(prior, pool, strict=True)]
    return [weight / sum(consistent) for weight in consistent]


def _choose(n: Expression, k: Expression) -> Expression:
    return sp.gamma(n + 1) / (sp.gamma(k + 1) * sp.gamma(n - k + 1))


def _ballot_identities() -> Iterator[Identity]:
    steps = HEIGHT + 2 * UPS_LEFT
    yield Identity(
        "ballot: the reflected difference is a product",
        SOURCE,
        ballot(HEIGHT, steps),
        (HEIGHT + 1) / (steps - UPS_LEFT + 1) * _choose(steps, UPS_LEFT),
    )
    yield Identity(
        "ballot: the next step is up or down",
        SOURCE,
        ballot(HEIGHT, steps),
        ballot(HEIGHT - 1, steps - 1) + ballot(HEIGHT + 1, steps - 1),
    )
    yield Identity(
        "ballot: the share of continuations that step down",
        SOURCE,
        ballot(HEIGHT - 1, steps - 1) / ballot(HEIGHT, steps),
        down(HEIGHT, steps),
    )
    yield Identity("ballot: from the ground they are Catalan", SOURCE, ballot(0, 2 * UPS_LEFT), catalan(UPS_LEFT))
    for n_pairs in range(1, 7):
        for cut in range(n_pairs + 1):
            heights = range(cut % 2, cut + 1, 2)
            yield Identity(
                f"ballot: paths cut after step {cut} add up to Catalan number {n_pairs}",
                SOURCE,
                sum(ballot(h, sp.Integer(cut)) * ballot(h, sp.Integer(2 * n_pairs - cut)) for h in heights),
                catalan(sp.Integer(n_pairs)),
            )


def _prediction_identities() -> Iterator[Identity]:
    """Over a uniform pool of all paths, the convex combination is the ballot rule."""
    pool = paths(N_PAIRS)
    prior = [sp.Rational(1, len(pool))] * len(pool)
    prefixes = sorted({path[:j] for path in pool for j in range(2 * N_PAIRS)}, key=lambda prefix: (len(prefix), prefix))
    for shown in prefixes:
        alpha = posterior(prior, pool, shown)
        steps = "".join("ud"[step < 0] for step in shown) or "none"
        yield Identity(
            f"Dyck: the convex combination over all paths is the ballot rule, shown {steps}",
            "arXiv:2605.03780, exact predictors",
            sum(weight * DENSITY * int(path[len(shown)] < 0) for weight, path in zip(alpha, pool, strict=True)),
            DENSITY * down(sp.Integer(sum(shown)), sp.Integer(2 * N_PAIRS - len(shown))),
        )


IDENTITIES: tuple[Identity, ...] = (*_ballot_identities(), *_prediction_identities())
