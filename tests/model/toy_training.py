"""A run small enough to repeat many times. As a script it trains with a checkpoint and prints each step it records.

    python toy_training.py CHECKPOINT BACKEND LAST

After step LAST it waits, so that whoever means to kill it while it runs is never too late.
"""

import sys
from pathlib import Path

import numpy as np
from small_models import Arrays

from model import TrainingConfig, Transformer, TransformerConfig, train

CONFIG = TransformerConfig(inputs=4, outputs=4, layers=1, width=4, heads=2, hidden=6, length=5)
TRAINING = TrainingConfig(
    steps=40, peak_rate=0.02, weight_decay=0.01, clip_norm=0.5, record_every=1, checkpoint_every=3
)


def draw_batch(step):
    """Cyclic sequences with a random start and stride, as a function of the step alone."""
    start, stride = np.random.default_rng([7, step]).integers(4, size=(2, 6, 1))
    symbols = (start + stride * np.arange(6)) % 4
    return Arrays(symbols[:, :-1], symbols[:, 1:], np.arange(5))


def run(checkpoint=None, backend="numba", config=TRAINING, **options):
    """Train a fresh model; return it with its run."""
    model = Transformer(CONFIG, seed=3, backend=backend)
    return model, train(model, draw_batch, config, checkpoint=checkpoint, **options)


def main():
    path, backend, last = sys.argv[1:]

    def observe(record):
        print(record.step, flush=True)
        if record.step == int(last):
            sys.stdin.read()

    run(Path(path), backend, observe=observe)


if __name__ == "__main__":
    main()
