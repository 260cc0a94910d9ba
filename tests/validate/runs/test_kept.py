"""What was measured is used again exactly as it was, and never when anything it depends on has changed."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from tiny import TOML, tiny_experiment, tiny_networks, tiny_subjects

from validate.claims.catalogue import QUESTIONS
from validate.experiment.schema import parse_experiment
from validate.experiment.seed_plan import SeedPlan, seed_plans
from validate.judging.examination import examine
from validate.judging.results import Examination
from validate.runs.kept import kept, kept_path, measurement_key

PART = seed_plans(tiny_experiment())[0]


def networks():
    return tiny_networks(PART)


@pytest.fixture(scope="module")
def fresh():
    return examine(tiny_subjects(PART))


class Examiner:
    """Counts how often it measures."""

    def __init__(self, examination):
        self.examination, self.calls = examination, 0

    def __call__(self):
        self.calls += 1
        return self.examination


def look(folder, examiner, part=PART, models=None):
    """Return what is kept, or measured, of a part."""
    return kept(kept_path(folder, part), measurement_key(part, models or networks()), examiner)


@pytest.fixture
def held(tmp_path, fresh):
    """Return a folder in which one examination is kept."""
    assert look(tmp_path, Examiner(fresh)) is fresh
    return tmp_path


def measures(folder, fresh, part=PART, models=None):
    """Tell whether an examination is measured, and not read."""
    examiner = Examiner(fresh)
    assert repr(look(folder, examiner, part, models)) == repr(fresh)
    return examiner.calls == 1


def test_what_is_kept_is_what_was_measured(held, fresh):
    examiner = Examiner(fresh)
    read = look(held, examiner)
    assert examiner.calls == 0
    assert isinstance(read, Examination)
    assert read is not fresh
    assert repr(read) == repr(fresh)


def test_a_changed_plan_is_measured_again(held, fresh):
    sizes = PART.plan.measurement.model_copy(update={"replicates": 101})
    changed = replace(PART, plan=PART.plan.model_copy(update={"measurement": sizes}))
    assert not measures(held, fresh)
    assert measures(held, fresh, part=changed)
    assert measures(held, fresh)


def test_one_changed_parameter_is_measured_again(held, fresh):
    for design in networks():
        models = networks()
        buffer = models[design].buffer
        buffer.flat[-1] = np.nextafter(buffer.flat[-1], np.inf)
        assert measures(held, fresh, models=models)
    swapped = dict(zip(networks(), reversed(networks().values()), strict=True))
    assert measurement_key(PART, swapped) != measurement_key(PART, networks())


def test_changed_nulls_are_measured_again(held, fresh, monkeypatch):
    """Untrained networks are made by code that trains, not by code that measures."""
    one = list(networks().values())
    monkeypatch.setattr("validate.runs.kept.untrained_networks", lambda plan: one)
    assert measures(held, fresh)
    one[1].buffer.flat[0] += 1
    assert measures(held, fresh)


def test_other_majors_are_measured_again():
    other = SeedPlan.of(parse_experiment(TOML, "tiny"), "dice", 1)
    assert measurement_key(replace(PART, setting=other.setting), networks()) != measurement_key(PART, networks())


def test_another_seed_has_a_file_of_its_own(held, fresh):
    assert measures(held, fresh, part=replace(PART, seed=1))
    assert not measures(held, fresh)
    assert len(list((held / "measured").iterdir())) == 2


def test_other_questions_are_another_measurement(held, fresh):
    keys = {measurement_key(PART, networks(), asked) for asked in (QUESTIONS, QUESTIONS[:3], QUESTIONS[1:3])}
    assert len(keys) == 3
    assert measurement_key(PART, networks(), list(QUESTIONS)) == measurement_key(PART, networks())


def test_changed_code_is_measured_again(held, fresh, monkeypatch):
    monkeypatch.setattr("validate.runs.kept.measuring_code", lambda folders: "other code")
    assert measures(held, fresh)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-9],
        lambda content: content.replace(b'"layers"', b'"lasers"'),
        lambda content: content.replace(b'"value": ', b'"value": "', 1),
        lambda content: content[:200] + b"\xff\xfe" + content[202:],
        lambda content: content.partition(b"\n")[0] + b"\n{}",
        lambda content: bytes([content[0] ^ 1]) + content[1:],
    ],
)
def test_a_damaged_file_costs_a_measurement_and_nothing_else(held, fresh, damage):
    path = held / "measured" / f"{PART.name}.json"
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert measures(held, fresh)
    assert path.read_bytes() == whole
    assert not measures(held, fresh)


@pytest.mark.parametrize("seed", range(8))
def test_a_changed_digit_is_measured_again(held, fresh, seed):
    path = held / "measured" / f"{PART.name}.json"
    whole = path.read_bytes()
    rng = np.random.default_rng(1000 + seed)
    digits = [i for i, byte in enumerate(whole) if chr(byte).isdigit() and i > whole.index(b"\n")]
    place = rng.choice(digits)
    changed = bytearray(whole)
    changed[place] = ord("0") + (changed[place] - ord("0") + 1 + rng.integers(9)) % 10
    path.write_bytes(changed)
    assert path.read_bytes() != whole
    assert measures(held, fresh)
    assert path.read_bytes() == whole


def test_what_is_kept_is_strictly_its_key_and_one_line(held, fresh):
    heading, _, content = (held / "measured" / f"{PART.name}.json").read_text("utf-8").partition("\n")
    key, checksum = heading.split(" ")
    assert key == measurement_key(PART, networks())
    assert checksum == hashlib.sha256(content.encode()).hexdigest()
    assert json.loads(content).keys() == fresh.model_dump().keys()
