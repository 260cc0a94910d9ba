"""Checkpoints: what is written is read back; anything else is refused in one sentence."""

import json
import os
import resource
import signal
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load as parse
from safetensors.numpy import save as serialise
from safetensors.numpy import save_file
from small_models import VARIANTS, arrays_for, model_for

from model import Checkpoint, CheckpointError, StepRecord, TrainingConfig, load_checkpoint, save_checkpoint
from model import checkpoint as checkpoint_module

FIRST, BIAS = "optimizer.first_moment", "output.bias"
RECORDS = (StepRecord(0, 1.5, None, 1e-3, 0.1, 0.01), StepRecord(3, 1 / 3, 0.25, 2e-3, 1e-300, 0.5))


def checkpoint_for(name="dice"):
    model = model_for(VARIANTS[name], dtype=np.float32)
    state = {"first_moment": 0.5 * model.buffer, "second_moment": model.buffer**2}
    return Checkpoint(
        config=model.config, buffer=model.buffer, backend="numpy", step=4, training=TrainingConfig(9, 1e-3),
        state=state, seconds=0.5, records=RECORDS, fingerprint={"code": "a"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A good file: its path and its bytes."""
    path = tmp_path_factory.mktemp("checkpoints") / "good.safetensors"
    save_checkpoint(path, checkpoint_for())
    return path, path.read_bytes()


@pytest.mark.parametrize("name", VARIANTS)
def test_what_is_written_is_read_back(name, tmp_path):
    wanted = checkpoint_for(name)
    save_checkpoint(tmp_path / "x.safetensors", wanted)
    found = load_checkpoint(tmp_path / "x.safetensors")
    assert [field.name for field in fields(found)] == [field.name for field in fields(wanted)]
    for field in fields(wanted):
        np.testing.assert_equal(getattr(found, field.name), getattr(wanted, field.name), err_msg=field.name)
    assert {found.buffer.dtype, *(array.dtype for array in found.state.values())} == {np.dtype(np.float32)}


def test_a_model_is_rebuilt_with_either_backend(written):
    inputs = arrays_for(VARIANTS["dice"]).inputs
    checkpoint = load_checkpoint(written[0])
    wanted = model_for(VARIANTS["dice"], "numpy", np.float32).predict(inputs)
    np.testing.assert_array_equal(checkpoint.model().predict(inputs), wanted)
    assert checkpoint.model().backend == "numpy"
    np.testing.assert_allclose(checkpoint.model(backend="numba").predict(inputs), wanted, rtol=1e-4, atol=1e-5)


def test_any_reader_of_safetensors_finds_the_parameters_by_name(written):
    tensors = parse(written[1])
    for name, value in model_for(VARIANTS["dice"], dtype=np.float32).parameters.items():
        np.testing.assert_array_equal(tensors[name], value)


@given(data=st.data())
def test_a_file_cut_short_anywhere_is_refused(written, tmp_path_factory, data):
    content = written[1]
    kept = data.draw(st.integers(0, len(content) - 1))
    refused(tmp_path_factory.getbasetemp() / "cut.safetensors", content[:kept])


@given(data=st.data())
def test_a_file_with_one_changed_byte_is_refused(written, tmp_path_factory, data):
    content = written[1]
    place, change = data.draw(st.integers(0, len(content) - 1)), data.draw(st.integers(1, 255))
    changed = bytearray(content)
    changed[place] ^= change
    refused(tmp_path_factory.getbasetemp() / "changed.safetensors", bytes(changed))


@given(st.binary(max_size=200))
def test_foreign_bytes_are_refused(tmp_path_factory, content):
    refused(tmp_path_factory.getbasetemp() / "foreign.safetensors", content)


def refused(path, content):
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"safetensors (is not a complete|was changed|contradicts)"):
        load_checkpoint(path)


def test_someone_elses_safetensors_are_refused(tmp_path):
    save_file({"wte.weight": np.zeros((3, 4), np.float32)}, tmp_path / "gpt.safetensors")
    with pytest.raises(CheckpointError, match=r"gpt\.safetensors is not a complete safetensors checkpoint of this"):
        load_checkpoint(tmp_path / "gpt.safetensors")


@pytest.mark.parametrize(
    "damage",
    [
        lambda tensors: tensors.pop("output.weight"),
        lambda tensors: tensors.update(extra=np.zeros(1)),
        lambda tensors: tensors.update({"output.bias": tensors["output.bias"].astype(np.float64)}),
    ],
)
def test_a_file_with_other_tensors_is_refused(damage, written, tmp_path):
    content = written[1]
    tensors = parse(content)
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    damage(tensors)
    (tmp_path / "other.safetensors").write_bytes(serialise(tensors, header["__metadata__"]))
    with pytest.raises(CheckpointError, match=r"was changed or damaged: its contents do not match their checksum$"):
        load_checkpoint(tmp_path / "other.safetensors")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda d, t: t.update({FIRST: t[FIRST][1:]}), r"its tensor optimizer\.first_moment does not fit its config.*"),
        (
            lambda d, t: t.update({FIRST: np.float64(t[FIRST])}),
            r"its tensor optimizer\.first_moment does not .*",
        ),
        (lambda d, t: t.pop(FIRST), r"its tensor optimizer\.first_moment does not fit its configuration"),
        (lambda d, t: t.update({"optimizer.third": t[FIRST]}), r"its tensor optimizer\.third does not fit its .*"),
        (lambda d, t: t.update({FIRST: t[FIRST] / 0}), r"its tensor optimizer\.first_moment holds numbers that .*"),
        (lambda d, t: d.update(training=None), r"its tensor optimizer\.first_moment does not fit its configuration"),
        (lambda d, t: d["training"].update(optimizer="sgd"), "optimizer must be one of adamw.*; got 'sgd'"),
        (lambda d, t: d["model"].update(hidden=13), r"its tensor layers\.0\.mlp\.down\.weight does not fit its .*"),
        (lambda d, t: t.update({BIAS: t[BIAS].astype(np.float64)}), r"its tensor output\.bias does not fit its .*"),
        (lambda d, t: d.update(format="dual-modes checkpoint 9"), "its format is 'dual-modes checkpoint 9', not .*"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_a_file_that_does_not_fit_itself_is_refused_in_one_sentence(change, sentence, tmp_path):
    path = tmp_path / "forged.safetensors"
    write_signed(path, checkpoint_for(), change)
    with pytest.raises(CheckpointError, match=rf"^[^ ]*forged\.safetensors contradicts itself: {sentence}$"):
        load_checkpoint(path)


FORGED = {
    "step": ("4", -1, 2.5, None, 10**30, 10**6, [], True),
    "seconds": ("x", float("nan"), -1.0, float("inf"), None, {}),
    "records": (None, {}, [1], ["x"], [{}], [{"step": 0}], "x", [[]]),
    "backend": ("cuda", None, 1, []),
    "fingerprint": (None, [], {"code": 1}, "x", {"code": ["x"]}),
    "training": ([], "x", {}, {"steps": "x"}, {"a\nb": 1}),
    "model": (None, [], "x", {}, {"layers": 10**9}, {"inputs": -1}),
    "format": (None, 1, [], "\x1b[31m"),
    "more": ("x",),
}


@pytest.mark.parametrize("name", FORGED)
def test_whatever_a_forged_file_says_is_refused_in_one_sentence(name, tmp_path):
    path = tmp_path / "forged.safetensors"
    for value in FORGED[name]:
        whole = isinstance(value, dict) and name == "model" and value
        write_signed(path, checkpoint_for(), lambda d, t, v=value, w=whole: d.update({name: d[name] | v if w else v}))
        with pytest.raises(CheckpointError, match="contradicts itself") as caught:
            load_checkpoint(path)
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 600


def test_records_of_no_order_and_missing_keys_are_refused(tmp_path):
    path = tmp_path / "forged.safetensors"
    changes = (
        lambda d, t: d["records"].reverse(),
        lambda d, t: d["records"].append(d["records"][-1]),
        lambda d, t: d["records"][0].update(step=99),
        lambda d, t: d.pop("step"),
        lambda d, t: d.pop("records"),
    )
    for change in changes:
        write_signed(path, checkpoint_for(), change)
        with pytest.raises(CheckpointError, match="contradicts itself"):
            load_checkpoint(path)


def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", tmp_path):
        with pytest.raises(CheckpointError, match="is not a file"):
            load_checkpoint(path)


def write_signed(path, good, change):
    """A file that was changed by someone who knows how to sign it."""
    save_checkpoint(path, good)
    content = path.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    description = json.loads(header["__metadata__"]["checkpoint"])
    tensors = parse(content)
    change(description, tensors)
    text = json.dumps(description)
    path.write_bytes(serialise(tensors, {"checkpoint": text, "sha256": checkpoint_module.digest(text, tensors)}))


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "kept.safetensors"
    save_checkpoint(path, checkpoint_for())
    before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # as if the disk were full
    try:
        with pytest.raises(OSError, match="too large"):
            save_checkpoint(path, checkpoint_for("one-head"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_missing_file_is_reported_as_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_checkpoint(tmp_path / "none.safetensors")
