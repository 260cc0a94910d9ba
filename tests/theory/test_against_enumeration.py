"""M1, M2 and the prior predictive of the symbol families against sums over everything, in exact fractions."""

from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import as_floats, batch_of, exact_chains, exact_laws

from theory import (
    BiasedDice,
    MarkovChains,
    Mixture,
    PlantedDyck,
    enumeration,
    extrapolation,
    prior_predictive,
    retrieval,
)

ENUMERATION = {"rtol": 0, "atol": 1e-12}
LENGTH = 4

DICE = BiasedDice(faces=3, length=LENGTH)
CHAINS = MarkovChains(states=2, length=LENGTH + 1)
DYCK = PlantedDyck(pairs=2, background=1, density=0.25, length=LENGTH + 1)

DENSITY, LAW = Fraction(1, 4), [Fraction(1)]
EXACT_TASKS = {"dice": exact_laws(5, 3), "markov": exact_chains(5, 2), "dyck": st.just(enumeration.dyck_paths(2))}
PATHS = {path: cache(enumeration.known_path(path, DENSITY, LAW)) for path in enumeration.dyck_paths(2)}
KNOWN = {"dice": enumeration.known_die, "markov": enumeration.known_chain, "dyck": PATHS.__getitem__}
FRESH = {
    "dice": cache(enumeration.fresh_die(3, 1)),
    "markov": cache(enumeration.fresh_chain(2, 1)),
    "dyck": cache(enumeration.fresh_path(2, DENSITY, LAW)),
}
FAMILY = {"dice": DICE, "markov": CHAINS, "dyck": DYCK}
N_SYMBOLS = {"dice": 3, "markov": 2, "dyck": 3}
every_symbol_family = pytest.mark.parametrize("kind", ["dice", "markov", "dyck"])


def pool_of(kind, tasks):
    return FAMILY[kind].make_pool(np.array(tasks) if kind == "dyck" else as_floats(tasks))


def assert_equals_enumeration(prediction, sequences, n_symbols, prior, components):
    for row, sequence in enumerate(sequences):
        for position in range(len(sequence)):
            seen = sequence[:position]
            weights = [float(w) for w in enumeration.posterior(prior, components, seen)]
            mean = [float(m) for m in enumeration.prediction(prior, components, n_symbols, seen)]
            np.testing.assert_allclose(prediction.weights[row, position], weights, **ENUMERATION)
            np.testing.assert_allclose(prediction.mean[row, position], mean, **ENUMERATION)


def some_sequences(kind, data, prior, components):
    """A few sequences of positive evidence; the last symbol is seen by nobody and may be anything."""
    everything = enumeration.sequences(N_SYMBOLS[kind], FAMILY[kind].length)
    possible = [s for s in everything if enumeration.evidence(prior, components, s[:-1]) > 0]
    assume(possible)
    return data.draw(st.lists(st.sampled_from(possible), min_size=1, max_size=6))


@every_symbol_family
@given(tenths=st.integers(0, 9), data=st.data())
def test_retrieval_equals_enumeration(kind, tenths, data):
    tasks, minor_mass = data.draw(EXACT_TASKS[kind]), Fraction(tenths, 10)
    majors, minors = tasks[:1], tasks[1:]
    mixture = Mixture(FAMILY[kind], pool_of(kind, majors), pool_of(kind, minors), minor_mass=float(minor_mass))
    prior = [1 - minor_mass, *[minor_mass / len(minors)] * len(minors)]
    components = [KNOWN[kind](task) for task in tasks]
    sequences = some_sequences(kind, data, prior, components)
    prediction = retrieval(mixture, batch_of(sequences))
    assert_equals_enumeration(prediction, sequences, N_SYMBOLS[kind], prior, components)


@every_symbol_family
@given(tenths=st.integers(0, 9), data=st.data())
def test_extrapolation_equals_enumeration(kind, tenths, data):
    majors, minor_mass = data.draw(EXACT_TASKS[kind])[:2], Fraction(tenths, 10)
    mixture = Mixture(FAMILY[kind], pool_of(kind, majors), minor_mass=float(minor_mass))
    prior = [(1 - minor_mass) / 2] * 2 + [minor_mass]
    components = [*map(KNOWN[kind], majors), FRESH[kind]]
    sequences = some_sequences(kind, data, prior, components)
    prediction = extrapolation(mixture, batch_of(sequences))
    assert_equals_enumeration(prediction, sequences, N_SYMBOLS[kind], prior, components)


@pytest.mark.parametrize("concentration", [1, 2, 5])
def test_prior_predictive_of_dice_equals_enumeration_for_every_sequence(concentration):
    sequences = list(enumeration.sequences(3, LENGTH))
    prediction = prior_predictive(BiasedDice(3, LENGTH, float(concentration)), batch_of(sequences))
    components = [enumeration.fresh_die(3, concentration)]
    assert_equals_enumeration(prediction, sequences, 3, [Fraction(1)], components)


@pytest.mark.parametrize("concentration", [1, 2, 5])
def test_prior_predictive_of_chains_equals_enumeration_for_every_sequence(concentration):
    sequences = list(enumeration.sequences(2, 6))
    prediction = prior_predictive(MarkovChains(2, 6, float(concentration)), batch_of(sequences))
    components = [enumeration.fresh_chain(2, concentration)]
    assert_equals_enumeration(prediction, sequences, 2, [Fraction(1)], components)


@pytest.mark.parametrize(("pairs", "density", "law"), [(1, "1/2", "1"), (2, "1/4", "1/3 2/3"), (3, "3/4", "1")])
def test_prior_predictive_of_paths_equals_enumeration_for_every_sequence(pairs, density, law):
    law = [Fraction(entry) for entry in law.split()]
    family = PlantedDyck(pairs, len(law), float(Fraction(density)), 5, as_floats(law))
    component = cache(enumeration.fresh_path(pairs, Fraction(density), law))
    sequences = [s for s in enumeration.sequences(len(law) + 2, 5) if component(s[:-1]) > 0]
    prediction = prior_predictive(family, batch_of(sequences))
    assert_equals_enumeration(prediction, sequences, len(law) + 2, [Fraction(1)], [component])
    everything = list(enumeration.sequences(len(law) + 2, 5))
    exact = [float(component(s[:-1])) for s in everything]
    np.testing.assert_allclose(np.exp(family.log_evidence(batch_of(everything))[:, -1]), exact, **ENUMERATION)
