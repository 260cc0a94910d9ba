"""The statistics of a sweep: known shapes, exact predictors, theory's directions, and verdicts that go both ways."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from tiny import TOML

from theory.convex import task_points
from validate.capture.candidates import Arenas
from validate.capture.rungs import EXACT, RandomSource
from validate.claims.base import UNTRAINED, Observed, Side
from validate.claims.properties import OF_UNDECIDED
from validate.experiment.scopes import BOTH, DIVERSE
from validate.judging.examination import examine
from validate.judging.ladder import climb
from validate.judging.results import Examination, Outcome
from validate.runs.tasks import subjects_of
from validate.statistics.interpolation import MainEffects
from validate.statistics.intervals import Estimate
from validate.sweep import load_sweep, parse_sweep
from validate.sweep.axes import BASE, Point
from validate.sweep.hypotheses import HYPOTHESES, hypothesis_rows
from validate.sweep.quantities import QUANTITIES, read
from validate.sweep.questions import SWEEP_QUESTIONS
from validate.sweep.questions.baseline import baseline
from validate.sweep.questions.gaps import of_mode
from validate.sweep.questions.shapes import References, shape_values
from validate.sweep.table import reading, sweep_rows
from validate.training.networks import untrained_networks


@pytest.fixture(scope="module")
def shipped():
    return load_sweep("sweep")


@pytest.fixture(scope="module")
def two_points():
    return parse_sweep(TOML + "[axes]\nmajors = [2, 3]\n", "tiny")


def test_shape_of_a_rotated_and_scaled_simplex_is_the_tasks_own(shipped):
    plan, rng = shipped.seed_plan(Point("majors", 6), 0), np.random.default_rng(0)
    references = References.of(plan.family, plan.setting.majors)
    points = task_points(plan.setting.majors)
    turned = np.linalg.qr(rng.standard_normal((20, 20)))[0][:6] * 7
    symbols = 3 * np.eye(6, 20)
    found = shape_values(MainEffects((points - points.mean(axis=0)) @ turned, symbols), references, symbols=True)
    assert found["similarity to tasks"] == pytest.approx(1)
    assert found["similarity to log-laws"] == pytest.approx(references.agreement)
    assert found["edge gain"] == pytest.approx(7 / np.sqrt(2 * 3**2))
    # A posterior's corners, none closer than another: no spread, and so no similarity.
    corners = MainEffects(np.eye(6, 20) - np.eye(6, 20).mean(axis=0), symbols)
    regular = shape_values(corners, references, symbols=True)
    assert regular["edge spread"] == pytest.approx(0, abs=1e-12)
    assert regular["edge length"] == pytest.approx(1 / 3)


def modes(plan):
    """Return the gaps of M1 and of M2 on the sequences of a plan; no source is asked."""
    side = Side(
        Observed(RandomSource(plan.family, plan.setting.stream), plan.setting, "features"),
        Arenas(plan.diverse, plan.setting),
    )
    return of_mode(side, "M1"), of_mode(side, "M2")


def test_m1_and_m2_are_where_they_are(shipped):
    first, second = modes(shipped.seed_plan(Point("minor_mass", 0.6), 0))
    for population in ("training", "fresh"):
        assert first[f"KL to M1, {population}"] == second[f"KL to M2, {population}"] == 0
        assert first[f"KL to M2, {population}"] > 0.005
    assert first["excess loss, training"] == 0 < second["excess loss, training"]
    assert 0 < second["excess loss, fresh"] < first["excess loss, fresh"]


def test_every_number_has_its_place(two_points):
    """Of untrained networks in the place of trained ones, every statistic is found, beside what belongs beside it."""
    plan = two_points.seed_plan(Point("majors", 2), 0)
    plain, diverse = untrained_networks(plan)
    subjects = subjects_of(plan, {"minors=0": plain, "minors=2": diverse})
    outcome = examine(subjects, SWEEP_QUESTIONS, rungs=(EXACT,)).outcome
    first, second = modes(plan)
    for name, quantity in QUANTITIES.items():
        found = read(outcome, name)
        # Two tasks have one edge: it has no spread and is similar to nothing.
        undefined = name.startswith(("similarity", "edge spread"))
        if name in OF_UNDECIDED:  # too few sequences here have undecided states
            assert np.isnan([found.measured.value, found.predicted]).all()
            continue
        numbers = [found.measured.value, found.measured.low, found.measured.high, found.predicted, found.untrained]
        assert np.isnan(numbers).all() == np.isnan(numbers).any() == undefined, name
        assert np.isnan(found.baseline) == (undefined or not quantity.baseline), name
        if name in first:
            assert (found.predicted, found.baseline) == (first[name], second[name])
        elif not undefined:
            assert found.predicted == outcome.ladder[EXACT][quantity.scope][name].value
    # The same two networks are the nulls, each the majors-only network of the other.
    null = outcome.nulls[BOTH][UNTRAINED]["R2_OOD"]
    assert outcome.trained[BOTH]["R2_OOD"].value in (pytest.approx(null.low), pytest.approx(null.high))
    assert null.low < null.value < null.high
    assert read(outcome, "R2_OOD").untrained == null.value
    assert read(outcome, "R2_OOD ratio").measured.value == pytest.approx(
        read(outcome, "R2_OOD").measured.value / read(outcome, "R2_OOD majors only").measured.value
    )


def small(plan):
    sizes = plan.setting.sizes.model_copy(
        update={"cell_sequences": 16, "fresh_sequences": 4, "mode_sequences": 256, "replicates": 0}
    )
    return replace(plan, setting=replace(plan.setting, sizes=sizes))


def test_exact_bayes_changes_in_the_direction_of_every_hypothesis(shipped):
    """Hypotheses were derived from exact Bayes: the sum over seeds of the exact change has their sign.

    Along the number of minors exact states stay as they are up to the luck of embeddings; what is expected of them
    there is the paper's.
    """
    assert {hypothesis.axis for hypothesis in HYPOTHESES} == set(shipped.axes)

    def exact(axis, value, seed):
        plan = small(shipped.seed_plan(shipped.point(axis, value), seed))
        majors = plan.setting.majors
        size = np.linalg.norm(task_points(majors)[:, None] - task_points(majors), axis=-1)
        np.testing.assert_allclose(References.of(plan.family, majors).tasks.distances, size, atol=1e-12)
        asked = [question for question in SWEEP_QUESTIONS if plan.family.name in question.families]
        rung = climb(plan, asked, (EXACT,))[EXACT]
        values = {name: estimate.value for table in rung.values() for name, estimate in table.items()}
        return values | modes(plan)[0]

    for axis, values in shipped.axes.items():
        first, last = ([exact(axis, value, seed) for seed in (0, 1)] for value in (values[0], values[-1]))
        for hypothesis in HYPOTHESES:
            if hypothesis.axis == axis:
                name = hypothesis.statistic
                before, after = (sum(table[name] for table in end) for end in (first, last))
                if axis == "minors" and name.startswith("R2_OOD"):
                    assert after == pytest.approx(before, rel=0.1)
                else:
                    assert (after > before) == (hypothesis.direction == "rises"), hypothesis


def outcome_of(measured, predicted, beside, untrained):
    """Return an outcome whose every statistic is the same."""
    scopes = (DIVERSE, BOTH)
    null = {UNTRAINED: dict.fromkeys(QUANTITIES, Estimate.of_value(untrained))}
    return Outcome(
        seed=0,
        ladder={EXACT: {scope: dict.fromkeys(QUANTITIES, Estimate.of_value(predicted)) for scope in scopes}},
        trained={scope: dict.fromkeys(QUANTITIES, measured) for scope in scopes},
        nulls={scope: null | baseline(dict.fromkeys(QUANTITIES, beside)) for scope in scopes},
        predicted={scope: {} for scope in scopes},
        sites={},
        layers={},
    )


def table_of(sweep, measured, untrained, half_width=0.1, above=0.0):
    """Return a table whose every statistic is `measured(value)`, values being those of the first axis."""
    (axis,) = sweep.axes
    table = {}
    for value in sweep.axes[axis]:
        for seed in sweep.plan.seeds:
            estimate = Estimate(measured(value), measured(value) - half_width, measured(value) + half_width)
            outcome = outcome_of(estimate, 2.0 * value + above, 3.0, untrained(value))
            table[sweep.point(axis, value), seed] = Examination(outcome=outcome, networks=[], untrained=[])
    return table


@pytest.fixture(scope="module")
def along_overlap():
    return parse_sweep(TOML + "[axes]\noverlap = [0.0, 0.5]\n", "tiny")


@pytest.mark.parametrize(
    ("slope", "untrained", "half_width", "verdict"),
    [
        (-4, 0, 0.1, "supported"),
        (-4, -6, 0.1, "unspecific"),
        (4, 0, 0.1, "refuted"),
        (-4, 0, 1.2, "inconclusive"),
        (-4, float("nan"), 0.1, "not tested"),
        (float("nan"), 0, 0.1, "not tested"),
    ],
)
def test_hypotheses_come_out_either_way(along_overlap, slope, untrained, half_width, verdict):
    table = table_of(along_overlap, lambda value: 5 + slope * value, lambda value: untrained * value, half_width)
    rows = {row.statistic: row for row in hypothesis_rows(along_overlap, table)}
    falls = rows["P0*"]
    assert (falls.direction, falls.verdict, falls.first, falls.last) == ("falls", verdict, 0.0, 0.5)
    assert falls.predicted == pytest.approx(1.0)
    if verdict == "supported":
        assert falls.measured == pytest.approx(-2)
        assert falls.interval == pytest.approx((-2.2, -1.8))


def test_lengths_are_multiples_of_the_base(along_overlap):
    table = table_of(along_overlap, lambda value: 4 - 4 * value, lambda value: 2.0, above=1.0)
    base, other = (reading(table, point, 0, "edge length") for point in (BASE, Point("overlap", 0.5)))
    assert (base.measured.value, base.predicted, base.baseline, base.untrained) == (1, 1, 1, 1)
    assert other.measured.value == pytest.approx(0.5)
    assert (other.measured.low, other.measured.high) == pytest.approx((1.9 / 4, 2.1 / 4))
    assert reading(table, Point("overlap", 0.5), 0, "P0*").measured.value == pytest.approx(2)
    rows = sweep_rows(along_overlap, table)
    assert len(rows) == 2 * len(QUANTITIES)


def test_seeds_are_the_units_of_a_hypothesis(along_overlap):
    """The interval is that of Student's t over the seeds' changes; how sure each seed is of itself plays no part."""
    several = along_overlap.model_copy(deep=True)
    several.plan.seeds[:] = [0, 1, 2, 3, 4]
    changes = [-2.0, -2.4, -1.7, -2.1, -1.9]

    def table(noise):
        found = {}
        for seed, own in zip(several.plan.seeds, changes, strict=True):
            for value, measured, bare in ((0.0, 5.0, 0.0), (0.5, 5.0 + own, noise * (seed - 2))):
                estimate = Estimate(measured, measured - 9.0, measured + 9.0)
                outcome = outcome_of(estimate, 1.0, 3.0, bare)
                found[several.point("overlap", value), seed] = Examination(outcome=outcome, networks=[], untrained=[])
        return next(row for row in hypothesis_rows(several, found) if row.statistic == "P0*")

    low, high = stats.t.interval(0.95, 4, np.mean(changes), stats.sem(changes))
    row = table(noise=0.1)
    assert row.measured == pytest.approx(np.mean(changes))
    assert row.interval == pytest.approx((low, high))
    assert row.verdict == "supported"
    assert table(noise=2.0).verdict == "unspecific"
