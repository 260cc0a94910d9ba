"""The command line: exit statuses, one sentence for every foreseeable failure, and nothing lost."""

import os
import signal
import subprocess
import sys
import time

import pytest
from tiny import TOML
from typer.testing import CliRunner

from validate.command_line import app
from validate.judging.results import read_results

HERE = ("--workers", "0")
"""All work in this process: what workers do is tested elsewhere."""


@pytest.fixture
def experiment(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(TOML)
    return path


def invoke(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_reproduce_and_report_print_the_claims(experiment, tmp_path, monkeypatch):
    # Drawing the figures takes most of the time, and is tested elsewhere.
    monkeypatch.setattr("validate.report.page.draw_all", lambda *parts: [])
    out = tmp_path / "run"
    result = invoke("reproduce", "--experiment", experiment, "--out", out, "--quiet", "--all", *HERE)
    assert result.exit_code == 0, result.output
    assert "an allowance of" in result.output
    assert "near-orthogonality" in result.output
    assert str(out / "report.html") in result.output
    every = read_results(out).claims
    chosen = ("--claims", "P0", "--claims", "retrieval")
    again = invoke("reproduce", "--experiment", experiment, "--out", out, "--quiet", *HERE, *chosen)
    assert "Everything asked for is done already." in again.output
    assert repr(read_results(out).claims) == repr([row for row in every if row.claim in ("P0", "retrieval")])
    (out / "report.html").unlink()
    again = invoke("report", out)
    assert again.exit_code == 0
    assert "retrieval" in again.output
    assert (out / "report.html").exists()


def test_fresh_sets_the_old_run_aside(experiment, tmp_path):
    out = tmp_path / "run"
    for _ in range(2):
        result = invoke("train", "--experiment", experiment, "--out", out, "--fresh", "--quiet", *HERE)
        assert result.exit_code == 0, result.output
    assert (tmp_path / "run.old-1" / "checkpoints").is_dir()
    assert (out / "checkpoints").is_dir()


def fails(result, status, *words):
    assert result.exit_code == status, result.output
    lines = [line for line in result.stderr.splitlines() if line]
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("error: ")
    for word in words:
        assert word in lines[0]


def test_foreseeable_failures_are_one_sentence_and_status_2(experiment, tmp_path):
    fails(invoke("reproduce", "--preset", "huge"), 2, "preset must be one of", "'huge'")
    fails(invoke("train", "--experiment", tmp_path / "none.toml"), 2, "cannot be read as an experiment")
    fails(invoke("report", tmp_path), 2, "run `reproduce` first")
    unknown = tmp_path / "unknown.toml"
    unknown.write_text(TOML + "\nreplicate = 5\n")
    fails(invoke("train", "--experiment", unknown, "--out", tmp_path / "x"), 2, "replicate is not a key")
    assert not (tmp_path / "x").exists()
    both = invoke("train", "--experiment", experiment, "--preset", "quick")
    fails(both, 2, "not both")
    blocked = tmp_path / "file"
    blocked.write_text("")
    fails(invoke("train", "--experiment", experiment, "--out", blocked / "run"), 2, "cannot be written")


def test_a_folder_with_another_experiment_is_left_alone(experiment, tmp_path):
    out = tmp_path / "run"
    assert invoke("train", "--experiment", experiment, "--out", out, "--quiet", *HERE).exit_code == 0
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    fails(invoke("train", "--preset", "quick", "--out", out), 2, "holds another experiment")
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_a_damaged_checkpoint_is_refused_and_kept(experiment, tmp_path):
    out = tmp_path / "run"
    assert invoke("train", "--experiment", experiment, "--out", out, "--quiet", *HERE).exit_code == 0
    path = next((out / "checkpoints").glob("*.safetensors"))
    path.write_bytes(path.read_bytes()[:-7])
    before = {file: file.read_bytes() for file in out.rglob("*") if file.is_file()}
    fails(invoke("train", "--experiment", experiment, "--out", out, *HERE), 2, path.name)
    assert {file: file.read_bytes() for file in out.rglob("*") if file.is_file()} == before


def test_training_that_diverges_is_one_sentence(experiment, tmp_path):
    experiment.write_text(TOML.replace("peak_rate = 1e-2", "peak_rate = 1e30"))
    fails(invoke("train", "--experiment", experiment, "--out", tmp_path / "run", "--quiet", *HERE), 1, "diverged")


def test_doctor_names_the_blas():
    result = invoke("doctor")
    assert result.exit_code == 0
    assert "kernel type" in result.output


def test_the_pin_of_the_blas_kernel_is_settled_before_numpy_loads():
    """`--blas auto` drops the pin in its own process only, and the command line does not load NumPy before that."""
    code = (
        "import os, sys; from rich.console import Console; from validate.command_line import _settle_blas;"
        "assert 'numpy' not in sys.modules; _settle_blas('auto', Console());"
        "assert 'OPENBLAS_CORETYPE' not in os.environ; import numpy, threadpoolctl;"
        "print([p['architecture'] for p in threadpoolctl.threadpool_info() if p['internal_api'] == 'openblas'])"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True).stdout
        for environment in (
            {**os.environ, "OPENBLAS_CORETYPE": "Prescott"},
            {key: value for key, value in os.environ.items() if key != "OPENBLAS_CORETYPE"},
        )
    ]
    assert runs[0] == runs[1]
    assert "Prescott" not in runs[0]


def test_an_interrupt_keeps_the_checkpoints_and_says_so(experiment, tmp_path):
    experiment.write_text(TOML.replace("steps = 5", "steps = 1000000").replace("record_every = 2", "record_every = 20"))
    out = tmp_path / "run"
    command = [sys.executable, "-m", "validate", "train", "--experiment", experiment, "--out", out, "--quiet", *HERE]
    # A test run in the background of a shell ignores interrupts, and hands that on: set them back for the child.
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        while not list(out.glob("checkpoints/*.safetensors")):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert errors.strip() == "error: interrupted; the same command goes on from the last checkpoint"
