"""What the prefix says beyond height, task and symbol: against sums over all sequences in exact fractions."""

from collections import defaultdict
from fractions import Fraction
from itertools import pairwise
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare
from strategies import DENSITIES, DYCK_PATHS, prior_weights

from theory import Mixture, PlantedDyck, retrieval, stream
from theory.ballot import log_completions
from theory.enumeration import known_path, prediction, sequences
from theory.prefix import (
    Cells,
    heights,
    information_about_end,
    information_beyond_task,
    information_given_height,
    informative_positions,
    laws_by_steps,
    posterior_by_steps,
    prefix_index,
    sample_in_cells,
    steps_shown,
)

UP, DOWN = 1, 2
RHO = Fraction(1, 4)
SMALL = PlantedDyck(pairs=2, background=1, density=float(RHO), length=6)
NEST, ROW = [1, 1, -1, -1], [1, -1, 1, -1]
DETOUR = PlantedDyck(pairs=3, background=1, density=float(RHO), length=6)
# After three steps the first two are at height 1, and then one of them goes up and the other one down.
PARTING = [[1, 1, -1, 1, -1, -1], [1, -1, 1, -1, 1, -1], [1, 1, 1, -1, -1, -1]]


def steps_of(sequence):
    return tuple(1 if symbol == UP else -1 for symbol in sequence if symbol >= UP)


def joint_law(paths, weights, length):
    """P(sequence of `length` symbols), as fractions, for every path and sequence that can occur."""
    table = {}
    for index, (path, weight) in enumerate(zip(paths, weights, strict=True)):
        component = known_path(path, RHO, [Fraction(1)])
        for sequence in sequences(3, length):
            # Summing over all ways to plant a path takes long, so sequences of other steps are left out first.
            if steps_of(sequence) == tuple(path[: len(steps_of(sequence))]):
                table[index, sequence] = weight * component(sequence)
    return table


def information(table, first, second, given):
    """I(first; second | given) in nats of a law on outcomes, each a function of the outcome."""
    masses = [defaultdict(Fraction) for _ in range(4)]
    for outcome, probability in table.items():
        a, b, c = first(outcome), second(outcome), given(outcome)
        for mass, key in zip(masses, ((a, b, c), (a, c), (b, c), c), strict=True):
            mass[key] += probability
    everything, with_first, with_second, alone = masses
    return sum(
        float(p) * log(p * alone[c] / (with_first[a, c] * with_second[b, c])) for (a, b, c), p in everything.items()
    )


@pytest.mark.parametrize(("pairs", "paths"), [(2, DYCK_PATHS[2]), (3, PARTING), (3, DYCK_PATHS[3])])
def test_information_given_height_by_counting(pairs, paths):
    family = PlantedDyck(pairs, 1, float(RHO), 6)
    counts = np.arange(1, len(paths) + 1) if len(paths) == 3 else np.ones(len(paths), dtype=int)
    weights = [Fraction(int(count), int(counts.sum())) for count in counts]
    measured = information_given_height(family, family.make_pool(paths), counts / counts.sum())
    for target in range(4, 6):
        table = joint_law(paths, weights, target + 1)
        expected = information(
            table,
            lambda o: steps_of(o[1][:-1]),
            lambda o: o[1][-1],
            lambda o: (sum(steps_of(o[1][:-1])), len(steps_of(o[1][:-1]))),
        )
        assert measured[target] == pytest.approx(expected, abs=1e-14)
    assert (measured[5] > 1e-3) == (len(paths) == 3)


@pytest.mark.parametrize("pairs", [1, 2, 3])
def test_a_fresh_path_asks_for_height_and_steps_left_alone(pairs):
    """Prefixes of one height and length foretell the same, as fractions: not a rounded zero but none."""
    paths = DYCK_PATHS[pairs]
    components = [known_path(path, RHO, [Fraction(1)]) for path in paths]
    weights = [Fraction(1, len(paths))] * len(paths)
    foretold = defaultdict(set)
    for prefix in {path[:j] for path in paths for j in range(2 * pairs)}:
        seen = tuple(UP if step > 0 else DOWN for step in prefix)
        law = prediction(weights, components, 3, seen)
        foretold[sum(prefix), len(prefix)].add(tuple(law))
    assert all(len(laws) == 1 for laws in foretold.values())
    assert pairs < 3 or any(len({p[:j] for p in paths if sum(p[:j]) == r}) > 1 for r, j in foretold)
    family = PlantedDyck(pairs, 1, float(RHO), 12)
    assert information_given_height(family, family.make_pool(paths), np.ones(len(paths))).max() < 1e-15


@pytest.mark.parametrize("position", [2, 3, 4])
def test_cells_and_their_information_by_counting(position):
    paths, counts = [NEST, ROW], np.array([2.0, 1.0])
    pool, cells = SMALL.make_pool(paths), Cells.at(SMALL, SMALL.make_pool(paths), position)
    table = joint_law(paths, [Fraction(2, 3), Fraction(1, 3)], position + 2)
    for task in (0, 1):
        for symbol in range(3):
            steps = defaultdict(Fraction)
            for (index, sequence), probability in table.items():
                if index == task and sequence[position] == symbol:
                    steps[len(steps_of(sequence[:-1]))] += probability
            total = sum(steps.values())
            prior = Fraction(2 - task, 3)
            assert cells.probability[task, symbol] == pytest.approx(float(total / prior), abs=1e-15)
            expected = [float(steps[j] / total) for j in range(5)]
            np.testing.assert_allclose(cells.steps[task, symbol], expected, atol=1e-15)
    expected, of_end = (
        information(table, lambda o: len(steps_of(o[1][:-1])), outcome, lambda o: (o[0], o[1][position]))
        for outcome in (lambda o: o[1][-1], lambda o: o[1][-1] >= UP)
    )
    assert information_beyond_task(SMALL, pool, counts, position) == pytest.approx(expected, rel=1e-12)
    assert information_about_end(SMALL, pool, counts, position) == pytest.approx(of_end, rel=1e-12, abs=1e-15)
    assert expected > 0.05
    assert (of_end > 0) == (position >= 3)  # four steps can only then have been shown


@given(st.data(), st.integers(1, 3), DENSITIES, st.integers(0, 10))
def test_the_direction_of_a_step_is_worth_at_most_one_bit(data, pairs, density, position):
    family = PlantedDyck(pairs, 2, density, 20)
    paths = data.draw(st.lists(st.sampled_from(DYCK_PATHS[pairs]), min_size=1, max_size=5))
    pool, weights = family.make_pool(paths), data.draw(prior_weights(len(paths)))
    of_end = information_about_end(family, pool, weights, position)
    direction = information_beyond_task(family, pool, weights, position) - of_end
    assert of_end >= -1e-15
    assert -1e-15 <= direction <= density * np.log(2) + 1e-15


@given(st.data(), st.integers(1, 3), DENSITIES)
def test_information_is_at_most_what_a_step_can_tell(data, pairs, density):
    family = PlantedDyck(pairs, 2, density, 20)
    paths = data.draw(st.lists(st.sampled_from(DYCK_PATHS[pairs]), min_size=1, max_size=5))
    weights = data.draw(prior_weights(len(paths)))
    information = information_given_height(family, family.make_pool(paths), weights)
    assert information.min() >= 0
    assert information.max() <= density * np.log(2)
    if len(set(paths)) == 1:
        assert information.max() == 0


def test_residual_is_the_analysis_of_variance_of_samples():
    pool = DETOUR.make_pool(PARTING)
    cells, n = Cells.at(DETOUR, pool, 5), 4000
    tasks, symbols = (index.ravel() for index in np.indices((3, 3, n))[:2])
    batch = sample_in_cells(DETOUR, stream(0, "cells"), pool, tasks, symbols, 5)
    shown = steps_shown(DETOUR, batch)[:, -1]
    mixture = Mixture(DETOUR, pool)
    states = {
        "laws": (DETOUR.task_mean(pool, batch)[np.arange(len(tasks)), -1, tasks], laws_by_steps(DETOUR, pool)),
        "posterior": (retrieval(mixture, batch).weights[:, -1], posterior_by_steps(pool, mixture.weights)),
    }
    for sampled, table in states.values():
        np.testing.assert_allclose(sampled, table[tasks, shown], atol=1e-12)
        grid = sampled.reshape(3, 3, n, -1)
        within = np.square(grid - grid.mean(axis=2, keepdims=True)).sum()
        total = np.square(sampled - sampled.mean(axis=0)).sum()
        assert cells.residual(table[:, None]) == pytest.approx(within / total, abs=0.01)
        assert 0.1 < within / total < 0.97


def test_residual_of_a_function_of_task_and_symbol_is_none_and_of_the_rest_all():
    pool = DETOUR.make_pool(PARTING)
    cells = Cells.at(DETOUR, pool, 5)
    labels = stream(0, "labels").normal(size=(3, 3, 1, 4))
    assert cells.residual(np.broadcast_to(labels, (3, 3, 7, 4))) == pytest.approx(0, abs=1e-28)
    centred = np.arange(7.0) - (cells.steps @ np.arange(7.0))[..., None]
    assert cells.residual(centred[..., None]) == pytest.approx(1)
    assert np.isnan(cells.residual(np.ones((3, 1, 7, 2))))
    early = Cells.at(DETOUR, pool, 0)  # the first step is an up: no cell of the downs
    assert early.probability[:, DOWN].max() == 0
    assert np.isnan(early.residual(laws_by_steps(DETOUR, pool)[:, None]))


@pytest.mark.parametrize(
    ("paths", "task", "symbol"),
    [([NEST, ROW], 0, 0), ([NEST, ROW], 0, DOWN), ([NEST, ROW], 1, UP), ([[1, -1]], 0, 0), ([[1, -1]], 0, DOWN)],
)
def test_sequences_of_a_cell_have_the_conditional_law(paths, task, symbol):
    """Whole sequences against their probabilities as fractions, given the last symbol. One path is soon used up."""
    position, n = 4, 30_000
    family = PlantedDyck(len(paths[0]) // 2, 1, float(RHO), 6)
    tasks, symbols = np.full(n, task), np.full(n, symbol)
    batch = sample_in_cells(family, stream(task, "cells", symbol), family.make_pool(paths), tasks, symbols, position)
    assert batch.symbols.shape == (n, position + 2)
    drawn, counts = np.unique(batch.symbols[:, :-1], axis=0, return_counts=True)
    table = joint_law(paths, [Fraction(1)] * len(paths), position + 1)
    cell = {o[1]: float(p) for o, p in table.items() if o[0] == task and o[1][position] == symbol}
    assert {tuple(row) for row in drawn.tolist()} <= set(cell)
    expected = np.array(list(cell.values())) / sum(cell.values())
    found = dict(zip(map(tuple, drawn.tolist()), counts, strict=True))
    assert chisquare([found.get(key, 0) for key in cell], n * expected).pvalue > 1e-3


def test_background_of_a_cell_follows_its_law():
    family = PlantedDyck(2, 2, 0.25, 8, [0.8, 0.2])
    pool = family.make_pool([NEST])
    tasks = np.zeros(4000, dtype=np.int64)
    batch = sample_in_cells(family, stream(0, "background"), pool, tasks, np.ones_like(tasks), 7)
    seen = batch.symbols[:, :7]
    assert np.array_equal(batch.symbols[:, 7], np.ones_like(tasks))
    assert chisquare(np.bincount(seen[seen < 2]), (seen < 2).sum() * np.array([0.8, 0.2])).pvalue > 1e-3


def test_a_symbol_that_a_path_cannot_show_is_refused():
    pool, one = SMALL.make_pool([ROW, NEST]), np.array([1])
    with pytest.raises(ValueError, match="path 1 cannot show symbol 2 at position 1"):
        sample_in_cells(SMALL, stream(0, "cells"), pool, one, np.array([DOWN]), 1)


@given(st.lists(st.sampled_from(DYCK_PATHS[3]), min_size=1, max_size=6))
def test_prefixes_have_one_number_each(paths):
    pool = DETOUR.make_pool(paths)
    index, names = prefix_index(pool), {}
    for path, numbers in zip(paths, index.tolist(), strict=True):
        for j, number in enumerate(numbers):
            assert names.setdefault(number, path[:j]) == path[:j]
    assert sorted(names) == list(range(len({path[:j] for path in paths for j in range(7)})))


def test_tables_by_steps_by_hand():
    pool = SMALL.make_pool([NEST, ROW])
    assert heights(pool).tolist() == [[0, 1, 2, 1, 0], [0, 1, 0, 1, 0]]
    laws = [[0.75, 0.25, 0], [0.75, 0.25, 0], [0.75, 0, 0.25], [0.75, 0, 0.25], [1, 0, 0]]
    np.testing.assert_allclose(laws_by_steps(SMALL, pool)[0], laws, rtol=1e-15)
    known = posterior_by_steps(pool, np.array([0.8, 0.2]))
    np.testing.assert_allclose(known[0], [[0.8, 0.2]] * 2 + [[1, 0]] * 3, rtol=1e-15)
    np.testing.assert_allclose(known[1], [[0.8, 0.2]] * 2 + [[0, 1]] * 3, rtol=1e-15)


def test_informative_positions_are_those_of_a_path_in_progress():
    """20 steps at density 1/4: 5 to 15 of them are expected after 20 to 60 symbols, the cut-off aside."""
    positions = informative_positions(PlantedDyck())
    assert positions[0] == 19
    assert 59 <= positions[-1] <= 61
    assert all(after == before + 1 for before, after in pairwise(positions))
    assert informative_positions(PlantedDyck(length=15)) == ()


def test_counts_agree_with_ballot_numbers():
    """The share of paths that go down after a prefix is N(r - 1, k - 1) / N(r, k)."""
    paths = np.array(DYCK_PATHS[3])
    pool = DETOUR.make_pool(paths)
    index, height = prefix_index(pool), heights(pool)
    for j in range(6):
        for number in np.unique(index[:, j]):
            here = index[:, j] == number
            r, left = height[here][0, j], 6 - j
            ways = np.exp(log_completions(np.array([r, r - 1]), np.array([left, left - 1])))
            assert here.sum() == pytest.approx(ways[0])
            assert (paths[here, j] < 0).sum() == pytest.approx(ways[1])
