"""``python -m validate phase``: what is asked is done, what cannot be is said."""

import pytest
from tiny_map import TINY
from typer.testing import CliRunner

from validate.command_line import app


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "map.toml"
    path.write_text(TINY)
    return path


@pytest.fixture
def asked(monkeypatch):
    """What the command hands on; the run itself is tested beside this."""
    calls = []

    def run(experiment, folder, client, console, quiet):
        calls.append((experiment, folder, client, quiet))
        return folder / "phase.html"

    monkeypatch.setattr("validate.phase.run_map", run)
    return calls


def invoke(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in ("phase", *arguments)])


def test_families_seeds_and_designs_are_chosen_and_name_the_folder(asked, path, tmp_path):
    result = invoke(
        "--preset", "minimal", "--family", "markov", "--mixture", "pool", "--seeds", "3,1", "--workers", "0"
    )
    assert result.exit_code == 0, result.output
    assert "phase.html" in result.output
    [(experiment, folder, client, quiet)] = asked
    assert list(experiment.families) == ["markov"]
    assert (experiment.families["markov"].seeds, experiment.mixtures, client, quiet) == ([1, 3], ["pool"], None, False)
    assert str(folder) == "runs/phase-minimal.markov.seeds-1-3.pool"
    assert invoke("--experiment", path, "--out", tmp_path / "here", "--quiet", "--workers", "0").exit_code == 0
    assert asked[-1][1:] == (tmp_path / "here", None, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--preset", "large"), "preset must be one of quick, minimal, paper, neighbours, axes; got 'large'"),
        (("--mixture", "lake"), "mixture must be one of minors, pool, unequal; got 'lake'"),
        (("--family", "cards"), "family must be one of dice, markov, regression; got 'cards'"),
        (("--seeds", "x"), "seeds must be whole numbers"),
        (("--preset", "quick", "--experiment", "f.toml"), "give --preset or --experiment, not both"),
        (("--experiment", "missing.toml"), "missing.toml cannot be read"),
        (("--scheduler", "gopher://here:1"), "there is no Dask scheduler at gopher://here:1"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(asked, arguments, words):
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert not asked


def test_a_folder_without_a_map_has_no_report(tmp_path):
    result = CliRunner().invoke(app, ["report", str(tmp_path)])
    assert result.exit_code == 2
