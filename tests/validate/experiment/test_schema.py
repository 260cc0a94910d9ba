"""Experiment files: round trip, presets, and one clear sentence for everything wrong."""

import pytest
from tiny import TOML, tiny_experiment

from validate.experiment.schema import PRESETS, ExperimentError, load_experiment, load_preset, parse_experiment


@pytest.mark.parametrize("name", PRESETS)
def test_presets_read_and_bear_their_name(name):
    assert load_preset(name).name == name


def test_toml_round_trip():
    experiment = tiny_experiment()
    assert parse_experiment(experiment.to_toml(), "again") == experiment


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("majors = 3", "majors = 3\nmajor = 2", "families.dice.major is not a key of an experiment"),
        ("majors = 3", "majors = 1", "families.dice.majors: .* greater than or equal to 2; got 1"),
        ("majors = 3", "majors = 3.5", "families.dice.majors: .* integer; got 3.5"),
        ("minor_mass = 0.1", "minor_mass = 1.2", "families.dice.minor_mass: .* less than 1; got 1.2"),
        ("seeds = [0]", "seeds = [0, 0]", r"seeds must differ from each other; got \[0, 0\]"),
        ("faces = 3", "faces = 1", "families.dice.tasks: faces must be at least 2; got 1"),
        ("faces = 3", "sides = 3", "families.dice.tasks.sides is not a key"),
        ("faces = 3", "faces = 2.5", "families.dice.tasks.faces must be an integer; got 2.5"),
        ("faces = 3", 'faces = "6"', "families.dice.tasks.faces must be an integer; got '6'"),
        ("concentration = 1.0", "concentration = true", "concentration must be a number; got True"),
        ("concentration = 1.0", "concentration = nan", "concentration must be positive and finite; got nan"),
        ("peak_rate = 1e-2", "peak_rate = inf", "peak_rate: .* less than or equal to .*; got inf"),
        ("weight_decay = 0.0", "weight_decay = nan", "weight_decay: .*; got nan"),
        ("layers = 1", "layers = 100000000000", "layers: .* less than or equal to 64"),
        ("[families.dice]", "[families.coins]", "families must be among .*; got 'coins'"),
        ("width = 4, heads = 1", "width = 5, heads = 2", "width must be heads times"),
        ("steps = 5", "steps = 0", "steps: .* greater than 0; got 0"),
        ('name = "tiny"', 'name = "a/b"', "name: .* match pattern"),
        ('name = "tiny"', "name = ", "is not valid TOML"),
        ("untrained = 2", "", "families.dice.measurement.untrained: Field required"),
    ],
)
def test_what_is_wrong_is_one_sentence(old, new, sentence):
    assert old in TOML
    text = TOML.replace("families.dice", "families.coins") if "coins" in new else TOML.replace(old, new)
    with pytest.raises(ExperimentError, match=sentence) as caught:
        parse_experiment(text, "file.toml")
    assert str(caught.value).startswith("file.toml")
    assert "\n" not in str(caught.value)


def test_unreadable_files_and_unknown_presets(tmp_path):
    with pytest.raises(ExperimentError, match="cannot be read as an experiment"):
        load_experiment(tmp_path / "missing.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ExperimentError, match="cannot be read as an experiment"):
        load_experiment(tmp_path / "binary.toml")
    with pytest.raises(ExperimentError, match="preset must be one of quick, minimal, paper; got 'huge'"):
        load_preset("huge")
