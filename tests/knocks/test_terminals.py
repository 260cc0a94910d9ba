"""Terminals of other kinds: plain ASCII, narrow, without colour, a pipe that is closed."""

import os
import subprocess
import sys
from io import StringIO

import pytest
from rich.console import Console

from theory import NoisyLinearRegression
from theory.demonstration import Design, demonstrate, rates_of
from theory.tables import print_demonstration, print_rates

DICE = [sys.executable, "-m", "theory", "dice", "--length", "3", "--concentration", "1e-12"]


@pytest.mark.parametrize(
    "settings", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}, {"TERM": "dumb", "NO_COLOR": "1"}]
)
def test_every_alphabet_gets_what_it_can_show(settings):
    said = subprocess.run(DICE, env={**os.environ, **settings}, capture_output=True, check=False)
    assert said.returncode == 0, said.stderr
    assert b"\x1b" not in said.stdout
    if "PYTHONIOENCODING" in settings:
        assert said.stdout.isascii()


def test_a_closed_pipe_is_no_traceback():
    with subprocess.Popen(DICE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


@pytest.mark.parametrize("width", [40, 80])
def test_tables_fit_narrow_terminals(width):
    shown = demonstrate(NoisyLinearRegression(dimension=2, points=4), Design(2, 1), 1000)
    text = StringIO()
    console = Console(file=text, width=width, force_terminal=True, color_system=None)
    print_demonstration(console, shown)
    print_rates(console, rates_of(shown))
    assert max(map(len, text.getvalue().splitlines())) > 0
    tables = [line for line in text.getvalue().splitlines() if "│" in line]
    assert tables
    assert all(len(line) <= width for line in tables)
