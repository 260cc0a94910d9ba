"""The statistics of a sweep: known shapes, exact predictors, theory's directions, and verdicts that go both ways."""

from dataclasses import replace

import numpy as np
import pytest
from tiny import TOML
from validate.sweep.design import BASE, Point
from validate.sweep.point import Contest, Findings, Pair, Reading, Subject, exact_values
from validate.sweep.rows import reading, sweep_rows
from validate.sweep.shapes import References, shape_values

from theory.convex import task_points
from validate.capture.sources import NetworkSource
from validate.experiment.schema import network_config
from validate.statistics.interpolation import MainEffects
from validate.statistics.intervals import Estimate
from validate.sweep import load_sweep, parse_sweep
from validate.sweep.hypotheses import HYPOTHESES, hypothesis_rows
from validate.sweep.quantities import QUANTITIES
from validate.training.networks import untrained_networks


@pytest.fixture(scope="module")
def shipped():
    return load_sweep("sweep")


@pytest.fixture(scope="module")
def two_points():
    return parse_sweep(TOML + "[axes]\nmajors = [2, 3]\n", "tiny")


def test_shape_of_a_rotated_and_scaled_simplex_is_the_tasks_own(shipped):
    part, rng = shipped.part(Point("majors", 6), 0), np.random.default_rng(0)
    references = References.of(part.family, part.setting.majors)
    points = task_points(part.setting.majors)
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


def test_m1_and_m2_are_where_they_are(shipped):
    part = shipped.part(Point("minor_mass", 0.6), 0)
    contest = Contest.of(part.diverse, part.setting)
    first, second = contest.exact("M1"), contest.exact("M2")
    for population in ("training", "fresh"):
        assert first[f"KL to M1, {population}"] == second[f"KL to M2, {population}"] == 0
        assert first[f"KL to M2, {population}"] > 0.005
    assert first["excess loss, training"] == 0 < second["excess loss, training"]
    assert 0 < second["excess loss, fresh"] < first["excess loss, fresh"]


def test_values_are_those_of_the_estimates(two_points):
    """What stands beside a measurement, nulls and ladder, is computed apart: it must be the same statistic."""
    part = two_points.part(Point("majors", 2), 0)
    config = network_config(part.family, part.plan.network)
    subjects = [
        Subject.of(NetworkSource(model, part.family), part.setting)
        for model in untrained_networks(part.kind, config, 2, 0)
    ]
    pair = Pair(subjects[0], subjects[1], part.diverse)
    references = References.of(part.family, part.setting.majors)
    estimates, values = pair.estimates(references)[0], pair.values(references)
    contest = Contest.of(part.diverse, part.setting)
    estimates |= contest.estimates(subjects[0].source)
    values |= contest.of_source(subjects[0].source)
    assert set(estimates) == set(values) == set(QUANTITIES)
    for name, value in values.items():
        # Two tasks have one edge: it has no spread and is similar to nothing.
        assert np.isnan(value) == name.startswith(("similarity", "edge spread")), name
        assert value == pytest.approx(estimates[name].value, nan_ok=True), name
    assert estimates["R2_OOD"].value != estimates["R2_OOD majors only"].value


def small(part):
    sizes = part.setting.sizes.model_copy(update={"cell_sequences": 16, "fresh_sequences": 4, "mode_sequences": 256})
    return replace(part, setting=replace(part.setting, sizes=sizes))


def test_exact_bayes_changes_in_the_direction_of_every_hypothesis(shipped):
    """Hypotheses were derived from exact Bayes: the sum over seeds of the exact change has their sign."""
    assert {hypothesis.axis for hypothesis in HYPOTHESES} == set(shipped.axes)

    def exact(axis, value, seed):
        part = small(shipped.part(shipped.point(axis, value), seed))
        setting = part.setting
        references = References.of(part.family, setting.majors)
        losses = Contest.of(part.diverse, setting).exact("M1")
        table = exact_values(part.plain, part.diverse, setting, references) | losses
        size = np.linalg.norm(task_points(setting.majors)[:, None] - task_points(setting.majors), axis=-1)
        np.testing.assert_allclose(references.tasks.distances, size, atol=1e-12)
        return table

    for axis, values in shipped.axes.items():
        first, last = ([exact(axis, value, seed) for seed in shipped.plan.seeds] for value in (values[0], values[-1]))
        for hypothesis in HYPOTHESES:
            if hypothesis.axis == axis:
                name = hypothesis.statistic
                change = sum(after[name] - before[name] for before, after in zip(first, last, strict=True))
                assert (change > 0) == (hypothesis.direction == "rises"), hypothesis


def table_of(sweep, measured, untrained, half_width=0.1):
    """Return findings whose every statistic is `measured(value)`, values being those of the first axis."""
    (axis,) = sweep.axes
    table = {}
    for value in sweep.axes[axis]:
        for seed in sweep.plan.seeds:
            estimate = Estimate(measured(value), measured(value) - half_width, measured(value) + half_width)
            found = Reading(estimate, 2.0 * value, 3.0, untrained(value))
            table[sweep.point(axis, value), seed] = Findings("post_mlp.0", dict.fromkeys(QUANTITIES, found), {})
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
    rows = {row["statistic"]: row for row in hypothesis_rows(along_overlap, table)}
    falls = rows["P0*"]
    assert (falls["direction"], falls["verdict"], falls["from"], falls["to"]) == ("falls", verdict, 0.0, 0.5)
    assert falls["predicted"] == pytest.approx(1.0)
    if verdict == "supported":
        assert falls["measured"] == pytest.approx(-2)
        assert falls["interval"] == pytest.approx([-2.2, -1.8])


def test_lengths_are_multiples_of_the_base(along_overlap):
    table = table_of(along_overlap, lambda value: 4 - 4 * value, lambda value: 2.0)
    table = {
        key: replace(found, readings={n: replace(r, predicted=r.predicted + 1) for n, r in found.readings.items()})
        for key, found in table.items()
    }
    base, other = (reading(table, point, 0, "edge length") for point in (BASE, Point("overlap", 0.5)))
    assert (base.measured.value, base.predicted, base.baseline, base.untrained) == (1, 1, 1, 1)
    assert other.measured.value == pytest.approx(0.5)
    assert (other.measured.low, other.measured.high) == pytest.approx((1.9 / 4, 2.1 / 4))
    assert reading(table, Point("overlap", 0.5), 0, "P0*").measured.value == pytest.approx(2)
    rows = sweep_rows(along_overlap, table)
    assert len(rows) == 2 * len(QUANTITIES)
    assert set(rows[0]) == {
        "axis", "value", "seed", "statistic", "measured", "interval", "predicted", "baseline", "untrained"
    }  # fmt: skip
