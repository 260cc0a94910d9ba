"""Nothing that comes from a file or a name is markup or terminal control in what is printed."""

from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from typer.testing import CliRunner

from validate.command_line import app
from validate.judging.results import NetworkResult
from validate.report.console import as_text, sites_table
from validate.report.plain import PlainConsole, visible

NAMES = (
    "resid[mid]",
    "[/b]",
    "[red]x[/red]",
    ":smile:",
    "a\x1b[31mb",
    "bell\x07",
    "c1\x9b2J",
    "rtl\u202egnp",
    "[link=x]",
)


def printed(name, **settings):
    """Return what a string and a table's title, heading and cell of this name look like on a terminal."""
    text = StringIO()
    console = PlainConsole(file=text, width=120, **settings)
    table = Table(title=name)
    table.add_column(name)
    table.add_row(name)
    console.print(name)
    console.print(table)
    return text.getvalue()


@pytest.mark.parametrize("name", NAMES)
def test_names_are_shown_as_they_are(name):
    assert printed(name).count(visible(name)) == 4
    on_terminal = printed(name, force_terminal=True, color_system="truecolor")
    for obeyed in ("\x1b[31m", "\x07", "\x9b", "\u202e", "\x1b]8"):
        assert obeyed not in on_terminal


@given(st.text())
def test_what_is_visible_cannot_be_obeyed(text):
    shown = visible(text)
    assert all(c in "\n\t" or c.isprintable() or not c.isascii() for c in shown)
    assert visible(shown) == shown
    if text.isascii() and text.isprintable():
        assert shown == text


@pytest.mark.parametrize("name", NAMES)
def test_sites_of_these_names_stand_in_the_text(name):
    network = NetworkResult(family="dice", seed=0, design="minors=0", site=name, sites=[name], shown={})
    text = as_text(lambda console, table: console.print(table), sites_table(network), 120)
    assert f"judgedat{visible(name)}" in "".join(text.split())  # titles wrap at the width of their table


@pytest.mark.parametrize("name", ["[/b]", "a\x1b[31mb"])
def test_arguments_of_these_names_end_in_sentences(name, tmp_path):
    for arguments in (
        ["measure", str(tmp_path / name), "--preset", "quick"],
        ["sequences", "--out", str(tmp_path / "x"), "--preset", name],
        ["sequences", "--out", str(tmp_path / "x"), "--preset", "quick", "--family", name],
        ["report", str(tmp_path / name)],
    ):
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 2, result.output
        assert "\x1b" not in result.output
        assert "error: " in result.output
