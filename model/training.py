"""The training loop: draw, differentiate, update, record, and keep a checkpoint that a killed run goes on from.

A batch is a pure function of its number, so the state of a run is (parameters, state of the optimizer, step), and a
run that goes on from a checkpoint makes the same updates, bit for bit, as one that was never stopped.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from model.arrays import Arrays
from model.checkpoint import Checkpoint, CheckpointError, load_checkpoint, save_checkpoint
from model.config import TransformerConfig
from model.network import Array
from model.optimizers import OPTIMIZERS, State, Step, clipping, gradient_norm
from model.progress import announce_compilation, display
from model.record import Run, StepRecord
from model.schedule import TrainingConfig, learning_rate
from model.transformer import Transformer


class DivergenceError(Exception):
    """Training that left the finite numbers; the message is one sentence."""


def train(
    model: Transformer,
    draw_batch: Callable[[int], Arrays],
    config: TrainingConfig,
    *,
    checkpoint: Path | None = None,
    bayes_loss: Callable[[int], float] | None = None,
    observe: Callable[[StepRecord], None] | None = None,
    progress: bool = False,
    description: str = "",
    fingerprint: Mapping[str, str] | None = None,
) -> Run:
    """Train `model` in place.

    Parameters
    ----------
    model : Transformer
        Its parameters are the starting point, unless a checkpoint is found.
    draw_batch : callable
        Returns batch number 0 .. steps - 1; a pure function of the number.
    config : TrainingConfig
    checkpoint : Path, optional
        If the file exists, training goes on from it; it is replaced every ``checkpoint_every`` updates and at the end.
    bayes_loss : callable, optional
        The Bayes predictor's mean loss on a batch, by number; asked for recorded steps only.
    observe : callable, optional
        Called with every new record. After a kill, steps since the last checkpoint are observed again.
    progress : bool
        Show a bar on a terminal, about ten lines elsewhere.
    description : str
        What the bar is called.
    fingerprint : mapping of str to str, optional
        Kept in the checkpoint and compared when training goes on.

    Returns
    -------
    Run

    Raises
    ------
    CheckpointError
        If the checkpoint cannot be read, or is that of another model, training or fingerprint.
    DivergenceError
        If a loss, a gradient or a parameter is not finite; the last checkpoint is kept.
    """
    fingerprint = dict(fingerprint or {})
    optimizer, run = OPTIMIZERS[config.optimizer], Run()
    state = optimizer.init(model.config, model.buffer, config)
    if checkpoint is not None and checkpoint.exists():
        _resume(load_checkpoint(checkpoint), checkpoint, model, config, state, run, fingerprint)
    if progress and model.backend == "numba":
        announce_compilation()
    before = time.perf_counter() - run.seconds
    with display(progress, description, config.steps, run.step) as show:
        for step in range(run.step, config.steps):
            loss, gradient = model.loss_and_gradient(draw_batch(step))
            norm, rate = gradient_norm(gradient, model.backend), learning_rate(config, step + 0.5)
            _require_finite(loss, "loss", step, checkpoint)
            _require_finite(norm, "gradient", step, checkpoint)
            here = Step(step + 1, rate, clipping(config.clip_norm, norm), model.backend, model.threads)
            optimizer.update(model.config, config, model.buffer, gradient, state, here)
            run.step, run.seconds = step + 1, time.perf_counter() - before
            if step % config.record_every == 0 or run.step == config.steps:
                bayes = None if bayes_loss is None else float(bayes_loss(step))
                run.records.append(StepRecord(step, loss, bayes, rate, norm, run.seconds))
                if observe is not None:
                    observe(run.records[-1])
            if checkpoint is not None and (run.step % config.checkpoint_every == 0 or run.step == config.steps):
                _require_finite(float(np.abs(model.buffer).max()), "largest parameter", step, checkpoint)
                save_checkpoint(checkpoint, _snapshot(model, config, state, run, fingerprint))
            last = run.records[-1]
            show(run.step, last.loss, None if last.bayes_loss is None else last.loss - last.bayes_loss)
    return run


def _require_finite(number: float, what: str, step: int, checkpoint: Path | None) -> None:
    if not math.isfinite(number):
        kept = f"; the last good checkpoint is {checkpoint}" if checkpoint is not None and checkpoint.exists() else ""
        raise DivergenceError(f"training diverged: the {what} at step {step} is {number}{kept}")


def _snapshot(
    model: Transformer, config: TrainingConfig, state: State, run: Run, fingerprint: Mapping[str, str]
) -> Checkpoint:
    return Checkpoint(
        config=model.config,
        buffer=model.buffer,
        backend=model.backend,
        step=run.step,
        training=config,
        state=state,
        seconds=run.seconds,
        records=tuple(run.records),
        fingerprint=fingerprint,
    )


def _resume(
    found: Checkpoint,
    path: Path,
    model: Transformer,
    config: TrainingConfig,
    state: State,
    run: Run,
    fingerprint: Mapping[str, str],
) -> None:
    """Take over what is in `found` after checking that it belongs to this run."""
    if found.training is None:
        raise CheckpointError(f"{path} holds a model but no training state to go on from")
    here = _identity(model.config, model.backend, model.buffer, config, fingerprint)
    there = _identity(found.config, found.backend, found.buffer, found.training, found.fingerprint)
    for key in [*here, *(key for key in there if key not in here)]:
        if here.get(key) != there.get(key):
            raise CheckpointError(
                f"{path} is of another run: {key} is {there.get(key)!r} there, {here.get(key)!r} here"
            )
    model.buffer[:] = found.buffer
    for name, array in state.items():
        array[...] = found.state[name]
    run.step = run.resumed_from = found.step
    run.records, run.seconds = list(found.records), found.seconds


def _identity(
    model: TransformerConfig, backend: str, buffer: Array, training: TrainingConfig, fingerprint: Mapping[str, str]
) -> dict[str, Any]:
    """Return, by the name a reader would give it, all that must be the same for a run to go on."""
    return {
        **{f"model {key}": value for key, value in asdict(model).items()},
        **{f"training {key}": value for key, value in asdict(training).items()},
        "backend": backend,
        "dtype": str(buffer.dtype),
        **fingerprint,
    }
