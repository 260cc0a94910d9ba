"""Sweeps: what a file may say, what differs between points, and the whole line."""

import hashlib
import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from tiny import TOML

from theory import Mixture, stream
from validate.experiment.folder import RunFolderError, open_run
from validate.experiment.schema import ExperimentError
from validate.runs.kept import measurement_key
from validate.sweep import load_sweep, parse_sweep, run_sweep
from validate.sweep.axes import BASE, Point
from validate.sweep.quantities import QUANTITIES
from validate.sweep.report import write_sweep_report
from validate.sweep.results import read_sweep

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
        ("[axes]", "[axes.more]", "axes: more is not an axis; there are minors, minor_mass"),
        ("[axes]", "[axis]\nmore = 1\n[axes]", "axis is not a key of an experiment"),
        (AXES, "", r"a sweep needs a table \[axes\] with some of minors, minor_mass"),
        ("overlap = ", "overlaps = ", "axes: overlaps is not an axis; there are minors, minor_mass"),
        ("[0.0, 0.5]", "[0.5]", r"axes: overlap must be a list of two or more different numbers; got \[0.5\]"),
        ("[0.0, 0.5]", "[0.5, 0.5]", "axes: overlap must be a list of two or more different numbers"),
        ("[0.0, 0.5]", "[true, false]", "axes: overlap must be a list of two or more different numbers"),
        ("[0.0, 0.5]", "[0.0, 1.0]", "axes.overlap must be at least 0 and less than 1; got 1.0"),
        ("majors = [2, 4]", "minors = [0, 4]", r"minors = 0 and one other|minors of designs must differ"),
        ("majors = [2, 4]", "minors = [2, 4.5]", "minors=4.5: families.dice.designs.* integer; got 4.5"),
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
    with pytest.raises(ExperimentError, match="cannot be read as an experiment"):
        load_sweep(tmp_path / "missing.toml")


def test_points_differ_by_what_is_varied_alone(shipped):
    base = shipped.seed_plan(BASE, 0)
    majors, minors = base.setting.majors.parameters, base.diverse.minors.parameters
    fresh = base.setting.fresh.symbols
    few, many = (shipped.seed_plan(Point("majors", n), 0) for n in (2, 6))
    np.testing.assert_array_equal(many.setting.majors.parameters[:3], majors)
    np.testing.assert_array_equal(few.setting.majors.parameters, majors[:2])
    drawn = shipped.seed_plan(Point("overlap", 0.5), 0)
    np.testing.assert_allclose(drawn.setting.majors.parameters, (majors + majors.mean(axis=0)) / 2)
    np.testing.assert_array_equal(drawn.diverse.majors.parameters, drawn.setting.majors.parameters)
    np.testing.assert_array_equal(drawn.plain.majors.parameters, drawn.setting.majors.parameters)
    heavy = shipped.seed_plan(Point("minor_mass", 0.6), 0)
    np.testing.assert_array_equal(heavy.setting.majors.parameters, majors)
    assert heavy.diverse.weights[:3] == pytest.approx(0.4 / 3)
    for part in (few, many, drawn, heavy):
        np.testing.assert_array_equal(part.diverse.minors.parameters, minors)
        np.testing.assert_array_equal(part.setting.fresh.symbols, fresh)
    crowd = shipped.seed_plan(Point("minors", 512), 0)
    np.testing.assert_array_equal(crowd.setting.majors.parameters, majors)
    np.testing.assert_array_equal(crowd.diverse.minors.parameters[: len(minors)], minors)
    np.testing.assert_array_equal(crowd.setting.fresh.symbols, fresh)
    fair = shipped.seed_plan(Point("concentration", 3.0), 0)
    assert fair.family.concentration == 3.0
    assert np.ptp(fair.diverse.minors.parameters, axis=1).mean() < np.ptp(minors, axis=1).mean()


def test_the_base_is_run_once_and_minors_that_are_not_there_have_no_mass(shipped):
    assert shipped.points.count(BASE) == 1
    assert len(shipped.points) == 1 + 3 + 3 + 2 + 2 + 3
    heavy = Point("minor_mass", 0.6)
    assert (heavy.plain, Point("minors", 8).plain, Point("majors", 2).plain) == (BASE, BASE, Point("majors", 2))
    own, shared = (shipped.seed_plan(point, 0).mixtures["minors=0"] for point in (heavy, BASE))
    np.testing.assert_array_equal(own.weights, shared.weights)
    np.testing.assert_array_equal(own.pool.parameters, shared.pool.parameters)


def test_majors_drawn_together_are_what_training_draws(shipped):
    part = shipped.seed_plan(Point("overlap", 0.8), 1)
    for design, mixture in part.mixtures.items():
        assert isinstance(mixture, Mixture), design
        batch = mixture.sample(stream(0, "check"), 4000)
        counts = np.array(
            [np.bincount(batch.symbols[batch.tasks == k].ravel(), minlength=6) for k in range(3)], dtype=float
        )
        laws = counts / counts.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(laws, part.setting.majors.parameters, atol=0.02)


# The whole line.


@pytest.fixture(scope="module")
def run(tmp_path_factory, two_points):
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    told = []
    return folder, run_sweep(two_points, folder, told.append, None), told


def test_a_sweep_leaves_rows_figures_and_a_self_contained_report(run, two_points):
    folder, report, told = run
    sweep = read_sweep(folder)
    assert sweep.experiment == two_points
    assert told[0] == "6 tasks: networks to train and points to measure."
    assert len(sweep.rows) == 2 * len(QUANTITIES)
    assert len(sweep.shapes) == 2
    measured = [row.measured for row in sweep.rows if row.statistic in ("P0*", "R2_OOD", "edge length")]
    assert np.isfinite(measured).all()
    chance = [row.baseline for row in sweep.rows if (row.axis, row.statistic) == ("majors", "R2_OOD")]
    assert chance == [1 / 4, 2 / 4]
    html = report.read_text()
    assert "http" not in html.replace("http://www.w3.org", "")
    assert html.count("data:image/svg+xml;base64,") == len(two_points.axes)
    for axis in two_points.axes:
        assert ET.parse(folder / "figures" / f"{axis}.svg").getroot().tag.endswith("svg")
    report.unlink()
    assert write_sweep_report(folder) == report
    assert report.read_text() == html


def test_what_is_finished_is_used_again_and_what_is_stale_is_not(run, two_points):
    folder, _, _ = run
    before = read_sweep(folder).rows
    kept = folder / "points" / "majors=2" / "measured" / "dice.seed-0.json"
    heading, _, content = (text := kept.read_text()).partition("\n")
    examination = json.loads(content)
    examination["outcome"]["trained"]["diverse"]["P0*"]["value"] = 0.125
    changed = json.dumps(examination)
    for key, value in ((heading.split(" ")[0], 0.125), ("another", before[0].measured)):
        kept.write_text(f"{key} {hashlib.sha256(changed.encode()).hexdigest()}\n{changed}")
        run_sweep(two_points, folder, quietly, None)
        first = read_sweep(folder).rows[0]
        assert (first.value, first.statistic, first.measured) == (2, "P0*", value)
    assert kept.read_text() == text
    assert [repr(row) for row in read_sweep(folder).rows] == [repr(row) for row in before]


def test_majors_drawn_together_are_measured_apart():
    sweep = parse_sweep(TOML + "[axes]\noverlap = [0.0, 0.5, 0.6]\n", "tiny")
    keys = {measurement_key(sweep.seed_plan(point, 0), {}) for point in sweep.points}
    assert len(keys) == len(sweep.points) == 3


def test_each_network_is_trained_on_its_own_mixture():
    sweep = parse_sweep(TOML + "[axes]\nminor_mass = [0.1, 0.5]\noverlap = [0.0, 0.5]\n", "tiny")
    trained = {
        (home.name, design): network.mixture
        for point in sweep.points
        for design, (home, network) in sweep.networks(point, 0).items()
    }
    plain, diverse = "minors=0", "minors=2"
    points = ("base", "minor_mass=0.5", "overlap=0.5")
    assert set(trained) == {(name, diverse) for name in points} | {("base", plain), ("overlap=0.5", plain)}
    assert [trained[name, diverse].minor_mass for name in points] == [0.1, 0.5, 0.1]
    for design in (plain, diverse):
        base, drawn = (trained[name, design].majors.parameters for name in ("base", "overlap=0.5"))
        np.testing.assert_allclose(drawn, (base + base.mean(axis=0)) / 2)


def test_a_folder_belongs_to_one_sweep(run, two_points, tmp_path):
    folder, _, _ = run
    other = two_points.model_copy(update={"axes": {"majors": [2, 4]}})
    with pytest.raises(RunFolderError, match="holds another experiment"):
        run_sweep(other, folder, quietly, None)
    open_run(tmp_path / "run", two_points.base)
    with pytest.raises(RunFolderError, match=r"a sweep needs a table \[axes\]"):
        run_sweep(two_points, tmp_path / "run", quietly, None)


@pytest.mark.parametrize(
    ("family", "tasks"), [("markov", "states = 3, length = 10"), ("dyck", "pairs = 3, length = 12, background = 2")]
)
def test_a_sweep_of_another_family(tmp_path, family, tasks):
    text = TINY.replace("dice", family).replace("faces = 3, length = 10, concentration = 1.0", tasks)
    sweep = parse_sweep(text.replace(AXES, "[axes]\nminor_mass = [0.1, 0.5]\n"), family)
    report = run_sweep(sweep, tmp_path / "run", quietly, None)
    assert "Along the mass q of the minors" in report.read_text()
