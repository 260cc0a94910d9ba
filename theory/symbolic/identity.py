"""What an identity is, what it takes to prove one, and the predictors that several families share."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

Expression = Any  # SymPy ships no types.


@dataclass(frozen=True)
class Identity:
    """Two expressions that are equal.

    Attributes
    ----------
    name : str
        What the identity says.
    source : str
        Where it comes from.
    left, right : SymPy expression
        Its two sides.
    """

    name: str
    source: str
    left: Expression
    right: Expression


def prove(identity: Identity) -> bool:
    """Return whether SymPy reduces the difference of the two sides to 0.

    Powers and Gamma functions of shifted counts are first written over unshifted ones, and functions of sums over
    functions of the terms; what remains is a rational function of those, and its numerator must vanish.
    """
    difference = sp.expand_power_exp(sp.expand_func(identity.left - identity.right))
    numerator, _ = sp.fraction(sp.together(difference))
    return bool(sp.expand(sp.expand_trig(sp.expand(numerator))) == 0)


@dataclass(frozen=True)
class Predictor:
    """Components with prior weights: the pool (retrieval), or the pool and a fresh task (extrapolation).

    Attributes
    ----------
    name : str
        Which predictor it is.
    prior : sequence of expressions
        Weight of each component.
    likelihoods : sequence of functions
        L_k(n), the probability of one sequence with counts n.
    means : sequence of functions
        m_k(symbol, n), the probability of the next symbol.
    """

    name: str
    prior: Sequence[Expression]
    likelihoods: Sequence[Callable[[Sequence[Expression]], Expression]]
    means: Sequence[Callable[[int, Sequence[Expression]], Expression]]

    def evidence(self, counts: Sequence[Expression]) -> Expression:
        """Return E(n), the probability of the sequence under all components."""
        return sum(weight * likelihood(counts) for weight, likelihood in zip(self.prior, self.likelihoods, strict=True))

    def posterior(self, component: int, counts: Sequence[Expression]) -> Expression:
        """Return alpha_component(n)."""
        return self.prior[component] * self.likelihoods[component](counts) / self.evidence(counts)

    def prediction(self, symbol: int, counts: Sequence[Expression]) -> Expression:
        """Return the convex combination sum_k alpha_k(n) m_k(symbol)."""
        return sum(
            self.posterior(component, counts) * mean(symbol, counts) for component, mean in enumerate(self.means)
        )


def bayes_identities(
    predictor: Predictor, counts: Sequence[Expression], followed_by: Sequence[Sequence[Expression]], outcome: str
) -> Iterator[Identity]:
    """Yield that the prediction is a ratio of evidences, and that the posterior is a martingale.

    Parameters
    ----------
    predictor : Predictor
        Whose prediction.
    counts : sequence of expressions
        What was seen, n.
    followed_by : sequence of counts
        For each next symbol, the counts after it.
    outcome : str
        What a symbol is called in the names.
    """
    for symbol, after in enumerate(followed_by):
        yield Identity(
            f"{predictor.name}: the convex combination is the ratio of evidences, {outcome} {symbol}",
            "arXiv:2605.03780, exact predictors; chain rule of probability",
            predictor.prediction(symbol, counts),
            predictor.evidence(after) / predictor.evidence(counts),
        )
    for component in range(len(predictor.prior)):
        expected = sum(
            predictor.prediction(symbol, counts) * predictor.posterior(component, after)
            for symbol, after in enumerate(followed_by)
        )
        yield Identity(
            f"{predictor.name}: the posterior is a martingale, component {component}",
            "Doob, Application of the theory of martingales (1949)",
            expected,
            predictor.posterior(component, counts),
        )
