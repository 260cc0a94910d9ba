"""The verdict rule: its truth table, and that worse evidence never gives a better verdict."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from validate.claims.catalogue import CRITERIA
from validate.claims.rule import WORST_FIRST, Criterion, deciding_null, is_calibrated, judge, worst
from validate.statistics.intervals import UNDEFINED, Estimate

HIGH = Criterion("s", "s", "at least", 0.95)
LOW = Criterion("s", "s", "at most", 0.02)
SIGN = Criterion("s", "s", "at least", 0.0, sign=True)


def around(value, half=0.005):
    return Estimate(value, value - half, value + half)


@pytest.mark.parametrize(
    ("criterion", "measured", "null", "verdict"),
    [
        (HIGH, around(0.98), around(0.83), "supported"),
        (HIGH, around(0.98), around(0.99), "unspecific"),
        (HIGH, around(0.956), Estimate(0.94, 0.92, 0.9515), "unspecific"),
        (HIGH, around(0.94), around(0.83), "refuted"),
        (HIGH, around(0.94), around(0.99), "refuted"),
        (HIGH, around(0.95), around(0.83), "inconclusive"),
        (HIGH, UNDEFINED, around(0.83), "not tested"),
        (HIGH, around(0.98), UNDEFINED, "not tested"),
        (LOW, around(0.009), around(0.030), "supported"),
        (LOW, around(0.009), around(0.0), "unspecific"),
        (LOW, around(0.030), around(0.5), "refuted"),
        (LOW, around(0.018), around(0.5), "inconclusive"),
        (HIGH, around(0.98), Estimate(0.951, 0.94, 0.962), "unspecific"),
        (HIGH, around(0.98), Estimate(0.949, 0.94, 0.962), "supported"),
        (SIGN, around(0.1), Estimate(0.004, -0.01, 0.02), "supported"),
        (SIGN, around(0.1), around(0.12), "unspecific"),
        (SIGN, around(0.1), around(0.5), "unspecific"),
        (SIGN, around(0.001), around(-0.5), "inconclusive"),
        (SIGN, around(-0.1), around(-0.5), "refuted"),
    ],
)
def test_truth_table(criterion, measured, null, verdict):
    assert judge(criterion, measured, {"null": null}, calibrated=True) == verdict


def test_of_states_of_a_network_that_has_not_learned_nothing_is_said():
    for measured in (around(0.98), around(0.5), UNDEFINED):
        assert judge(HIGH, measured, {"a": around(0.5)}, calibrated=True, learned=False) == "not learned"


def test_every_null_counts_and_none_is_not_enough():
    assert judge(HIGH, around(0.98), {"a": around(0.5), "b": around(0.99)}, calibrated=True) == "unspecific"
    assert judge(HIGH, around(0.98), {}, calibrated=True) == "not tested"
    assert judge(SIGN, around(0.1), {}, calibrated=True) == "supported"


def test_a_disqualified_statistic_judges_nothing():
    assert judge(HIGH, around(0.98), {"a": around(0.5)}, calibrated=False) == "not tested"
    assert not is_calibrated(HIGH, around(0.98), [around(0.99)])
    assert not is_calibrated(HIGH, around(0.93), [around(0.1)])
    assert not is_calibrated(HIGH, around(0.956), [Estimate(0.94, 0.92, 0.9515)])
    assert not is_calibrated(HIGH, UNDEFINED, [around(0.1)])
    assert not is_calibrated(HIGH, around(0.99), [around(0.1), UNDEFINED])
    assert not is_calibrated(SIGN, around(0.1), [around(0.0), around(0.2)])
    assert is_calibrated(HIGH, around(0.99), [around(0.1)])
    assert is_calibrated(SIGN, around(0.1), [around(0.002), around(-0.2)])


estimates = st.tuples(st.floats(-1, 2), st.floats(0, 0.5)).map(lambda pair: around(*pair))


@given(estimates, estimates, st.floats(0, 1), st.sampled_from(["at least", "at most"]))
def test_a_worse_measurement_never_gets_out_of_refuted(measured, null, shift, direction):
    criterion = Criterion("s", "s", direction, 0.5)
    step = -shift if direction == "at least" else shift
    worse = Estimate(measured.value + step, measured.low + step, measured.high + step)
    before = judge(criterion, measured, {"null": null}, calibrated=True)
    after = judge(criterion, worse, {"null": null}, calibrated=True)
    ranks = {"refuted": 0, "inconclusive": 1, "unspecific": 2, "supported": 2}
    assert ranks[after] <= ranks[before]


@given(estimates, estimates, st.sampled_from(["at least", "at most"]))
def test_supported_means_what_it_says(measured, null, direction):
    criterion = Criterion("s", "s", direction, 0.5)
    if judge(criterion, measured, {"null": null}, calibrated=True) == "supported":
        assert criterion.meets(measured.low)
        assert criterion.meets(measured.high)
        assert not criterion.meets(null.value)
        assert measured.low > null.high or measured.high < null.low


def test_worst_and_the_null_that_decides():
    assert worst(["supported", "unspecific"]) == "unspecific"
    assert [worst([verdict, "supported"]) for verdict in WORST_FIRST] == list(WORST_FIRST)
    nulls = {"a": around(0.1), "b": around(0.4)}
    assert deciding_null(HIGH, around(0.99), nulls) == "b"
    assert deciding_null(LOW, around(0.0), nulls) == "a"
    assert deciding_null(HIGH, around(0.99), {}) is None
    # One that could be taken for the measurement comes before one that is closer, an undefined one before all.
    wide = {"near": Estimate(0.6, 0.59, 0.61), "wide": Estimate(0.2, 0.1, 0.999)}
    assert deciding_null(HIGH, around(0.99), wide) == "wide"
    assert deciding_null(HIGH, around(0.99), wide | {"none": UNDEFINED}) == "none"


def test_tolerances_are_those_fixed_before_any_run():
    fixed = {name: (criterion.direction, criterion.tolerance) for name, criterion in CRITERIA.items()}
    assert (
        fixed.items()
        >= {
            "P0": ("at least", 0.95),
            "P0*": ("at least", 0.95),
            "P1": ("at most", 0.02),
            "P1*": ("at most", 0.02),
            "P2": ("at least", 0.95),
            "P2*": ("at least", 0.65),
            "P3 r": ("at least", 0.98),
            "P3 TV": ("at most", 0.05),
            "P3* TV": ("at most", 0.15),
            "P3* contest": ("at least", 0.0),
            "KL to M1": ("at most", 0.002),
            "KL contest": ("at least", 0.0),
            "R2_OOD ratio": ("at most", 0.5),
            "R2_OOD fall": ("at least", 0.0),
            "P0 contrast": ("at least", 0.0),
        }.items()
    )
