"""Typed results: what is written reads back equal, undefined numbers as null, and nothing else passes for them."""

import json
import math

import pytest
from tiny import tiny_experiment, tiny_subjects

from validate.claims.catalogue import QUESTIONS
from validate.claims.stability import StabilityShown
from validate.experiment.folder import RunFolderError, to_json, write_text
from validate.experiment.seed_plan import SeedPlan
from validate.judging.examination import examine
from validate.judging.results import Examination, LadderResult, NetworkResult, Results, as_json, read_results
from validate.judging.verdicts import claim_rows
from validate.statistics.intervals import Estimate

PLAN = SeedPlan.of(tiny_experiment(), "dice", 0)
UNDEFINED = Estimate(math.nan, -math.inf, 0.1 + 0.2)


@pytest.fixture(scope="module")
def examination():
    found = examine(tiny_subjects(PLAN))
    found.outcome.nulls["diverse"]["odd"] = {"P0": UNDEFINED, "P1": Estimate(1e-310, 0.1 + 0.2, 1.0)}
    return found


@pytest.fixture(scope="module")
def results(examination):
    outcome = examination.outcome
    return Results(
        experiment=tiny_experiment(),
        environment={"python": "3"},
        code="hash",
        claims=claim_rows("dice", [outcome], PLAN.designs, PLAN.setting.late[-1]),
        ladder=[LadderResult(family="dice", seed=0, rungs=outcome.ladder, calibrated={})],
        networks=examination.networks,
        untrained=examination.untrained,
        skills=[],
        arms=[],
        training_seconds=1.5,
        seconds=2.5,
        peak_memory_bytes=1,
    )


def undefined_as_null(value):
    """Return nested values with undefined numbers as null, as a file has them, and nothing else changed."""
    if isinstance(value, dict):
        return {key: undefined_as_null(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [undefined_as_null(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def test_an_examination_reads_back_equal(examination):
    """Kept with all its digits; nan and infinities are numbers of their own there."""
    read = Examination.model_validate(json.loads(json.dumps(examination.model_dump())))
    assert repr(read) == repr(examination)
    odd = read.outcome.nulls["diverse"]["odd"]
    assert math.isnan(odd["P0"].value)
    assert (odd["P0"].low, odd["P0"].high) == (-math.inf, 0.1 + 0.2)
    assert odd["P1"] == Estimate(1e-310, 0.1 + 0.2, 1.0)
    shown = read.networks[0].shown
    models = {question.name: question.shown for question in QUESTIONS}
    assert {name: type(table) for name, table in shown.items()} == {name: models[name] for name in shown}


def test_results_read_back_equal_with_null_for_what_is_undefined(results, tmp_path):
    write_text(tmp_path / "results.json", as_json(results))
    stored = json.loads((tmp_path / "results.json").read_text())
    assert len(stored.pop("sha256")) == 64
    assert stored == undefined_as_null(results.model_dump())
    read = read_results(tmp_path)
    assert as_json(read) == as_json(results)
    undefined = next(row for row in read.claims if (row.claim, row.design) == ("P0", "minors=2")).nulls["odd"]
    assert all(map(math.isnan, (undefined.value, undefined.low)))
    assert undefined.high == 0.1 + 0.2
    row, own = read.claims[0], results.claims[0]
    assert (row.claim, row.verdict, row.interval, row.parts) == (own.claim, own.verdict, own.interval, own.parts)


def test_a_network_shows_what_it_was_asked(examination):
    network = examination.networks[0]
    found = network.show(StabilityShown)
    assert isinstance(found, StabilityShown)
    assert NetworkResult.model_validate(network.model_dump() | {"shown": {}}).show(StabilityShown) is None


def test_tables_of_questions_that_are_no_more_are_left_out(examination):
    stored = examination.networks[0].model_dump()
    stored["shown"]["packing"] = {"bound": 1}
    assert repr(NetworkResult.model_validate(stored)) == repr(examination.networks[0])


def test_an_unknown_key_is_refused(examination):
    stored = examination.model_dump() | {"outcomes": 1}
    with pytest.raises(ValueError, match="outcomes"):
        Examination.model_validate(stored)


@pytest.mark.parametrize("content", ["{}", "[]", "3", '{"claims": ['])
def test_what_is_not_a_results_file_is_refused(tmp_path, content):
    (tmp_path / "results.json").write_text(content)
    with pytest.raises(RunFolderError, match="run `reproduce` first"):
        read_results(tmp_path)


def test_a_changed_digit_or_a_broken_seal_is_refused(results, tmp_path):
    path, text = tmp_path / "results.json", as_json(results)
    digits = [place for place, letter in enumerate(text) if letter.isdigit()]
    for place in (digits[0], digits[70], digits[len(digits) // 2], digits[-1]):
        path.write_text(text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1 :])
        with pytest.raises(RunFolderError, match=r"was changed or damaged|holds no results"):
            read_results(tmp_path)
    path.write_text(text.replace("\n", "", 1))
    with pytest.raises(RunFolderError, match="its seal is broken"):
        read_results(tmp_path)
    path.write_text(to_json(results.model_dump()))  # as a person may write it
    assert as_json(read_results(tmp_path)) == text
