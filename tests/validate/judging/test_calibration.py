"""Calibration: the score of a world by hand, truths that large samples come to, and the way from command to files."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from validate.claims.catalogue import CRITERIA
from validate.claims.enough import LEAST_COMPARED
from validate.command_line import app
from validate.figures.calibration import calibration_figure
from validate.judging.calibration import cells, interpolating, networks, paths, predictions
from validate.judging.calibration.interpolating import Interpolating
from validate.judging.calibration.rows import Calibration, Draw, World, rows_of
from validate.judging.calibration.run import KINDS, small_calibration
from validate.statistics.intervals import Estimate


def around(value, half=0.01):
    return Estimate(value, value - half, value + half)


def test_a_world_is_scored_as_by_hand():
    draws = [{"P0": around(0.97)}, {"P0": around(0.985)}, {"P0": around(0.955)}, {"P0": Estimate(0.97, np.nan, np.nan)}]

    def row_of(truth, null=0.1, given=lambda index: {}):
        world = World("w", 8, truth, draws.__getitem__, {"P0": around(null)}, given)
        [row] = rows_of(world, [world.drawn(index) for index in range(len(draws))])
        return row

    row = row_of({"P0": 0.975, "not judged": 1.0})
    assert (row.n, row.truth, row.power, row.false_support) == (8, 0.975, 0.5, None)
    assert row.coverage == pytest.approx(2 / 3)
    assert row.bias == pytest.approx(0.97 - 0.975)
    row = row_of({"P0": 0.94})
    assert (row.power, row.false_support) == (None, 0.5)
    # A null that meets the tolerance lets nothing be supported.
    assert row_of({"P0": 0.975}, null=0.96).power == 0
    # What is true of some draws and not of others is scored on each by itself.
    row = row_of({"P0": 0.975}, given=lambda index: {"P0": (0.94, 0.99, 0.955, 0.96)[index]})
    assert (row.truth, row.power, row.false_support) == (pytest.approx(0.96125), 1 / 3, 1.0)
    assert row.coverage == pytest.approx(2 / 3)


def test_no_preference_is_no_effect():
    world = World("w", 8, {"R2_OOD fall": 0.0}, lambda index: {"R2_OOD fall": around(0.02)})
    [row] = rows_of(world, [world.drawn(0)])
    assert (row.power, row.false_support, row.coverage) == (None, 1.0, 0.0)


@pytest.mark.parametrize("worlds", [cells.cell_worlds, cells.slope_worlds, cells.group_worlds])
def test_truths_of_labelled_states_are_what_large_samples_give(worlds):
    for world in worlds(1, 500):
        found = world.measure(0)
        for name, truth in world.truth.items():
            assert found[name].value == pytest.approx(truth, rel=0.1, abs=0.03), (world.name, name)


@pytest.fixture
def few(monkeypatch):
    """Truths of few sequences: which there are, not what they are."""
    for module in (interpolating, networks, paths, predictions):
        monkeypatch.setattr(module, "N_TRUE", 64)
    monkeypatch.setattr(networks, "N_MANY", 1)


def test_every_statistic_that_is_judged_has_a_world(few):
    sizes = {kind: LEAST_COMPARED if kind == "predictions" else 16 for kind in KINDS}
    known = {name for kind, n in sizes.items() for world in KINDS[kind](77, n) for name in world.truth}
    assert set(CRITERIA) <= known


def test_so_few_sequences_that_predictions_are_not_judged_have_no_worlds(few):
    assert list(predictions.prediction_worlds(77, LEAST_COMPARED - 1)) == []
    worlds = list(predictions.prediction_worlds(77, LEAST_COMPARED))
    assert all(np.isfinite(list(world.truth.values())).all() for world in worlds)


def test_what_removing_v_does_is_measured_on_the_v_that_was_found(few):
    """Truths that hang on the draw differ between draws, and an estimate is nearer to its own than to another's."""
    worlds = {world.name: world for world in networks.network_worlds(78, 32)}
    world = worlds["networks, exact Bayes"]
    draws = [world.drawn(index) for index in range(4)]
    own = np.array([draw.truth["V specificity"] for draw in draws])
    assert np.unique(own.round(6)).size == 4
    assert np.all(own > 0)
    assert {draw.truth["steering"] for draw in draws} == {world.truth["steering"]}


def test_states_that_follow_the_posterior_have_no_distance_to_it():
    """Without noise the true distance is 0 and the share 1, and averages are told from the posterior."""
    exact, average = Interpolating(1, 0.0, 1e-9).truth, Interpolating(1, 1.0, 1e-9).truth
    assert exact["P3 TV"] == pytest.approx(0, abs=1e-3)  # mu_t is a mean over sequences
    assert exact["P2*"] == pytest.approx(1, abs=1e-3)
    assert exact["P3* contest"] > 0.05 > -0.05 > average["P3* contest"]


def test_a_small_table_meets_its_bounds():
    """Coverage within what chance allows of so few draws, and hardly any false support."""
    table = small_calibration()
    assert {row.statistic for row in table.rows} == {"P0", "P0*", "P1", "P1*"}
    assert np.mean([row.coverage for row in table.rows]) > 0.9
    assert np.mean([row.false_support for row in table.rows if row.false_support is not None]) <= 0.05
    figure = calibration_figure(table)
    assert [axes.get_xlabel() != "" for axes in figure.axes] == [True, True]


def test_an_interval_that_is_too_narrow_is_seen():
    """The fault that the table is for: half the interval, and coverage falls."""
    [world, *_] = cells.cell_worlds(3, 24)

    def narrow(estimate):
        return Estimate(
            estimate.value, *(estimate.value + 0.3 * (end - estimate.value) for end in (estimate.low, estimate.high))
        )

    draws = [world.drawn(index) for index in range(60)]
    [good, *_] = rows_of(world, draws)
    halved = [Draw({name: narrow(e) for name, e in draw.estimates.items()}, draw.truth) for draw in draws]
    [bad, *_] = rows_of(world, halved)
    assert good.coverage > 0.85 > bad.coverage


def test_the_command_writes_rows_and_figure_and_prints_eighty_columns(tmp_path):
    out = tmp_path / "rows" / "table.json"
    ran = CliRunner().invoke(app, ["calibrate", "--seed", "5", "--worlds", "2", "--kind", "groups", "--out", str(out)])
    assert ran.exit_code == 0, ran.output
    assert max(map(len, ran.output.split("Rows:")[0].splitlines())) <= 80
    table = json.loads(out.read_text("utf-8"))
    keys = {"statistic", "world", "n", "truth", "bias", "coverage", "power", "false_support"}
    assert all(set(row) == keys for row in table["rows"])
    assert {row["n"] for row in table["rows"]} == {24, 64, 128}
    assert Calibration.model_validate(table).worlds == 2
    assert out.with_suffix(".svg").read_text("utf-8").startswith("<?xml")
    assert CliRunner().invoke(app, ["calibrate", "--worlds", "2", "--kind", "nothing"]).exit_code == 2
