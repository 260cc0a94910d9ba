"""Sweeps: what differs between points, shapes against known simplices, verdicts both ways, and the whole line."""

import json
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from tiny import TOML

from model import Transformer
from theory import Mixture, stream
from theory.convex import task_points
from validate.experiment import ExperimentError, network_config
from validate.interpolation import MainEffects
from validate.intervals import Estimate
from validate.networks import untrained_networks
from validate.run_folder import RunFolderError, open_run
from validate.sources import NetworkSource
from validate.sweep import load_sweep, parse_sweep, run_sweep
from validate.sweep.design import BASE, Point, networks_of
from validate.sweep.hypotheses import HYPOTHESES, hypothesis_rows
from validate.sweep.point import Contest, Findings, Pair, Reading, Subject, exact_values
from validate.sweep.quantities import QUANTITIES
from validate.sweep.rows import reading, sweep_rows
from validate.sweep.shapes import References, shape_values

AXES = """
[axes]
minor_mass = [0.1, 0.5]
concentration = [1.0, 4.0]
overlap = [0.0, 0.5]
majors = [2, 4]
"""
TINY = TOML + AXES


def quietly(sentence):
    assert sentence


@pytest.fixture(scope="module")
def tiny():
    return parse_sweep(TINY, "tiny")


@pytest.fixture(scope="module")
def shipped():
    return load_sweep("sweep")


@pytest.fixture(scope="module")
def two_points():
    return parse_sweep(TOML + "[axes]\nmajors = [2, 3]\n", "tiny")


# What a sweep is.


def test_toml_round_trip(tiny, shipped):
    for sweep in (tiny, shipped):
        assert parse_sweep(sweep.to_toml(), "again") == sweep


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("[axes]", "[axis]", "axis is not a key of an experiment"),
        (AXES, "", r"a sweep needs a table \[axes\] with some of minor_mass"),
        ("overlap = ", "overlaps = ", "axes.overlaps is not an axis; there are minor_mass"),
        ("[0.0, 0.5]", "[0.5]", r"axes.overlap must be a list of two or more different numbers; got \[0.5\]"),
        ("[0.0, 0.5]", "[0.5, 0.5]", "axes.overlap must be a list of two or more different numbers"),
        ("[0.0, 0.5]", "[true, false]", "axes.overlap must be a list of two or more different numbers"),
        ("[0.0, 0.5]", "[0.0, 1.0]", "axes.overlap must be at least 0 and less than 1; got 1.0"),
        ("[2, 4]", "[2, 4.5]", "majors=4.5: families.dice.majors: .* integer; got 4.5"),
        ("[2, 4]", "[2, 9]", "majors=9: families.dice.majors: .* less than or equal to 8; got 9"),
        ("[1.0, 4.0]", "[1.0, -4.0]", "concentration must be positive and finite; got -4.0"),
        ("[0.1, 0.5]", "[0.1, 1.0]", "families.dice.minor_mass: .* less than 1; got 1.0"),
        ("{ minors = 2, ", "{ minors = 0, ", "minors of designs must differ"),
        ("{ minors = 0, ", "{ minors = 1, ", r"designs: a sweep needs minors = 0 and one other; got minors \[1, 2\]"),
        ('name = "tiny"', "name = ", "is not valid TOML"),
    ],
)
def test_what_is_wrong_is_one_sentence(old, new, sentence):
    assert old in TINY
    with pytest.raises(ExperimentError, match=sentence) as caught:
        parse_sweep(TINY.replace(old, new), "file.toml")
    assert str(caught.value).startswith("file.toml")
    assert "\n" not in str(caught.value)


def test_dyck_paths_have_no_overlap_and_a_missing_file_is_a_sentence(tmp_path):
    dyck = TINY.replace("dice", "dyck").replace("concentration = [1.0, 4.0]\n", "")
    dyck = dyck.replace("{ faces = 3, length = 10, concentration = 1.0 }", "{ pairs = 3, length = 10 }")
    with pytest.raises(ExperimentError, match=r"axes.overlap: .* the mean of Dyck paths is no path"):
        parse_sweep(dyck, "file.toml")
    with pytest.raises(ExperimentError, match="cannot be read as a sweep"):
        load_sweep(tmp_path / "missing.toml")


def test_points_differ_by_what_is_varied_alone(shipped):
    base = shipped.part(BASE, 0)
    majors, minors = base.setting.majors.parameters, base.diverse.minors.parameters
    fresh = base.setting.fresh.symbols
    few, many = (shipped.part(Point("majors", n), 0) for n in (2, 6))
    np.testing.assert_array_equal(many.setting.majors.parameters[:3], majors)
    np.testing.assert_array_equal(few.setting.majors.parameters, majors[:2])
    drawn = shipped.part(Point("overlap", 0.5), 0)
    np.testing.assert_allclose(drawn.setting.majors.parameters, (majors + majors.mean(axis=0)) / 2)
    np.testing.assert_array_equal(drawn.diverse.majors.parameters, drawn.setting.majors.parameters)
    np.testing.assert_array_equal(drawn.plain.majors.parameters, drawn.setting.majors.parameters)
    heavy = shipped.part(Point("minor_mass", 0.6), 0)
    np.testing.assert_array_equal(heavy.setting.majors.parameters, majors)
    assert heavy.diverse.weights[:3] == pytest.approx(0.4 / 3)
    for part in (few, many, drawn, heavy):
        np.testing.assert_array_equal(part.diverse.minors.parameters, minors)
        np.testing.assert_array_equal(part.setting.fresh.symbols, fresh)
    fair = shipped.part(Point("concentration", 3.0), 0)
    assert fair.family.concentration == 3.0
    assert np.ptp(fair.diverse.minors.parameters, axis=1).mean() < np.ptp(minors, axis=1).mean()


def test_the_base_is_run_once_and_minors_that_are_not_there_have_no_mass(shipped):
    assert shipped.points.count(BASE) == 1
    assert len(shipped.points) == 1 + 3 + 2 + 2 + 3
    heavy = Point("minor_mass", 0.6)
    assert (heavy.plain, Point("majors", 2).plain) == (BASE, Point("majors", 2))
    name, _ = networks_of(shipped.part(BASE, 0))
    own, shared = (shipped.part(point, 0).mixtures[name] for point in (heavy, BASE))
    np.testing.assert_array_equal(own.weights, shared.weights)
    np.testing.assert_array_equal(own.pool.parameters, shared.pool.parameters)


def test_majors_drawn_together_are_what_training_draws(shipped):
    part = shipped.part(Point("overlap", 0.8), 1)
    for design, mixture in part.mixtures.items():
        assert isinstance(mixture, Mixture), design
        batch = mixture.sample(stream(0, "check"), 4000)
        counts = np.array(
            [np.bincount(batch.symbols[batch.tasks == k].ravel(), minlength=6) for k in range(3)], dtype=float
        )
        laws = counts / counts.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(laws, part.setting.majors.parameters, atol=0.02)


# What is measured.


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


# From numbers to rows and verdicts.


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


# The whole line.


@pytest.fixture(scope="module")
def run(tmp_path_factory, two_points):
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    told = []
    return folder, run_sweep(two_points, folder, told.append, progress=False), told


def test_a_sweep_leaves_rows_figures_and_a_self_contained_report(run, two_points):
    folder, report, told = run
    sweep = json.loads((folder / "sweep.json").read_text())
    assert len(told) == len(two_points.work) + 1
    assert len(sweep["rows"]) == 2 * len(QUANTITIES)
    assert len(sweep["shapes"]) == 2
    measured = [row["measured"] for row in sweep["rows"] if row["statistic"] in ("P0*", "R2_OOD", "edge length")]
    assert np.isfinite(measured).all()
    chance = [row["baseline"] for row in sweep["rows"] if (row["axis"], row["statistic"]) == ("majors", "R2_OOD")]
    assert chance == [1 / 4, 2 / 4]
    html = report.read_text()
    assert "http" not in html.replace("http://www.w3.org", "")
    assert html.count("data:image/svg+xml;base64,") == len(two_points.axes)
    for axis in two_points.axes:
        assert ET.parse(folder / "figures" / f"{axis}.svg").getroot().tag.endswith("svg")


def test_what_is_finished_is_used_again_and_what_is_damaged_is_not(run, two_points, monkeypatch):
    folder, _, _ = run
    before = json.loads((folder / "sweep.json").read_text())
    monkeypatch.setattr("validate.sweep.run.write_sweep_report", lambda folder: folder)

    def forbidden(*_):
        raise AssertionError("measured again")

    with monkeypatch.context() as patch:
        patch.setattr("validate.sweep.run.examine_point", forbidden)
        run_sweep(two_points, folder, quietly, progress=False)
        again = json.loads((folder / "sweep.json").read_text())
        assert again["rows"] == before["rows"]
        kept = folder / "points" / "majors=2" / "measured.seed-0.json"
        text = kept.read_text()
        kept.write_text("another key\n" + text.partition("\n")[2])
        with pytest.raises(AssertionError, match="measured again"):
            run_sweep(two_points, folder, quietly, progress=False)
    run_sweep(two_points, folder, quietly, progress=False)
    assert kept.read_text() == text


def test_each_network_is_trained_on_its_own_mixture(tmp_path, monkeypatch):
    sweep = parse_sweep(TOML + "[axes]\nminor_mass = [0.1, 0.5]\noverlap = [0.0, 0.5]\n", "tiny")
    trained = {}

    def record(kind, plan, design, mixture, seed, folder, progress):
        trained[folder.name, design.name] = mixture
        return Transformer(network_config(mixture.family, plan.network), seed=seed)

    def nothing(part, diverse, plain):
        reading = Reading(Estimate(1, 1, 1), 1, 1, 1)
        return Findings("post_mlp.0", dict.fromkeys(QUANTITIES, reading), {})

    monkeypatch.setattr("validate.sweep.run.train_network", record)
    monkeypatch.setattr("validate.sweep.run.examine_point", nothing)
    monkeypatch.setattr("validate.sweep.run.write_sweep_report", lambda folder: folder)
    run_sweep(sweep, tmp_path / "run", quietly, progress=False)
    plain, diverse = networks_of(sweep.part(BASE, 0))
    points = ("base", "minor_mass=0.5", "overlap=0.5")
    assert set(trained) == {(name, diverse) for name in points} | {("base", plain), ("overlap=0.5", plain)}
    assert [trained[name, diverse].minor_mass for name in points] == [0.1, 0.5, 0.1]
    for design in (plain, diverse):
        base, drawn = (trained[name, design].majors.parameters for name in ("base", "overlap=0.5"))
        np.testing.assert_allclose(drawn, (base + base.mean(axis=0)) / 2)


def test_a_folder_belongs_to_one_sweep(run, two_points, tmp_path):
    folder, _, _ = run
    other = replace(two_points, axes={"majors": (2, 4)})
    with pytest.raises(RunFolderError, match="holds another sweep"):
        run_sweep(other, folder, quietly, progress=False)
    open_run(tmp_path / "run", two_points.base)
    with pytest.raises(RunFolderError, match=r"a sweep needs a table \[axes\]"):
        run_sweep(two_points, tmp_path / "run", quietly, progress=False)


def test_a_sweep_of_markov_chains(tmp_path):
    text = TINY.replace("dice", "markov").replace("faces = 3", "states = 3")
    sweep = parse_sweep(text.replace(AXES, "[axes]\nminor_mass = [0.1, 0.5]\n"), "markov")
    report = run_sweep(sweep, tmp_path / "run", quietly, progress=False)
    assert "Along the mass q of the minors" in report.read_text()
