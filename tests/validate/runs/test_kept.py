"""What was measured is used again exactly as it was, and never when anything it depends on has changed."""

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from tiny import tiny_experiment

import theory
from model import Transformer
from validate.experiment.schema import network_config
from validate.experiment.seed_plan import seed_plans
from validate.judging.examination import Examination, examine
from validate.runs.kept import kept, measurement_key, source_fingerprint
from validate.statistics.intervals import Estimate

PART = seed_plans(tiny_experiment())[0]


def networks():
    """Return an untrained network for each design: what they were trained on does not matter here."""
    config = network_config(PART.family, PART.plan.network)
    return {
        design.name: Transformer(config, seed=index, backend="numpy") for index, design in enumerate(PART.plan.designs)
    }


@pytest.fixture(scope="module")
def fresh():
    examination = examine(PART, networks())
    odd = {"none": Estimate(float("nan"), float("-inf"), float("inf")), "tiny": Estimate(1e-310, 0.1 + 0.2, 1.0)}
    outcome = examination.outcome
    nulls = {scope: table | {"odd": odd} for scope, table in outcome.nulls.items()}
    return replace(examination, outcome=replace(outcome, nulls=nulls))


def differences(one, other, place="examination"):
    """Yield the places where two nested values differ, in type as well; nan equals nan."""
    if type(one) is not type(other):
        yield f"{place}: {type(one).__name__} and {type(other).__name__}"
    elif isinstance(one, dict):
        if list(one) != list(other):
            yield f"{place}: keys {list(one)} and {list(other)}"
        else:
            for key in one:
                yield from differences(one[key], other[key], f"{place}.{key}")
    elif isinstance(one, list | tuple):
        if len(one) != len(other):
            yield f"{place}: {len(one)} and {len(other)} items"
        for index, pair in enumerate(zip(one, other, strict=False)):
            yield from differences(*pair, f"{place}[{index}]")
    elif one != other and not (one != one and other != other):
        yield f"{place}: {one} and {other}"


class Examiner:
    """Counts how often it measures."""

    def __init__(self, examination):
        self.examination, self.calls = examination, 0

    def __call__(self):
        self.calls += 1
        return self.examination


@pytest.fixture
def held(tmp_path, fresh):
    """Return a folder in which one examination is kept."""
    assert kept(tmp_path, PART, networks(), Examiner(fresh)) is fresh
    return tmp_path


def measures(folder, fresh, part=PART, models=None):
    """Tell whether an examination is measured, and not read."""
    examiner = Examiner(fresh)
    found = kept(folder, part, networks() if models is None else models, examiner)
    assert not list(differences(asdict(found), asdict(fresh)))
    return examiner.calls == 1


def test_what_is_kept_is_what_was_measured(held, fresh):
    examiner = Examiner(fresh)
    read = kept(held, PART, networks(), examiner)
    assert examiner.calls == 0
    assert isinstance(read, Examination)
    assert not list(differences(asdict(read), asdict(fresh)))
    odd = read.outcome.nulls["both"]["odd"]
    assert np.isnan(odd["none"].value)
    assert (odd["none"].low, odd["none"].high) == (-np.inf, np.inf)
    assert odd["tiny"] == Estimate(1e-310, 0.1 + 0.2, 1.0)


def test_measuring_twice_gives_the_same(fresh):
    again = asdict(examine(PART, networks()))
    first = asdict(fresh)
    for table in first["outcome"]["nulls"].values():
        del table["odd"]
    assert not list(differences(again, first))


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


def test_another_seed_has_a_file_of_its_own(held, fresh):
    assert measures(held, fresh, part=replace(PART, seed=1))
    assert not measures(held, fresh)
    assert len(list((held / "measured").iterdir())) == 2


def test_a_changed_byte_of_any_source_file_is_measured_again(held, fresh, tmp_path, monkeypatch):
    package = tmp_path / "sources" / "theory"
    shutil.copytree(Path(theory.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    fingerprint = source_fingerprint.__wrapped__
    before = fingerprint()
    monkeypatch.setattr(theory, "__file__", str(package / "__init__.py"))
    assert fingerprint() == before
    source = package / "dice.py"
    content = source.read_bytes()
    source.write_bytes(content[:-1] + b" ")
    assert fingerprint() != before
    source.write_bytes(content)
    source.rename(package / "die.py")
    assert fingerprint() != before
    monkeypatch.setattr("validate.runs.kept.source_fingerprint", fingerprint)
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


def test_what_is_kept_is_strictly_its_key_and_one_line(held, fresh):
    key, _, content = (held / "measured" / f"{PART.name}.json").read_text("utf-8").partition("\n")
    assert key == measurement_key(PART, networks())
    assert json.loads(content).keys() == asdict(fresh).keys()
