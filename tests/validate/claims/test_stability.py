"""P0 of majors against minors, on states that are known to be stable for the one and not for the other."""

import math

import numpy as np
import pytest
from scipy import stats
from tiny import tiny_experiment

from theory import BiasedDice, Mixture, stream
from validate.capture.candidates import Arenas
from validate.claims.base import Controls, Observed, Side
from validate.claims.catalogue import CRITERIA
from validate.claims.stability import GROUPS, analyse, contrast, minor_groups, stabilities, stability
from validate.experiment.sampling import predicted
from validate.experiment.setting import Setting
from validate.statistics.intervals import Estimate

FAMILY = BiasedDice(faces=4, length=16)
STABLE, VAGUE = np.eye(4)[:3], np.full((3, 4), 0.25)
"""Dice of one face, whose contexts are all alike; and fair dice, whose contexts differ and tell nothing."""


class Counts:
    """States that hold symbol frequencies and the current symbol at the last site but one, and nothing elsewhere."""

    sites = ("nothing", "counts", "logits")

    def states(self, batch, last=False):
        n_positions = 1 if last else len(FAMILY.encode(batch).positions)
        seen = np.cumsum(FAMILY.current(batch), axis=1)
        frequencies = predicted(seen / seen.sum(axis=-1, keepdims=True).clip(1), n_positions)
        counts = np.concatenate([frequencies, 0.1 * predicted(FAMILY.current(batch), n_positions)], axis=-1)
        return {"nothing": np.zeros_like(counts), "counts": counts, "logits": np.zeros_like(counts)}

    def mean(self, batch):
        raise AssertionError("no prediction is asked for")


def mixture(majors, minors):
    return Mixture(FAMILY, FAMILY.make_pool(majors), None if minors is None else FAMILY.make_pool(minors))


def side(majors, minors):
    """Return the side of such states for a mixture."""
    own = mixture(majors, minors)
    sizes = tiny_experiment().families["dice"].measurement.model_copy(update={"cell_sequences": 16})
    setting = Setting("dice", FAMILY, own.majors, 0, sizes)
    return Side(Observed(Counts(), setting, "nothing"), Arenas(own, setting))


def contrast_of(majors, minors):
    return analyse(side(majors, minors), Controls()).statistics["P0 contrast"]


@pytest.mark.parametrize(
    ("majors", "minors", "place"),
    [(STABLE, VAGUE, "inside"), (VAGUE, STABLE, "outside"), (VAGUE, np.tile(VAGUE, (3, 1)), "straddles")],
)
def test_the_verdict_can_come_out_either_way(majors, minors, place):
    found = contrast_of(majors, minors)
    assert CRITERIA["P0 contrast"].place(found) == place, found


def test_planted_shares_by_site():
    table = stabilities(side(STABLE, VAGUE))
    assert table["counts"]["majors"].value == pytest.approx(1)
    assert table["counts"]["minors"].value < 0.5
    assert math.isnan(table["nothing"]["majors"].value)
    found = contrast_of(STABLE, VAGUE)
    assert found == contrast(table["counts"]["majors"], table["counts"]["minors"])


def test_minors_are_averaged_over_groups_of_their_own_sequences():
    both = np.concatenate([STABLE, VAGUE])
    own, pools = side(STABLE, both), minor_groups(mixture(STABLE, both))
    parts = [stability(own, pool, "minors", index)["counts"] for index, pool in enumerate(pools)]
    minors = stabilities(own)["counts"]["minors"]
    values = [part.value for part in parts]
    low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
    assert (minors.value, minors.low, minors.high) == pytest.approx((np.mean(values), low, high))
    again = stability(own, pools[1], "minors", 0)["counts"]
    assert again != parts[1]


def test_without_a_group_of_minors_there_is_no_contrast():
    for minors in (None, VAGUE[:2]):
        assert not minor_groups(mixture(STABLE, minors))
        assert math.isnan(contrast_of(STABLE, minors).value)


@pytest.mark.parametrize("n_minors", [3, 7, 100])
def test_groups_hold_as_many_tasks_as_there_are_majors_none_twice(n_minors):
    minors = FAMILY.sample_pool(stream(0, "minors"), n_minors).parameters
    groups = minor_groups(mixture(STABLE, minors))
    assert [len(group) for group in groups] == [3] * min(GROUPS, n_minors // 3)
    np.testing.assert_array_equal(np.concatenate([group.parameters for group in groups]), minors[: 3 * len(groups)])


def test_errors_of_independent_estimates_add_in_quadrature():
    majors, minors = Estimate(0.9, 0.86, 0.93), Estimate(0.7, 0.66, 0.73)
    found = contrast(majors, minors)
    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.2 - 0.05, 0.2 + 0.05))
