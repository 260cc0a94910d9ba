"""A small transformer in NumPy and Numba with hand-written gradients."""

from model.arrays import Arrays
from model.checkpoint import Checkpoint, CheckpointError, load_checkpoint, save_checkpoint
from model.config import TransformerConfig
from model.record import Run, StepRecord
from model.schedule import TrainingConfig, learning_rate
from model.training import DivergenceError, train
from model.transformer import Transformer

__all__ = [
    "Arrays",
    "Checkpoint",
    "CheckpointError",
    "DivergenceError",
    "Run",
    "StepRecord",
    "TrainingConfig",
    "Transformer",
    "TransformerConfig",
    "learning_rate",
    "load_checkpoint",
    "save_checkpoint",
    "train",
]
