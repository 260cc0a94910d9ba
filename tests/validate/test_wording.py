"""Words of the report and the order of its claims, from rows that are made up."""

import math

from validate.claims.catalogue import CLAIMS
from validate.judging.results import ClaimRow, CriterionRow
from validate.report.tables import Matrix
from validate.report.wording import short, where, why_untested
from validate.statistics.intervals import Estimate

PART = CriterionRow(
    statistic="x",
    label="x",
    predicted=0.0,
    measured=0.5,
    by_seed=[0.5],
    interval=(0.4, 0.6),
    null=0.1,
    decided_by="near",
    nulls={"far": Estimate(0.9, 0.8, 1.0), "near": Estimate(0.1, 0.0, 0.2)},
    tolerance=0.05,
    direction="at most",
    calibrated=True,
    met=0,
    met_share=(0.0, 1.0),
    p_value=None,
    verdict="not tested",
)


def claim_row(claim, family="dice", design="minors=0", layers=None, seeds=(0,), after="mlp"):
    return ClaimRow(
        claim=claim,
        family=family,
        design=design,
        layer=layers[0] if layers else None,
        layers=layers,
        sites=[f"post_{after}.{layer}" for layer in layers] if layers else None,
        position=None,
        seeds=list(seeds),
        statement=claim,
        paper=None,
        parts=[PART],
        primary=False,
        **dict(PART),
    )


def test_the_claims_keep_their_order_whatever_the_families():
    names = list(CLAIMS)
    rows = [
        claim_row(name, family, design)
        for family, design, own in (
            ("dice", "one", names[3:5]),
            ("markov", "two", names[:2]),
            ("dice", "three", ["unknown"]),
        )
        for name in own
    ]
    matrix = Matrix.of(rows)
    assert [line[0] for line in matrix.lines] == [*names[:2], *names[3:5], "unknown"]
    assert matrix.columns == [("dice", "one"), ("dice", "three"), ("markov", "two")]
    assert matrix.families == [("dice", 2), ("markov", 1)]
    for name, _, cells in matrix.lines:
        held = [(row.family, row.design) for row in rows if row.claim == name]
        assert [column for column, row in zip(matrix.columns, cells, strict=True) if row] == held


def test_layers_are_told_by_seed_where_they_differ():
    assert where(claim_row("P0", layers=[3, 3], seeds=[0, 1])) == "layer 3"
    assert where(claim_row("P0", layers=[3, 2], seeds=[0, 4])) == "layers 3, 2 (seeds 0, 4)"
    assert where(claim_row("P0", layers=[3, 3], seeds=[0, 1], after="attention")) == "layer 3a"
    assert where(claim_row("P0")) == ""


def test_reasons_and_bounds_in_words():
    def changed(**values):
        return PART.model_copy(update=values)

    assert PART.bound() == "≤ 0.05"
    assert changed(direction="at least", tolerance=0.0).bound() == "≥ 0"
    assert why_untested(PART) == "a null is not defined"
    assert why_untested(changed(nulls={})) == "there is no null"
    undefined = "the statistic was not measured here, or is not defined"
    assert why_untested(changed(measured=math.nan)) == undefined
    assert why_untested(changed(interval=(math.nan, 0.6))) == undefined
    assert why_untested(changed(calibrated=False)) == "the ladder disqualifies the statistic"
    numbers = (0.98765, -0.012345, None, math.nan, 0.0)
    assert [short(value) for value in numbers] == ["0.988", "−0.012", "—", "—", "0"]
