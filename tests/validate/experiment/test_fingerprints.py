"""Keys change with what numbers depend on, and with nothing else."""

from pathlib import Path

import pytest

import model
import theory
import validate
from validate import experiment
from validate.experiment.fingerprints import MEASURING, digest_of, measuring_code, training_code

MODULE = '''"""What it is."""

TOLERANCE = 0.95
"""Where it came from."""


class Share:
    """Words."""

    def of(self, part, whole):
        """Divide."""
        return part / whole  # of two squares
'''


def digest(folder, text, name="share.py"):
    for path in folder.glob("*.py"):
        path.unlink()
    (folder / name).write_text(text)
    return digest_of(folder.glob("*.py"), folder)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""What it is."""', '"""What it became,\n\nat length."""'),
        ('"""Where it came from."""\n', ""),
        ('"""Words."""', '"""Other words."""'),
        ("  # of two squares", "  # of numbers"),
        ('        """Divide."""\n', ""),
        ("part / whole", "(part\n                / whole)"),
    ],
)
def test_words_and_layout_change_no_key(tmp_path, old, new):
    assert old in MODULE
    assert digest(tmp_path, MODULE.replace(old, new)) == digest(tmp_path, MODULE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.95", "0.9"),
        ("part / whole", "whole / part"),
        ("TOLERANCE", "LIMIT"),
        ("class Share:", "class Share(object):"),
    ],
)
def test_what_runs_changes_the_key(tmp_path, old, new):
    assert digest(tmp_path, MODULE.replace(old, new)) != digest(tmp_path, MODULE)


def test_the_place_of_a_file_is_part_of_the_key(tmp_path):
    assert digest(tmp_path, MODULE, "other.py") != digest(tmp_path, MODULE)


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """Packages of the same rooms and file names, each file next to empty, in the place of the real ones."""
    for package in (theory, model, validate):
        real, copy = Path(package.__file__).parent, tmp_path / package.__name__
        for path in real.rglob("*.py"):
            stub = copy / path.relative_to(real)
            stub.parent.mkdir(parents=True, exist_ok=True)
            stub.write_text("HELD = 0\n")
        monkeypatch.setattr(package, "__file__", str(copy / "__init__.py"))
    monkeypatch.setattr(experiment, "__file__", str(tmp_path / "validate" / "experiment" / "__init__.py"))
    return tmp_path


def keys():
    """Return the keys of the code that trains and of the code that measures."""
    return training_code.__wrapped__(), measuring_code.__wrapped__()


def changed(path):
    """Tell whether another constant in a file changes the keys."""
    before = keys()
    assert path.read_text() == "HELD = 0\n"
    path.write_text("HELD = 1\n")
    return tuple(one != other for one, other in zip(before, keys(), strict=True))


def test_keys_cover_what_trains_and_what_measures(sources):
    trains_and_measures = (True, True)
    assert changed(sources / "model" / "attention.py") == trains_and_measures
    assert changed(sources / "model" / "kernels" / "mlp.py") == trains_and_measures
    measures = (False, True)
    assert changed(sources / "theory" / "dice.py") == measures
    for room in MEASURING:
        assert changed(sources / "validate" / room / "__init__.py") == measures, room
    assert changed(sources / "validate" / "claims" / "prefix" / "probe.py") == measures
    assert changed(sources / "model" / "gradcheck.py") == measures


def test_figures_report_and_the_command_line_are_in_no_key(sources):
    rooms = {path.parent for path in (sources / "validate").glob("*/__init__.py")}
    others = [room / "__init__.py" for room in rooms if room.name not in MEASURING]
    assert {"figures", "report", "runs", "training"} <= {path.parent.name for path in others}
    for path in (*others, sources / "validate" / "command_line.py"):
        assert changed(path) == (False, False), path


def test_a_question_of_another_room_is_in_the_key_of_those_who_ask_it(sources):
    room = sources / "validate" / "sweep"
    asked, others = (lambda: measuring_code.__wrapped__(frozenset({room})), measuring_code.__wrapped__)
    before = asked(), others()
    (room / "__init__.py").write_text("HELD = 1\n")
    assert (asked() != before[0], others() != before[1]) == (True, False)


def test_a_renamed_module_changes_the_key(sources):
    before = keys()
    path = sources / "validate" / "statistics" / "effects.py"
    path.rename(path.with_name("anova.py"))
    assert keys()[0] == before[0]
    assert keys()[1] != before[1]
