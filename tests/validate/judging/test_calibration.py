"""Calibration: the score of a world by hand, truths that large samples come to, and the way from command to files."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from validate.command_line import app
from validate.figures.calibration import calibration_figure
from validate.judging.calibration import cells
from validate.judging.calibration.interpolating import Interpolating
from validate.judging.calibration.rows import Calibration, World, rows_of
from validate.judging.calibration.run import small_calibration
from validate.statistics.intervals import Estimate


def around(value, half=0.01):
    return Estimate(value, value - half, value + half)


def test_a_world_is_scored_as_by_hand():
    draws = [{"P0": around(0.97)}, {"P0": around(0.985)}, {"P0": around(0.955)}, {"P0": Estimate(0.97, np.nan, np.nan)}]
    [row] = rows_of(World("w", 8, {"P0": 0.975, "not judged": 1.0}, draws.__getitem__, {"P0": around(0.1)}), draws)
    assert (row.n, row.truth, row.power, row.false_support) == (8, 0.975, 0.5, None)
    assert row.coverage == pytest.approx(2 / 3)
    assert row.bias == pytest.approx(0.97 - 0.975)
    [row] = rows_of(World("w", 8, {"P0": 0.94}, draws.__getitem__, {"P0": around(0.1)}), draws)
    assert (row.power, row.false_support) == (None, 0.5)
    # A null that meets the tolerance lets nothing be supported.
    [row] = rows_of(World("w", 8, {"P0": 0.975}, draws.__getitem__, {"P0": around(0.96)}), draws)
    assert row.power == 0


def test_no_preference_is_no_effect():
    [row] = rows_of(World("w", 8, {"R2_OOD fall": 0.0}, lambda index: {}), [{"R2_OOD fall": around(0.02)}])
    assert (row.power, row.false_support, row.coverage) == (None, 1.0, 0.0)


@pytest.mark.parametrize("worlds", [cells.cell_worlds, cells.slope_worlds, cells.group_worlds])
def test_truths_of_labelled_states_are_what_large_samples_give(worlds):
    for world in worlds(1, 500):
        found = world.measure(0)
        for name, truth in world.truth.items():
            assert found[name].value == pytest.approx(truth, rel=0.1, abs=0.03), (world.name, name)


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

    draws = [world.measure(index) for index in range(60)]
    [good, *_] = rows_of(world, draws)
    [bad, *_] = rows_of(world, [{name: narrow(e) for name, e in draw.items()} for draw in draws])
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
