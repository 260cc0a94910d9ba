"""The campaign in short: nothing is lost, nothing is wrong. `make knocks` is the long one."""

import damaged
import kills
import malformed
import pytest


def clean(tally, tried):
    assert tally.lost == []
    assert tally.wrong == []
    assert tally.tried >= tried


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_malformed_experiments():
    clean(malformed.campaign(60, 2000), 60)


def test_damaged_files(tmp_path):
    clean(damaged.campaign(120, 2000, tmp_path), 120)


@pytest.mark.parametrize("kind", [kills.kills, kills.doubles])
def test_runs_that_are_knocked(kind, tmp_path):
    clean(kind(4, 2000, tmp_path), 4)
