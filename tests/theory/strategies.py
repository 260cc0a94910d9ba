"""Hypothesis strategies: tasks as exact fractions, and for each family a case of family, pool, weights and batch."""

from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from theory import (
    Batch,
    BiasedDice,
    LatentTasks,
    MarkovChains,
    NoisyLinearRegression,
    PlantedDyck,
    Pool,
    RegressionBatch,
    SymbolBatch,
    enumeration,
)

CONCENTRATIONS = st.sampled_from([0.05, 0.5, 1.0, 2.5, 40.0])
DENSITIES = st.sampled_from([0.25, 0.5, 0.9])
DYCK_PATHS = {pairs: enumeration.dyck_paths(pairs) for pairs in (1, 2, 3)}
SCALES = st.sampled_from([0.1, 0.5, 1.0, 3.0])


class Case(NamedTuple):
    family: LatentTasks
    pool: Pool
    weights: np.ndarray
    batch: Batch


@st.composite
def exact_laws(draw, n_tasks, faces, least=0):
    """K rows of fractions that sum to 1; `least=0` lets faces have probability 0."""
    rows = draw(
        st.lists(
            st.lists(st.integers(least, 9), min_size=faces, max_size=faces).filter(any),
            min_size=n_tasks,
            max_size=n_tasks,
        )
    )
    return [[Fraction(entry, sum(row)) for entry in row] for row in rows]


@st.composite
def exact_chains(draw, n_tasks, states, least=0):
    """K tables of fractions whose rows sum to 1."""
    return [draw(exact_laws(states, states, least)) for _ in range(n_tasks)]


def as_floats(fractions):
    return np.array(fractions, dtype=np.float64)


def batch_of(symbols):
    symbols = np.asarray(symbols, dtype=np.int64)
    return SymbolBatch(tasks=np.zeros(len(symbols), dtype=np.int64), symbols=symbols)


def points_of(x, y):
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    return RegressionBatch(tasks=np.zeros(len(y), dtype=np.int64), x=x, y=y)


def symbols(shape, faces):
    return arrays(np.int64, shape, elements=st.integers(0, faces - 1))


def numbers(shape, largest=5):
    return arrays(np.float64, shape, elements=st.floats(-largest, largest, width=32))


@st.composite
def prior_weights(draw, n_tasks, least=0):
    """Weights that sum to 1; `least=0` lets tasks have weight 0."""
    counts = draw(st.lists(st.integers(least, 5), min_size=n_tasks, max_size=n_tasks).filter(any))
    return np.array(counts, dtype=np.float64) / sum(counts)


SIZES = st.tuples(st.integers(1, 5), st.integers(1, 4), st.integers(2, 9))
"""Tasks of the pool, sequences, targets."""


@st.composite
def dice_cases(draw, least=1):
    """A pool of dice, their weights (some may be 0), and a batch of arbitrary rolls."""
    faces, (n_tasks, n_sequences, length) = draw(st.integers(2, 5)), draw(SIZES)
    family = BiasedDice(faces, length, draw(CONCENTRATIONS))
    pool = family.make_pool(as_floats(draw(exact_laws(n_tasks, faces, least))))
    return Case(family, pool, draw(prior_weights(n_tasks)), batch_of(draw(symbols((n_sequences, length), faces))))


@st.composite
def markov_cases(draw, least=1):
    """A pool of chains, their weights (some may be 0), and a batch of arbitrary walks."""
    states, (n_tasks, n_sequences, length) = draw(st.integers(2, 4)), draw(SIZES)
    family = MarkovChains(states, length, draw(CONCENTRATIONS))
    pool = family.make_pool(as_floats(draw(exact_chains(n_tasks, states, least))))
    return Case(family, pool, draw(prior_weights(n_tasks)), batch_of(draw(symbols((n_sequences, length), states))))


@st.composite
def regression_cases(draw):
    """A pool of coefficients, their weights (some may be 0), and a batch of arbitrary points."""
    dimension, (n_tasks, n_sequences, points) = draw(st.integers(1, 3)), draw(SIZES)
    family = NoisyLinearRegression(dimension, points, draw(SCALES), draw(SCALES))
    pool = family.make_pool(draw(numbers((n_tasks, dimension), 2)))
    batch = points_of(draw(numbers((n_sequences, points, dimension))), draw(numbers((n_sequences, points))))
    return Case(family, pool, draw(prior_weights(n_tasks)), batch)


@st.composite
def dyck_cases(draw):
    """A pool of paths of positive weight, and a batch in which paths of the pool are planted at arbitrary places."""
    pairs, background, (n_tasks, n_sequences, length) = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(SIZES)
    [law] = draw(exact_laws(1, background, least=1))
    family = PlantedDyck(pairs, background, draw(DENSITIES), length, draw(st.sampled_from([None, as_floats(law)])))
    paths = draw(st.lists(st.sampled_from(DYCK_PATHS[pairs]), min_size=n_tasks, max_size=n_tasks))
    planted = []
    for row in draw(symbols((n_sequences, length), background)):
        path = draw(st.sampled_from(paths))
        places = draw(st.lists(st.integers(0, length - 1), max_size=2 * pairs, unique=True))
        for place, step in zip(sorted(places), path, strict=False):
            row[place] = background if step > 0 else background + 1
        planted.append(row)
    return Case(family, family.make_pool(np.array(paths)), draw(prior_weights(n_tasks, least=1)), batch_of(planted))


CASES = {"dice": dice_cases(), "markov": markov_cases(), "regression": regression_cases(), "dyck": dyck_cases()}

SMALL = {
    "dice": BiasedDice(faces=4, length=12),
    "markov": MarkovChains(states=3, length=12),
    "regression": NoisyLinearRegression(dimension=2, points=12),
    "dyck": PlantedDyck(pairs=3, background=3, density=0.4, length=12),
}
"""One family of each kind, for tests that draw with a generator."""

every_family = pytest.mark.parametrize("kind", list(CASES))
symbol_families = pytest.mark.parametrize("kind", [name for name, one in SMALL.items() if one.target_kind == "symbol"])
