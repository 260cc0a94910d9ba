"""The oracle is checked against arithmetic that needs no oracle: totals, symmetry and cases done by hand."""

from fractions import Fraction

import pytest
from hypothesis import given
from strategies import exact_laws

from theory import enumeration


@pytest.mark.parametrize("concentration", [1, 2, 4])
@pytest.mark.parametrize(("faces", "length"), [(2, 6), (3, 4), (4, 3)])
def test_a_fresh_die_spreads_probability_one_over_all_sequences(faces, length, concentration):
    fresh = enumeration.fresh_die(faces, concentration)
    assert sum(fresh(rolls) for rolls in enumeration.sequences(faces, length)) == 1


def test_a_fresh_die_by_hand():
    # A coin of uniform bias: int x^2 (1 - x) dx = 1/12, and every number of heads in four throws has probability 1/5.
    coin = enumeration.fresh_die(2, 1)
    assert coin((0, 0, 1)) == Fraction(1, 12)
    heads = [sum(coin(s) for s in enumeration.sequences(2, 4) if s.count(0) == n) for n in range(5)]
    assert heads == [Fraction(1, 5)] * 5


def test_a_fresh_die_does_not_mind_order():
    fresh = enumeration.fresh_die(3, 2)
    assert fresh((0, 0, 1, 2)) == fresh((2, 0, 1, 0)) != fresh((0, 0, 0, 1))


HALF, QUARTER = Fraction(1, 2), Fraction(1, 4)
WEATHER = [[Fraction(7, 10), Fraction(3, 10)], [Fraction(2, 5), Fraction(3, 5)]]
COMPONENTS = {
    "known chain": (enumeration.known_chain(WEATHER), 2),
    "fresh chain": (enumeration.fresh_chain(2, 1), 2),
    "known path": (enumeration.known_path((1, 1, -1, -1), QUARTER, [HALF, HALF]), 4),
    "fresh path": (enumeration.fresh_path(2, QUARTER, [HALF, HALF]), 4),
}


@pytest.mark.parametrize("name", list(COMPONENTS))
def test_every_component_spreads_probability_one_over_all_sequences(name):
    component, n_symbols = COMPONENTS[name]
    for length in range(6):
        assert sum(component(s) for s in enumeration.sequences(n_symbols, length)) == 1


def test_chains_by_hand():
    known, fresh = enumeration.known_chain(WEATHER), enumeration.fresh_chain(2, 1)
    assert known((0, 0, 1, 0)) == Fraction(1, 2) * Fraction(7, 10) * Fraction(3, 10) * Fraction(2, 5)
    assert fresh((0, 1, 0, 1)) == Fraction(1, 2) * Fraction(1, 3) * Fraction(1, 2)  # int x^2 dx and int x dx


def test_paths_by_hand():
    """Background 0, up 1, down 2; once the path () is used up only background comes."""
    known = enumeration.known_path((1, -1), QUARTER, [Fraction(1)])
    assert known((0, 1, 0, 2, 0, 0)) == (1 - QUARTER) * QUARTER * (1 - QUARTER) * QUARTER
    assert known((2,)) == known((1, 1)) == known((1, 2, 1)) == 0
    assert enumeration.dyck_paths(2) == [(1, 1, -1, -1), (1, -1, 1, -1)]
    fresh = enumeration.fresh_path(2, QUARTER, [Fraction(1)])
    assert fresh((1, 1)) == fresh((1, 2)) == QUARTER**2 / 2


@given(exact_laws(3, 2, least=1))
def test_bayes_by_hand(laws):
    prior = [Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)]
    components = [enumeration.known_die(law) for law in laws]
    joint = [p * law[0] * law[0] * law[1] for p, law in zip(prior, laws, strict=True)]
    posterior = enumeration.posterior(prior, components, (0, 1, 0))
    assert posterior == [j / sum(joint) for j in joint]
    expected = [sum(a * law[face] for a, law in zip(posterior, laws, strict=True)) for face in range(2)]
    assert enumeration.prediction(prior, components, 2, (0, 1, 0)) == expected


def test_an_impossible_past_has_no_posterior():
    with pytest.raises(ZeroDivisionError):
        enumeration.posterior([Fraction(1)], [enumeration.known_die([Fraction(1), Fraction(0)])], (1,))
