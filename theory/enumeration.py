"""An oracle in exact fractions, for small numbers of symbols, targets and tasks. Tests use it; predictors do not.

A component is nothing but the probability it gives to a sequence, a function from tuples of symbols to `Fraction`.
All of Bayesian prediction follows from that by counting, without logarithms, posteriors or add-alpha rules:

    P(s)          = sum_k pi_k P_k(s)
    P(k | s)      = pi_k P_k(s) / P(s)
    P(v | s)      = P(s followed by v) / P(s)

For a fresh die P(s) is the integral of prod_v p_v^n_v over the simplex, computed as nested integrals of polynomials:

    int_0^r x^m (r - x)^k dx = r^(m + k + 1) sum_j (-1)^j C(k, j) / (m + j + 1).

A fresh Markov chain is one such integral for each row of its table. A known Dyck path is a sum over all ways to choose
the positions where it is planted. A fresh one is the average over all paths, found by trying every row of +1 and -1.

Source: elementary probability; the binomial theorem for the integral.
"""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise, product
from math import comb, prod

Symbols = tuple[int, ...]
Component = Callable[[Symbols], Fraction]


def sequences(n_symbols: int, length: int) -> Iterator[Symbols]:
    """Yield every sequence of the given length."""
    return product(range(n_symbols), repeat=length)


def known_die(law: Sequence[Fraction]) -> Component:
    """Return the probability of a sequence of rolls of a known die."""
    return lambda rolls: prod((law[roll] for roll in rolls), start=Fraction(1))


def fresh_die(faces: int, concentration: int) -> Component:
    """Return the probability of a sequence of rolls of a die from Dirichlet(a, ..., a), for integer a >= 1."""
    volume = _simplex_integral([concentration - 1] * faces)

    def probability(rolls: Symbols) -> Fraction:
        exponents = [rolls.count(face) + concentration - 1 for face in range(faces)]
        return _simplex_integral(exponents) / volume

    return probability


def known_chain(table: Sequence[Sequence[Fraction]]) -> Component:
    """Return the probability of a walk of a known Markov chain with a uniform first state; table[a][b]: b after a."""

    def probability(walk: Symbols) -> Fraction:
        start = Fraction(1, len(table)) if walk else Fraction(1)
        return prod((table[a][b] for a, b in pairwise(walk)), start=start)

    return probability


def fresh_chain(states: int, concentration: int) -> Component:
    """Return the probability of a walk of a chain whose rows are from Dirichlet(a, ..., a), for integer a >= 1."""
    row = fresh_die(states, concentration)

    def probability(walk: Symbols) -> Fraction:
        start = Fraction(1, states) if walk else Fraction(1)
        leaving = [tuple(b for a, b in pairwise(walk) if a == state) for state in range(states)]
        return prod(map(row, leaving), start=start)

    return probability


def known_path(path: Sequence[int], density: Fraction, law: Sequence[Fraction]) -> Component:
    """Return the probability of a sequence in which a known path is planted among background symbols."""
    due = [len(law) if step > 0 else len(law) + 1 for step in path]

    def planted(symbols: Symbols, pattern: tuple[bool, ...]) -> Fraction:
        """Return the probability of the symbols when exactly the positions of the pattern were chosen."""
        steps, probability = iter(due), Fraction(1)
        for symbol, chosen in zip(symbols, pattern, strict=True):
            step = next(steps, None) if chosen else None
            background = law[symbol] if symbol < len(law) else Fraction(0)
            probability *= (density if chosen else 1 - density) * (background if step is None else int(symbol == step))
        return probability

    return lambda symbols: sum(
        (planted(symbols, pattern) for pattern in product((False, True), repeat=len(symbols))), Fraction(0)
    )


def dyck_paths(pairs: int) -> list[tuple[int, ...]]:
    """Return all Dyck paths: the rows of +1 and -1 that never sum to less than 0 on the way and to 0 at the end."""
    walks = product((1, -1), repeat=2 * pairs)
    return [walk for walk in walks if min(accumulate(walk)) >= 0 and sum(walk) == 0]


def fresh_path(pairs: int, density: Fraction, law: Sequence[Fraction]) -> Component:
    """Return the probability of a sequence in which a uniformly random Dyck path is planted."""
    components = [known_path(path, density, law) for path in dyck_paths(pairs)]
    return lambda symbols: sum((known(symbols) for known in components), Fraction(0)) / len(components)


def evidence(prior: Sequence[Fraction], components: Sequence[Component], seen: Symbols) -> Fraction:
    """Return P(seen) under the mixture of components."""
    return sum((weight * component(seen) for weight, component in zip(prior, components, strict=True)), Fraction(0))


def posterior(prior: Sequence[Fraction], components: Sequence[Component], seen: Symbols) -> list[Fraction]:
    """Return P(k | seen) for every component; ZeroDivisionError if `seen` is impossible."""
    total = evidence(prior, components, seen)
    return [weight * component(seen) / total for weight, component in zip(prior, components, strict=True)]


def prediction(
    prior: Sequence[Fraction], components: Sequence[Component], n_symbols: int, seen: Symbols
) -> list[Fraction]:
    """Return the law of the symbol after `seen`; ZeroDivisionError if `seen` is impossible."""
    total = evidence(prior, components, seen)
    return [evidence(prior, components, (*seen, symbol)) / total for symbol in range(n_symbols)]


def _simplex_integral(exponents: Sequence[int]) -> Fraction:
    """Integrate prod_v p_v^exponents_v over the simplex, one coordinate after the other, last one implied."""
    integral, remaining = Fraction(1), exponents[-1]
    for exponent in reversed(exponents[:-1]):
        terms = (Fraction((-1) ** j * comb(remaining, j), exponent + j + 1) for j in range(remaining + 1))
        integral *= sum(terms, Fraction(0))
        remaining += exponent + 1
    return integral
