"""From outcomes to rows: the deciding criterion, several seeds, and statistics that are missing."""

import pytest

from validate.claims import CLAIMS, CRITERIA
from validate.intervals import Estimate
from validate.verdicts import Outcome, claim_rows, count_verdicts

GOOD = {"at least": 1.5, "at most": -0.5}
BAD = {"at least": -0.5, "at most": 1.5}
PLACE = {"layer": 3, "position": 62}


def table(values, **changed):
    """Return an estimate for every statistic: far on the good or the bad side, unless changed."""
    estimates = {name: values[criterion.direction] for name, criterion in CRITERIA.items()} | changed
    return {name: Estimate(value, value - 0.01, value + 0.01) for name, value in estimates.items()}


def outcome(seed=0, **changed):
    exact = table(GOOD)
    calibrated = dict.fromkeys(CRITERIA, True)
    return Outcome(seed, {"exact Bayes": exact}, calibrated, table(GOOD, **changed), {"untrained": table(BAD)})


def rows_of(*outcomes):
    return {row["claim"]: row for row in claim_rows("dice", outcomes, PLACE, "minors=8")}


def test_all_good_is_all_supported():
    rows = rows_of(outcome())
    assert count_verdicts(rows.values()) == {"supported": len(CLAIMS)}
    assert rows["P0"]["layer"] == 3
    assert rows["retrieval"]["layer"] is None
    assert rows["near-orthogonality"]["design"] == "minors=0 to minors=8"


def test_a_row_shows_its_deciding_criterion():
    row = rows_of(outcome(**{"P3 TV": 0.9}))["P3"]
    assert row["verdict"] == "refuted"
    assert (row["statistic"], row["measured"], row["tolerance"]) == ("P3 TV", 0.9, 0.05)
    assert row["interval"] == pytest.approx([0.89, 0.91])
    assert row["null"] == pytest.approx(1.5)
    assert [part["verdict"] for part in row["parts"]] == ["supported", "refuted"]
    mixed = rows_of(outcome(**{"P3 r": 0.98}))["P3"]
    assert (mixed["verdict"], mixed["statistic"]) == ("inconclusive", "P3 r")


def test_every_seed_must_agree():
    rows = rows_of(outcome(0), outcome(1, P0=0.5))
    assert rows["P0"]["seeds"] == [0, 1]
    assert rows["P0"]["measured"] == pytest.approx(1.0)
    assert rows["P0"]["interval"] == pytest.approx([0.49, 1.51])
    assert rows["P0"]["verdict"] == "inconclusive"
    assert rows["P1"]["verdict"] == "supported"


def test_a_disqualified_statistic_or_a_missing_measurement_is_not_tested():
    first = outcome()
    first.calibrated["P0"] = first.calibrated["P3 TV"] = False
    first.trained["P3 r"] = Estimate(0.1, 0.0, 0.2)
    del first.trained["R2_OOD ratio"]
    rows = rows_of(first)
    assert rows["P0"]["verdict"] == "not tested"
    assert rows["near-orthogonality"]["verdict"] == "not tested"
    assert rows["P0*"]["verdict"] == "supported"
    assert [part["verdict"] for part in rows["P3"]["parts"]] == ["refuted", "not tested"]
    assert rows["P3"]["verdict"] == "not tested"
