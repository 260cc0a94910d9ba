"""Text of strangers: limits are kept, and every sentence is one short line that can be printed."""

import re

import pytest
from tiny import TOML

from validate.experiment.schema import ExperimentError, load_experiment, parse_experiment

HOSTILE = {
    "whole number of 5000 digits": TOML.replace("majors = 3", "majors = " + "9" * 5000),
    "whole number of 30 digits": TOML.replace("majors = 3", "majors = 1" + "0" * 30),
    "number of 400 digits": TOML.replace("concentration = 1.0", "concentration = 1" + "0" * 400),
    "list 5000 deep": TOML + "\nx = " + "[" * 5000 + "]" * 5000,
    "list 40 deep": TOML + "\nx = " + "[" * 40 + "]" * 40,
    "table 5000 deep": TOML + "\nx = " + "{a = " * 5000 + "1" + "}" * 5000,
    "key of 20000 parts": "a" + ".a" * 20000 + " = 1",
    "key of 40 quoted parts": "'a'" + ' . "a b"' * 40 + " = 1",
    "header of 40 parts": "[" + ".".join("a" * 40) + "]",
    "newline in a key": TOML + '\n"a\\nerror: b" = 1',
    "escape code in a key": TOML + '\n"\\u001b[31mred" = 1',
    "very long key": TOML + "\n" + "k" * 30_000 + " = 1",
    "very long value": TOML.replace('name = "tiny"', f'name = "{"n!" * 10_000}"'),
    "long list": TOML.replace("seeds = [0]", "seeds = [" + "0, " * 10_000 + "0]"),
    "very long file": TOML + "#" * 100_000,
    "concentration 1e308": TOML.replace("concentration = 1.0", "concentration = 1e308"),
    "month 13": TOML + "\nx = 2020-13-01",
    "control character": TOML + "\nx = '\x00'",
    "two tables of one name": TOML + "\n[families.dice]\n",
    "rate below float32": TOML.replace("peak_rate = 1e-2", "peak_rate = 1e-300"),
    "unknown optimizer": TOML.replace("weight_decay", "optimizer = 'sgd'\nweight_decay"),
    "warm-up and cooldown": TOML.replace("weight_decay", "warmup = 0.9\ncooldown = 0.9\nweight_decay"),
    "minors without mass": TOML.replace("minor_mass = 0.1", "minor_mass = 0.0"),
    "a mass made of rounding": TOML.replace("minor_mass = 0.1", "minor_mass = 1e-300"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_text_is_one_short_sentence(case):
    with pytest.raises(ExperimentError) as caught:
        parse_experiment(HOSTILE[case], "file.toml")
    sentence = str(caught.value)
    assert sentence.startswith("file.toml")
    assert sentence.isprintable()
    assert len(sentence) < 500


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data + b"\n# " + "π ≤ ∞ — “so”\n".encode(),
    ],
)
def test_text_of_other_systems_reads_the_same(tmp_path, change):
    path = tmp_path / "tiny.toml"
    path.write_bytes(change(TOML.encode()))
    assert load_experiment(str(path)) == parse_experiment(TOML, "tiny")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (TOML.encode("utf-16"), "UTF-16"),
        (TOML.encode() + b"\xff", f"byte {len(TOML.encode())} cannot be decoded"),
        (b"#" * 70_000, "longer than 65536 bytes"),
    ],
)
def test_bytes_that_are_no_text_are_named(tmp_path, data, words):
    path = tmp_path / "x.toml"
    path.write_bytes(data)
    with pytest.raises(ExperimentError, match=f"{re.escape(str(path))} cannot be read as an experiment: .*{words}"):
        load_experiment(path)


@pytest.mark.parametrize("path", ["/dev/zero", "/", "no\0name", "/dev/null/x"])
def test_what_is_no_file_is_refused_at_once(path):
    with pytest.raises(ExperimentError, match="cannot be read as an experiment"):
        load_experiment(path)
