"""Every identity is proved, a false one is not, and the proved expressions are what the numeric code computes."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
import sympy as sp
from strategies import batch_of

from theory import BiasedDice, Mixture, extrapolation, prior_predictive, retrieval, stream, symbolic
from theory.symbolic import dice

COUNTS, MINOR_MASS, CONCENTRATION = (3, 1, 4), 0.15, 0.8
ROLLS = [0] * 3 + [1] * 1 + [2] * 4
FAMILY = BiasedDice(dice.N_FACES, len(ROLLS) + 2, CONCENTRATION)
MIXTURE = Mixture(FAMILY, FAMILY.sample_pool(stream(0, "symbolic"), dice.N_TASKS), minor_mass=MINOR_MASS)
NOW = len(ROLLS)


def in_numbers(expression):
    """Substitute the numeric dice, uniform prior, counts, concentration and fresh mass."""
    laws = MIXTURE.pool.parameters
    values = {dice.CONCENTRATION: CONCENTRATION, dice.FRESH_MASS: MINOR_MASS}
    values |= dict(zip(dice.COUNTS, COUNTS, strict=True))
    values |= dict(zip(dice.PRIOR, MIXTURE.weights, strict=True))
    for task, law in enumerate(dice.LAWS):
        values |= dict(zip(law[:-1], laws[task], strict=False))
    return float(sp.sympify(expression).subs(values).evalf(30))


def rolled(*more):
    rolls = ROLLS + list(more)
    return batch_of([rolls + [0] * (FAMILY.length - len(rolls))])


def at_a_random_point(identity):
    """Both sides with every symbol replaced: small counts for integers, numbers in (0.1, 0.45) for the rest."""
    rng = stream(0, "symbolic point")
    symbols = sorted(sp.Tuple(identity.left, identity.right).free_symbols, key=lambda symbol: symbol.name)
    values = {s: int(rng.integers(2, 6)) if s.is_integer else rng.uniform(0.1, 0.45) for s in symbols}
    return [float(sp.sympify(side).subs(values).evalf(30)) for side in (identity.left, identity.right)]


EVERY_IDENTITY = pytest.mark.parametrize("identity", symbolic.IDENTITIES, ids=lambda identity: identity.name)


@EVERY_IDENTITY
def test_identity_is_proved(identity):
    assert symbolic.prove(identity)


@EVERY_IDENTITY
def test_what_is_not_equal_is_not_proved(identity):
    bent = identity.right + dice.CONCENTRATION / 10**6
    assert not symbolic.prove(dataclasses.replace(identity, right=bent))


@EVERY_IDENTITY
def test_both_sides_agree_in_numbers(identity):
    left, right = at_a_random_point(identity)
    np.testing.assert_allclose(left, right, rtol=1e-12, atol=1e-14)


def test_names_are_distinct_and_sources_given():
    assert len({identity.name for identity in symbolic.IDENTITIES}) == len(symbolic.IDENTITIES)
    assert all(identity.source for identity in symbolic.IDENTITIES)


@pytest.mark.parametrize(("formulas", "predictor"), [(dice.RETRIEVAL, retrieval), (dice.EXTRAPOLATION, extrapolation)])
def test_the_code_computes_the_proved_posterior_and_prediction(formulas, predictor):
    computed = predictor(MIXTURE, rolled())
    weights = [in_numbers(formulas.posterior(k, dice.COUNTS)) for k in range(len(formulas.prior))]
    mean = [in_numbers(formulas.prediction(face, dice.COUNTS)) for face in range(dice.N_FACES)]
    np.testing.assert_allclose(computed.weights[0, NOW], weights, rtol=1e-12)
    np.testing.assert_allclose(computed.mean[0, NOW], mean, rtol=1e-12)


@pytest.mark.parametrize(("formulas", "predictor"), [(dice.RETRIEVAL, retrieval), (dice.EXTRAPOLATION, extrapolation)])
def test_the_code_computes_the_proved_posterior_one_symbol_later(formulas, predictor):
    for face in range(dice.N_FACES):
        later = dice.seen(dice.COUNTS, face)
        weights = [in_numbers(formulas.posterior(k, later)) for k in range(len(formulas.prior))]
        np.testing.assert_allclose(predictor(MIXTURE, rolled(face)).weights[0, NOW + 1], weights, rtol=1e-12)


def test_the_code_computes_the_proved_dirichlet_evidence_and_rule():
    log_evidence = FAMILY.log_evidence(rolled())[0, NOW]
    np.testing.assert_allclose(np.exp(log_evidence), in_numbers(dice.dirichlet_evidence(dice.COUNTS)), rtol=1e-12)
    rule = [in_numbers(dice.add_alpha(face, dice.COUNTS)) for face in range(dice.N_FACES)]
    np.testing.assert_allclose(prior_predictive(FAMILY, rolled()).mean[0, NOW], rule, rtol=1e-12)


def test_importing_theory_does_not_import_sympy():
    code = "import sys, theory; sys.exit('sympy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
