"""Training: it learns, it resumes to the same bits however it was stopped, and it stops when numbers go bad."""

import signal
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import toy_training
from small_models import Arrays
from toy_training import TRAINING, draw_batch, run

from model import CheckpointError, DivergenceError, TrainingConfig, Transformer, learning_rate, load_checkpoint, train
from model.optimizers import OPTIMIZERS

BACKENDS = ("numpy", "numba")


def trajectory(records):
    """All of the records but the clock."""
    return [replace(record, seconds=0.0) for record in records]


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_training_learns_all_there_is_to_learn(optimizer):
    # Counting modulo 4 leaves nothing to guess, so the Bayes risk is 0.
    def count(step):
        symbols = (np.random.default_rng([8, step]).integers(4, size=(6, 1)) + np.arange(6)) % 4
        return Arrays(symbols[:, :-1], symbols[:, 1:], np.arange(5))

    config = TrainingConfig(300, 0.03, optimizer=optimizer)
    finished = train(Transformer(toy_training.CONFIG, backend="numpy"), count, config)
    assert finished.records[0].loss > 1.0
    assert finished.records[-1].loss < 0.05


def test_records_say_what_was_asked():
    config = TrainingConfig(steps=8, peak_rate=0.1, record_every=3)
    seen = []
    _, finished = run(config=config, bayes_loss=lambda step: 0.1 * step, observe=seen.append)
    assert [record.step for record in finished.records] == [0, 3, 6, 7]
    assert seen == finished.records
    assert [record.bayes_loss for record in seen] == pytest.approx([0.0, 0.3, 0.6, 0.7])
    assert [record.rate for record in seen] == [learning_rate(config, step + 0.5) for step in (0, 3, 6, 7)]
    first = Transformer(toy_training.CONFIG, seed=3).loss_and_gradients(draw_batch(0))
    norm = np.sqrt(sum(np.sum(gradient.astype(np.float64) ** 2) for gradient in first[1].values()))
    assert seen[0].loss == first[0]
    assert seen[0].gradient_norm == pytest.approx(norm, rel=1e-6)
    assert all(before.seconds < after.seconds for before, after in pairwise(seen))


@pytest.mark.parametrize("stop", [0, 2, 3, 17, 38])
def test_an_interrupted_run_goes_on_to_the_same_bits(backend, stop, tmp_path):
    whole, wanted = run(tmp_path / "whole.safetensors", backend)

    def interrupt(record):
        if record.step == stop:
            raise KeyboardInterrupt

    path = tmp_path / "interrupted.safetensors"
    with pytest.raises(KeyboardInterrupt):
        run(path, backend, observe=interrupt)
    model, finished = run(path, backend)
    assert finished.resumed_from == stop // 3 * 3
    np.testing.assert_array_equal(model.buffer, whole.buffer)
    assert trajectory(finished.records) == trajectory(wanted.records)
    kept, other = load_checkpoint(path), load_checkpoint(tmp_path / "whole.safetensors")
    assert kept.state.keys() == other.state.keys() == {"first_moment", "second_moment"}
    np.testing.assert_equal(kept.state, other.state)


def test_a_killed_process_goes_on_to_the_same_bits(backend, tmp_path):
    whole, wanted = run(backend=backend)
    path = tmp_path / "killed.safetensors"
    script = Path(toy_training.__file__)
    reached = []
    for lines, last in ((5, 10), (9, 22), (8, 34)):
        command = [sys.executable, str(script), str(path), backend, str(last)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            seen = [int(process.stdout.readline()) for _ in range(lines)]
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        reached.append(seen[0])
    assert 0 == reached[0] < reached[1] < reached[2]  # each went on from where a checkpoint stood
    model, finished = run(path, backend)
    assert finished.resumed_from > reached[2]
    np.testing.assert_array_equal(model.buffer, whole.buffer)
    assert trajectory(finished.records) == trajectory(wanted.records)


def test_a_finished_run_is_loaded_and_not_trained_again(tmp_path):
    model, finished = run(tmp_path / "done.safetensors")

    def refuse(step):
        raise AssertionError(step)

    again = Transformer(toy_training.CONFIG, seed=99)
    loaded = train(again, refuse, TRAINING, checkpoint=tmp_path / "done.safetensors")
    np.testing.assert_array_equal(again.buffer, model.buffer)
    assert loaded.records == finished.records
    assert loaded.seconds == finished.seconds


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"config": replace(TRAINING, peak_rate=0.5)}, "training peak_rate is 0.02 there, 0.5 here"),
        ({"fingerprint": {"code": "b"}}, "code is 'a' there, 'b' here"),
        ({"fingerprint": {}}, "code is 'a' there, None here"),
        ({"backend": "numpy"}, "backend is 'numba' there, 'numpy' here"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused_by_name(change, sentence, tmp_path):
    path = tmp_path / "mine.safetensors"
    options = {"config": TRAINING, "fingerprint": {"code": "a"}, "backend": "numba"}
    run(path, **options)
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match=f"is of another run: {sentence}$"):
        run(path, **(options | change))
    assert path.read_bytes() == before


def test_a_checkpoint_of_another_model_is_refused_by_name(tmp_path):
    run(tmp_path / "mine.safetensors")
    wider = Transformer(replace(toy_training.CONFIG, hidden=7))
    with pytest.raises(CheckpointError, match=r"is of another run: model hidden is 6 there, 7 here$"):
        train(wider, draw_batch, TRAINING, checkpoint=tmp_path / "mine.safetensors")


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_bad_number_stops_training_and_keeps_the_last_good_checkpoint(backend, number, tmp_path):
    path = tmp_path / "good.safetensors"
    model = Transformer(toy_training.CONFIG, seed=3, backend=backend)

    def poison(record):
        if record.step == 10:
            model.parameters["output.bias"][0] = number

    with pytest.raises(DivergenceError, match=r"^training diverged: the loss at step 11 is nan; the last good .*good"):
        train(model, draw_batch, TRAINING, checkpoint=path, observe=poison)
    kept = load_checkpoint(path)
    assert kept.step == 9
    assert np.all(np.isfinite(kept.buffer))


def test_a_bad_parameter_never_reaches_a_checkpoint(backend, tmp_path):
    path = tmp_path / "good.safetensors"
    model = Transformer(toy_training.CONFIG, seed=3, backend=backend)

    def poison(record):
        if record.step == 11:  # the checkpoint after this step is due at once
            model.parameters["output.bias"][0] = np.inf

    with pytest.raises(DivergenceError, match=r"^training diverged: the largest parameter at step 11 is inf; the last"):
        train(model, draw_batch, TRAINING, checkpoint=path, observe=poison)
    assert load_checkpoint(path).step == 9


def test_a_rate_that_is_far_too_large_diverges_in_one_sentence(backend):
    with pytest.raises(DivergenceError, match=r"^training diverged: the (loss|gradient) at step \d+ is (nan|inf)$"):
        run(backend=backend, config=TrainingConfig(200, 1e30, weight_decay=0.0))


def test_progress_off_a_terminal_is_a_few_plain_lines(capsys):
    run(config=replace(TRAINING, steps=200), progress=True, description="dice", bayes_loss=lambda step: 0.5)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 10
    assert lines[0].startswith("dice 20/200: loss ")
    assert lines[-1].startswith("dice 200/200: loss ")
    assert all(line.endswith("from the Bayes risk") for line in lines)


def test_nothing_is_printed_unless_asked(capsys):
    run()
    assert capsys.readouterr() == ("", "")
